//! Reading the dossier, as the manuals of the five portals describe it.

use integration_tests::{Registered, System, Visitor, ecd::Ecd};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{
        CareAgreement, CarePlan, CarePlanState, Evaluation, Record, RetractRecordRequest, Subscription,
        UpsertRecordRequest, content::Kind,
    },
    identity::v1::RelationKind,
};
use reqwest::StatusCode;
use testkit::records::{origin, record_of, sections};

/// A person who may view every section of a dossier and write reports, and who has just logged in.
struct Reader {
    system: System,
    ecd: Ecd,
    person: Registered,
    session: String,
    visitor: Visitor,
}

impl Reader {
    async fn at(organisation: &str, relation: RelationKind) -> Self {
        let system = System::start().await;
        let ecd = system.ecd(organisation);
        let (client, external_id) = ecd.register_client("mevrouw E. Visser").await.unwrap();
        let change = |request: &mut proto::identity::v1::RegisterAccountRequest| {
            let grant =
                |section: Section| Grant { section: section.into(), actions: vec![Action::View.into()] };
            request.grants = sections().chain([Section::Timeline]).map(grant).collect();
            request.grants[0].actions.push(Action::Write.into());
        };
        let person = ecd.register_for(&client, "Eva Visser", relation, change).await.unwrap();
        let person = Registered { external_id, ..person };
        let session = system.portal(organisation).first_login(&system, &person).await;
        let mut visitor = Visitor::at(&system, organisation);
        visitor.plant_cookie("__Host-session", &session);
        Self { system, ecd, person, session, visitor }
    }

    /// The ECD sends a record of `days` days ago; `change` edits the record before.
    async fn has(&self, section: Section, days: i32, text: &str, change: impl FnOnce(&mut Kind)) -> String {
        let at = integration_tests::ecd::now() - SignedDuration::from_hours(24 * i64::from(days));
        let external_id = format!("{}-{days}", section.as_str_name());
        let mut record = record_of(section, &self.person.external_id, &external_id, at, text);
        change(record.content.as_mut().unwrap().kind.as_mut().unwrap());
        self.sends(record).await
    }

    async fn sends(&self, record: Record) -> String {
        let request = UpsertRecordRequest { record: Some(record) };
        self.ecd.dossier().await.unwrap().upsert_record(request).await.unwrap().into_inner().record_id
    }

    /// The places of these words on the page, in the order of the page.
    fn order(&self, words: &[&str]) -> Vec<usize> {
        let text = self.visitor.text();
        let place = |word: &&str| text.find(*word).unwrap_or_else(|| panic!("no `{word}`: {text}"));
        words.iter().map(place).collect()
    }

    /// Fails unless the page shows these words in this order.
    #[track_caller]
    fn sees_in_order(&self, words: &[&str]) {
        let order = self.order(words);
        assert!(order.is_sorted(), "{words:?} at {order:?}");
    }
}

fn today() -> Date {
    integration_tests::ecd::now().to_zoned(chassis::calendar::zone()).date()
}

fn ago(days: i32) -> String {
    today().checked_sub(days.days()).unwrap().to_string()
}

fn nothing(_: &mut Kind) {}

fn plan(change: impl FnOnce(&mut CarePlan)) -> impl FnOnce(&mut Kind) {
    |kind| {
        if let Kind::CarePlan(plan) = kind {
            change(plan);
        }
    }
}

/// T39, T72, T74–T76, T78–T79: "ECD" holds the reports and the care plan as tabs, each explained.
#[tokio::test(flavor = "multi_thread")]
async fn ecd_holds_reports_and_the_care_plan_as_tabs() {
    let mut reader = Reader::at("thuisgenoten", RelationKind::Client).await;
    reader.has(Section::Reports, 3, "De oudste rapportage.", nothing).await;
    reader.has(Section::Reports, 1, "De nieuwste rapportage.", nothing).await;
    let earlier = plan(|plan| {
        plan.state = CarePlanState::Earlier.into();
        plan.ends_on = ago(31);
    });
    reader.has(Section::CarePlans, 400, "Zorgplan van vorig jaar", earlier).await;
    reader.has(Section::CarePlans, 30, "Zorgplan van nu", nothing).await;
    reader.visitor.open("/").await.follow("ECD").await;
    assert_eq!(reader.visitor.path, "/reports", "T72");
    reader.visitor.sees("Hier leest u wat uw zorgverleners over de zorg schrijven.");
    reader.sees_in_order(&["Rapportage", "Zorgplan", "De nieuwste rapportage.", "De oudste rapportage."]);
    reader.visitor.follow("Zorgplan").await.sees("Hier leest u aan welke doelen wij samen werken.");
    reader.sees_in_order(&[
        "Zorgplan van nu",
        "Mobiliteit",
        "Wij werken aan dit doel.",
        "Zorgplan van vorig jaar",
    ]);
    reader.visitor.follow("Rapportage").await;
    assert_eq!(reader.visitor.path, "/reports", "T74");
    // Each section says what it is for.
    for section in sections() {
        reader.visitor.open(&format!("/{}", chassis::section::name(section))).await.sees("Hier ");
    }
}

/// P57–P61, P64, P65, P67, P68, P75, P76, P78, P79, P85, P87, P89: the start page shows the newest, and each section its
/// periods.
#[tokio::test(flavor = "multi_thread")]
async fn start_page_shows_the_newest_and_sections_their_periods() {
    let mut reader = Reader::at("profila", RelationKind::Client).await;
    for (days, text) in
        [(0, "Van vandaag."), (10, "Van tien dagen."), (200, "Van zomer."), (500, "Van ooit.")]
    {
        reader.has(Section::Reports, days, text, nothing).await;
    }
    let state = |state: CarePlanState, ended: Option<i32>| {
        plan(move |plan| {
            plan.state = state.into();
            plan.ends_on = ended.map(ago).unwrap_or_default();
        })
    };
    reader.has(Section::CarePlans, 10, "Plan als voorstel", state(CarePlanState::Proposed, None)).await;
    reader.has(Section::CarePlans, 100, "Plan dat geldt", state(CarePlanState::Current, None)).await;
    reader.has(Section::CarePlans, 500, "Plan van eerder", state(CarePlanState::Earlier, Some(101))).await;
    reader
        .has(Section::CarePlans, 900, "Plan van lang geleden", state(CarePlanState::Earlier, Some(501)))
        .await;
    let title = |title: &'static str| {
        move |kind: &mut Kind| match kind {
            Kind::Evaluation(Evaluation { title: it, .. })
            | Kind::CareAgreement(CareAgreement { title: it, .. }) => title.clone_into(it),
            _ => {}
        }
    };
    reader.has(Section::Evaluations, 0, "x", title("Evaluatie van nu")).await;
    reader.has(Section::Evaluations, 366, "x", title("Evaluatie van vorig jaar")).await;
    reader.has(Section::CareAgreements, 3, "x", title("Overeenkomst van nu")).await;
    reader.has(Section::CareAgreements, 800, "x", title("Overeenkomst van eerder")).await;

    reader.visitor.open("/").await;
    reader.sees_in_order(&["Van vandaag.", "Plan dat geldt", "Evaluatie van nu", "Overeenkomst van nu"]);
    reader.visitor.sees_no("Plan als voorstel").sees("Alle rapportage (4)");
    reader.visitor.follow("Alle rapportage (4)").await.sees("Rapportages");
    assert_eq!(reader.visitor.path, "/reports", "P59");
    let periods = ["Laatste week", "Laatste maand", "Laatste jaar"];
    let seen = [["Van vandaag.", "Van tien"], ["Van tien", "Van zomer"], ["Van zomer", "Van ooit"]];
    for (period, [last, first_not]) in periods.into_iter().zip(seen) {
        reader.visitor.follow(period).await.sees(last).sees_no(first_not);
    }
    reader.visitor.follow("Allemaal").await.sees("Van vandaag.").sees("Van ooit.");
    reader.visitor.follow("Periode kiezen").await;
    assert_eq!(reader.visitor.labels(), ["Van", "Tot en met"], "P61");
    let path = format!("/reports?period=custom&from={}&until={}", ago(15), ago(5));
    reader.visitor.open(&path).await.sees("Van tien dagen.").sees_no("Van vandaag.").sees_no("Van zomer.");
    // From every section, the menu leads home and to every other section (P57, P64, P75, P89).
    for word in ["Cliëntplanafdrukken", "Evaluaties", "Zorgovereenkomsten", "Rapportage", "Start"] {
        reader.visitor.follow(word).await;
    }
    assert_eq!(reader.visitor.path, "/");

    reader.visitor.follow("Alle cliëntplanafdrukken (4)").await;
    reader.sees_in_order(&[
        "Plan als voorstel",
        "Plan dat geldt",
        "Plan van eerder",
        "Plan van lang geleden",
    ]);
    reader.visitor.follow("Laatste jaar").await.sees("Plan dat geldt").sees_no("Plan van eerder");
    reader.visitor.follow("Laatste twee jaar").await.sees("Plan van eerder").sees_no("Plan van lang");
    reader.visitor.open("/").await.follow("Alle evaluaties (2)").await;
    let (this, before) = ("Evaluatie van nu", "Evaluatie van vorig jaar");
    reader.visitor.follow("Dit jaar").await.sees(this).sees_no(before);
    reader.visitor.follow("Vorig jaar").await.sees_no(this);
    reader.visitor.follow("Allemaal").await.sees(this).sees(before);
    reader
        .visitor
        .open("/")
        .await
        .follow("Alle zorgovereenkomsten (2)")
        .await
        .sees("Overeenkomst van eerder");
    for period in ["Laatste week", "Laatste maand", "Laatste jaar"] {
        let visitor = reader.visitor.follow(period).await;
        visitor.sees("Overeenkomst van nu").sees_no("Overeenkomst van eerder");
    }
}

/// V32–V36: the dossier's tabs: timeline, plans, reading, writing.
#[tokio::test(flavor = "multi_thread")]
async fn dossier_has_tabs_to_read_and_to_write() {
    let mut reader = Reader::at("vivre", RelationKind::Relative).await;
    reader.has(Section::Questionnaires, 2, "Ja, met de rollator.", nothing).await;
    reader.has(Section::CarePlans, 30, "Mijn plan", nothing).await;
    reader.visitor.open("/").await.follow("Mijn Dossier").await;
    assert_eq!(reader.visitor.path, "/timeline", "V33");
    reader.sees_in_order(&["Vragenlijst", "Valrisico", "Mijn plan"]);
    reader.visitor.follow("Vragenlijst openen").await.sees("Ja, met de rollator.");
    reader.visitor.follow("Mijn Dossier").await;
    reader.visitor.follow("Plannen").await.sees("Mijn plan");
    reader.visitor.follow("Vragenlijsten").await.sees("Valrisico").sees("Antwoorden lezen (1)");
    reader.visitor.follow("Valrisico").await.sees("Ja, met de rollator.");
    reader.visitor.open("/timeline").await.follow("Schrijven").await;
    reader.visitor.press("Opslaan in het dossier", &[("Uw rapportage", " ")]).await;
    assert_eq!(reader.visitor.status, StatusCode::UNPROCESSABLE_ENTITY);
    reader.visitor.sees("Schrijf eerst uw rapportage.");
    let text = "Vandaag samen gewandeld. <b>Mooi</b> weer.";
    reader.visitor.press("Opslaan in het dossier", &[("Uw rapportage", text)]).await;
    reader.visitor.sees("Opgeslagen.").sees("Geschreven in het portaal").sees(text).sees("Eva Visser");
    assert_eq!(reader.visitor.path, "/reports", "V35: the tab to read");
    reader.visitor.follow("Mijn Dossier").await.sees(text);
    // The record system learns of the report, and gets its text.
    let added = reader.ecd.events::<proto::dossier::v1::RecordAdded>("dossier").await;
    assert!(added.iter().any(|record| record.section() == Section::Reports));
}

/// H12, H13, H26–H30: reports as cards on a timeline, with their author and time; plans with the expired ones.
#[tokio::test(flavor = "multi_thread")]
async fn reports_are_cards_on_a_timeline_and_plans_may_be_expired() {
    let mut reader = Reader::at("hilverzorg", RelationKind::Client).await;
    let id = reader.has(Section::Reports, 0, "De wond heeft zich goed hersteld.", nothing).await;
    reader.has(Section::Reports, 70, "Van twee maanden geleden.", nothing).await;
    reader.has(Section::CarePlans, 20, "Plan van nu", nothing).await;
    let ended = plan(|plan| plan.ends_on = ago(30));
    reader.has(Section::CarePlans, 300, "Plan dat voorbij is", ended).await;
    reader.visitor.open("/").await.sees("De wond heeft zich goed hersteld.");
    reader.visitor.sees("Sanne Kuipers, verzorgende IG").sees(" uur").sees("Alle rapportages (2)");
    reader.visitor.open("/timeline").await.follow("Rapportage openen").await;
    assert_eq!(reader.visitor.path, format!("/reports/{id}"), "H27");
    reader.visitor.sees("De wond heeft zich goed hersteld.").sees("Sanne Kuipers");
    // An operator sees the record by its id, which leaves a record in the trail.
    let shown = reader.system.command(&["record", "show", &id, "--organisation", "hilverzorg"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("De wond heeft zich goed hersteld.") && shown.contains("SECTION_REPORTS"),
        "{shown}"
    );
    let month = today().checked_sub(2.months()).unwrap();
    let month = chassis::calendar::month_in_words(chassis::calendar::Language::Nl, month);
    reader.visitor.open("/timeline").await.follow(&month).await.sees("Van twee maanden geleden.");
    reader.visitor.sees_no("De wond heeft zich goed hersteld.");
    reader.visitor.open("/").await.follow("Bekijk uw plannen (2)").await.sees("Plan van nu");
    reader.visitor.follow("Verlopen").await.sees("Plan dat voorbij is").sees_no("Plan van nu");
}

/// R2, R4, R5, R20, R22–R24, R26–R28, R36, R41, R63: history begins with the access; measurements by type, with a chart.
#[tokio::test(flavor = "multi_thread")]
async fn history_begins_with_the_access_and_measurements_have_a_chart() {
    let mut reader = Reader::at("rozelaar", RelationKind::Client).await;
    reader.visitor.open("/").await.sees("Geen rapportages").sees("Geen metingen").sees("Geen formulieren");
    reader.visitor.sees("Geen cliëntplanafdrukken").sees("Geen abonnementen");
    reader.has(Section::Reports, 1, "Van voor de toegang.", nothing).await;
    reader.has(Section::Reports, 0, "Van vandaag.", nothing).await;
    reader.has(Section::CarePlans, 90, "Plan dat nu geldt", nothing).await;
    let name = |name: &'static str, ended: &'static str| {
        move |kind: &mut Kind| {
            if let Kind::Subscription(Subscription { name: it, ends_on, .. }) = kind {
                name.clone_into(it);
                if !ended.is_empty() {
                    *ends_on = ago(0);
                }
            }
        }
    };
    reader.has(Section::Subscriptions, 30, "x", name("Maaltijden", "")).await;
    reader.has(Section::Subscriptions, 20, "x", name("Wasservice", "vandaag")).await;
    reader.has(Section::Forms, 0, "x", nothing).await;
    reader.has(Section::Evaluations, 0, "De doelen zijn gehaald.", nothing).await;
    for (number, value) in [70.5, 72.0, 74.5].into_iter().enumerate() {
        let at =
            integration_tests::ecd::now() - SignedDuration::from_millis(i64::try_from(3 - number).unwrap());
        weighs(&reader, &number.to_string(), at, value).await;
    }
    reader.visitor.open("/").await;
    reader.visitor.sees("Van vandaag.").sees_no("Van voor de toegang.").sees("Gewicht: 74,5 kg");
    reader.visitor.sees("Alle rapportages (1)").sees("Alle formulieren (1)");
    reader.visitor.follow("Alle rapportages (1)").await.sees("U ziet gegevens vanaf");
    reader.visitor.sees("Van vandaag.").sees_no("Van voor de toegang.");
    reader.visitor.follow("Laatste jaar").await.sees("Van vandaag.").sees_no("Van voor de toegang.");
    reader.visitor.open("/timeline").await.sees("Van vandaag.").sees_no("Van voor de toegang.");
    reader.visitor.sees("Plan dat nu geldt");
    reader.visitor.open("/").await.follow("Alle metingen (3)").await.follow("Gewicht").await;
    reader
        .visitor
        .sees("3 metingen, van")
        .sees("Laagste 70,5, hoogste 74,5, laatste 74,5 kg . De waarden stijgen.");
    let page = reader.system.portal("rozelaar").get("/measurements", &reader.session).await;
    assert_eq!(page.body["codes"][0]["name"], "Gewicht", "R27");
    reader.visitor.follow("Formulieren").await.sees("Intake").sees("Hoe gaat het?");
    reader.visitor.follow("Evaluaties").await.sees("De doelen zijn gehaald.");
    reader.visitor.follow("Abonnementen").await.sees("Maaltijden").sees("Wasservice");
    reader.visitor.follow("Nu of later geldig").await.sees("Maaltijden").sees("Wasservice");
    reader.visitor.follow("Verlopen").await.sees_no("Maaltijden");
    reader.visitor.follow("Ondersteuningsplanafdruk").await.sees("Plan dat nu geldt");
}

async fn weighs(reader: &Reader, number: &str, at: Timestamp, value: f64) {
    let mut record = record_of(Section::Measurements, &reader.person.external_id, number, at, "x");
    if let Kind::Measurement(it) = record.content.as_mut().unwrap().kind.as_mut().unwrap() {
        it.values[0].value = value;
    }
    reader.sends(record).await;
}

/// T2: every section's page, its JSON and its live updates follow the right to the section; a retracted record leaves a mark.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_records_follow_rights_and_show_marks() {
    let mut reader = Reader::at("thuisgenoten", RelationKind::Client).await;
    let (client, system) = (reader.person.client.clone(), &reader.system);
    let narrow = reader
        .ecd
        .register_for(&client, "Jan Visser", RelationKind::Relative, |request| {
            request.grants.retain(|grant| grant.section() == Section::Reports);
        })
        .await
        .unwrap();
    let portal = system.portal("thuisgenoten");
    let stranger = portal.first_login(system, &narrow).await;
    let mut guest = Visitor::at(system, "thuisgenoten");
    guest.plant_cookie("__Host-session", &stranger);
    let (mut whole, mut part) = (reader.visitor.open_live_stream().await, guest.open_live_stream().await);
    let names: Vec<&str> = sections().map(chassis::section::name).collect();
    for section in sections() {
        let name = chassis::section::name(section);
        let id = reader.has(section, 0, "Alleen voor haar.", nothing).await;
        for path in [format!("/{name}"), format!("/{name}/{id}"), "/timeline".to_owned()] {
            let answer = portal.get(&path, &reader.session).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.body.to_string().contains("Alleen voor haar."), "{path}: {}", answer.body);
            let refused = portal.get(&path, &stranger).await;
            let expected = if section == Section::Reports && !path.starts_with("/time") { 200 } else { 404 };
            assert_eq!(refused.status.as_u16(), expected, "{path}");
        }
        let start = portal.get("", &stranger).await.body;
        assert_eq!(start["panels"].as_array().unwrap().len(), 1, "{start}");
        let retract = RetractRecordRequest {
            section: section.into(),
            origin: Some(origin(&format!("{}-0", section.as_str_name()), 2)),
        };
        reader.ecd.dossier().await.unwrap().retract_record(retract).await.unwrap();
        reader.visitor.open(&format!("/{name}")).await.sees("De organisatie heeft dit ingetrokken");
        reader.visitor.sees_no("Alleen voor haar.");
        reader.visitor.open(&format!("/{name}/{id}")).await.sees("De organisatie heeft dit ingetrokken");
    }
    reader.visitor.open("/timeline").await.sees_no("Alleen voor haar.").sees("ingetrokken");
    // The last news of all is a report, which both streams tell; what came before is on its way no longer.
    reader.has(Section::Reports, 1, "Het laatste nieuws.", nothing).await;
    assert_eq!(news(&mut whole, 2 * names.len() + 1).await, names);
    assert_eq!(news(&mut part, 3).await, ["reports"]);
}

/// The sections of so many news of a live stream, each once, in the order of their first news.
async fn news(stream: &mut reqwest::Response, count: usize) -> Vec<String> {
    let read = async {
        let (mut text, mut sections) = (String::new(), Vec::new());
        while text.matches("data: ").count() < count {
            text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
        }
        for section in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if !sections.iter().any(|known| known == section) {
                sections.push(section.to_owned());
            }
        }
        sections
    };
    tokio::time::timeout(integration_tests::WAIT_LIMIT, read).await.unwrap()
}
