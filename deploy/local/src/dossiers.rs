//! Example dossiers, generated from a fixed seed, so that every machine has the same people.

use jiff::{ToSpan, Zoned, civil::Date};
use proto::dossier::v1::{
    ClientRecord, Content, ImportRecordsRequest, Origin, Record, Report, ReportKind, content::Kind,
    import_records_request::Item,
};

/// A generator of pseudo-random numbers (SplitMix64): the same seed gives the same numbers.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(index).copied().unwrap_or_default()
    }
}

/// An example client.
#[derive(Clone, Debug)]
pub struct ExampleClient {
    /// The client's number in the ECD.
    pub external_id: String,
    /// The name that pages show, such as "mevrouw A. Bos".
    pub name: String,
    /// The last name alone.
    pub last_name: String,
    /// The date of birth, as `1931-04-27`.
    pub birth_date: String,
}

const WOMEN: [&str; 14] = [
    "Anna",
    "Maria",
    "Johanna",
    "Wilhelmina",
    "Cornelia",
    "Elisabeth",
    "Grietje",
    "Hendrika",
    "Fatima",
    "Truus",
    "Riet",
    "Aaltje",
    "Sita",
    "Ria",
];
const MEN: [&str; 14] = [
    "Jan", "Pieter", "Hendrik", "Cornelis", "Johannes", "Willem", "Gerrit", "Mohamed", "Dirk", "Kees",
    "Arie", "Soerin", "Bram", "Henk",
];
const LAST: [&str; 22] = [
    "de Vries",
    "Jansen",
    "Bakker",
    "Visser",
    "Smit",
    "Meijer",
    "de Boer",
    "Mulder",
    "de Groot",
    "Bos",
    "Vos",
    "Peters",
    "Hendriks",
    "van Leeuwen",
    "Dekker",
    "Brouwer",
    "de Wit",
    "Dijkstra",
    "Smits",
    "van der Linden",
    "El Amrani",
    "Ramdin",
];
const AUTHORS: [(&str, &str); 8] = [
    ("Sanne Kuipers", "verzorgende IG"),
    ("Mark Hoekstra", "verpleegkundige"),
    ("Yasmina Bouzid", "verzorgende IG"),
    ("Ellen van Dam", "wijkverpleegkundige"),
    ("Tim Postma", "helpende"),
    ("Linda Scholten", "persoonlijk begeleider"),
    ("Priya Mahabir", "begeleider"),
    ("Joost Wolters", "EVV'er"),
];
const MORNINGS: [&str; 10] = [
    "{Naam} heeft rustig geslapen en was al wakker bij binnenkomst.",
    "{Naam} geholpen met douchen en aankleden.",
    "Ochtendzorg gegeven volgens plan.",
    "Steunkousen aangetrokken en huid gecontroleerd.",
    "Medicatie aangereikt en afgetekend.",
    "{Naam} zat aan tafel met de krant en was in een goed humeur.",
    "Samen de post doorgenomen en de weekplanning besproken.",
    "{Naam} was wat moe vandaag en wilde liever in bed blijven.",
    "Wond verzorgd aan het linkerbeen.",
    "Boodschappenlijst gemaakt en samen naar de winkel geweest.",
];
const EVENINGS: [&str; 8] = [
    "Avondzorg gegeven; {naam} wilde vroeg naar bed.",
    "Geholpen met de avondmaaltijd; {naam} heeft goed gegeten.",
    "Steunkousen uitgetrokken en benen ingesmeerd.",
    "Medicatie voor de nacht aangereikt en afgetekend.",
    "{Naam} vertelde over de verjaardag van een kleinkind.",
    "Samen koffie gedronken en naar het nieuws gekeken.",
    "{Naam} geholpen met omkleden voor de nacht.",
    "Samen een rondje gelopen na het eten.",
];
const DETAILS: [&str; 16] = [
    "De wond heeft zich goed hersteld en is bijna dicht.",
    "Huid op de hiel is licht rood; drukplek blijven volgen.",
    "Bloeddruk gemeten: 135 over 80.",
    "Gewicht is gelijk gebleven.",
    "Voldoende gedronken gehad.",
    "Lopen met de rollator gaat steeds beter.",
    "Er waren geen bijzonderheden.",
    "Het inhaleren ging zonder hulp.",
    "Nieuwe incontinentiematerialen besteld.",
    "Dochter komt zaterdag op bezoek.",
    "Huisarts gebeld over de hoest; die komt morgen langs.",
    "Oogdruppels gegeven, beide ogen.",
    "De fysiotherapeut is tevreden over de oefeningen.",
    "Het alarm is getest en werkt.",
    "Koelkast nagekeken en oude producten weggegooid.",
    "Kamer samen opgeruimd en het bed verschoond.",
];
const INCIDENTS: [&str; 4] = [
    "{Naam} is in de badkamer uitgegleden. Geen letsel gezien, wel geschrokken. Huisarts en familie zijn gebeld.",
    "Medicatie van gisteravond lag nog in de baxterrol. Arts gebeld; er is geen actie nodig.",
    "{Naam} is uit de stoel gegleden bij het opstaan. Samen opgestaan met de tillift. Melding gemaakt.",
    "Bij aankomst stond het gas nog aan. Uitgezet en besproken met {naam} en de familie.",
];
const CONVERSATIONS: [&str; 4] = [
    "Gesprek gehad met {naam} en de dochter over de weekenden. Zij neemt de zondagmiddag over.",
    "Telefonisch gesproken met de zoon. Hij is blij met hoe het gaat en heeft geen vragen.",
    "Doelen van het zorgplan besproken. {Naam} wil graag weer zelf koffie zetten.",
    "Met {naam} gesproken over de dagbesteding; donderdag mee op proef.",
];
const MEDICAL: [&str; 4] = [
    "Huisarts is langs geweest: luchtweginfectie. Start antibiotica, 7 dagen, drie keer per dag.",
    "Trombosedienst heeft geprikt; dosering blijft gelijk.",
    "Wondverpleegkundige heeft het verband veranderd: om de dag verschonen.",
    "Uitslag van het bloedonderzoek is goed, geen verandering in medicatie.",
];

/// The clients of an organisation: the same seed gives the same people.
#[must_use]
pub fn clients(seed: u64, count: usize) -> Vec<ExampleClient> {
    let mut dice = Dice(seed);
    (0..count)
        .map(|number| {
            let (title, first) = if dice.below(100) < 62 {
                ("mevrouw", dice.pick(&WOMEN))
            } else {
                ("de heer", dice.pick(&MEN))
            };
            let last = LAST.get((number + usize::try_from(seed).unwrap_or(0)) % LAST.len()).unwrap_or(&"Bos");
            let initial = first.chars().next().unwrap_or('A');
            ExampleClient {
                external_id: format!("C{:04}", 1000 + number),
                name: format!("{title} {initial}. {last}"),
                last_name: (*last).to_owned(),
                birth_date: format!(
                    "{}-{:02}-{:02}",
                    1928 + dice.below(40),
                    1 + dice.below(12),
                    1 + dice.below(28)
                ),
            }
        })
        .collect()
}

/// The records of these clients, then two years of their reports up to `last`, the oldest report first.
pub fn records(seed: u64, clients: &[ExampleClient], last: &Zoned) -> Vec<ImportRecordsRequest> {
    let mut dice = Dice(seed ^ 0xD055_1E55);
    let mut records: Vec<Item> = clients.iter().map(|client| Item::Client(client_record(client))).collect();
    for client in clients {
        let mut number = 0;
        for days_ago in (0..730).rev() {
            let Ok(day) = last.date().checked_sub(days_ago.days()) else { continue };
            let visits = match dice.below(10) {
                0..=1 => 0,
                2..=6 => 1,
                _ => 2,
            };
            for visit in 0..visits {
                number += 1;
                if let Some(report) = report(&mut dice, client, number, day, visit, last) {
                    records.push(Item::Record(report));
                }
            }
        }
    }
    (1..)
        .zip(records)
        .map(|(sequence, record)| ImportRecordsRequest { sequence, historic: true, item: Some(record) })
        .collect()
}

/// The record that the ECD would send for a client.
#[must_use]
pub fn client_record(client: &ExampleClient) -> ClientRecord {
    ClientRecord {
        origin: Some(origin(client.external_id.clone())),
        name: client.name.clone(),
        birth_date: client.birth_date.clone(),
    }
}

fn origin(external_id: String) -> Origin {
    Origin { source: "ecd".to_owned(), external_id, version: 1 }
}

fn report(
    dice: &mut Dice,
    client: &ExampleClient,
    number: u32,
    day: Date,
    visit: u64,
    last: &Zoned,
) -> Option<Record> {
    let hour = if visit == 0 { 7 + dice.below(4) } else { 17 + dice.below(4) };
    let at = day.at(i8::try_from(hour).ok()?, i8::try_from(dice.below(60)).ok()?, 0, 0);
    let at = at.to_zoned(last.time_zone().clone()).ok()?;
    if at >= *last {
        return None;
    }
    let (kind, text) = match dice.below(100) {
        0..=1 => (ReportKind::Incident, dice.pick(&INCIDENTS).to_owned()),
        2..=5 => (ReportKind::Medical, dice.pick(&MEDICAL).to_owned()),
        6..=9 => (ReportKind::Conversation, dice.pick(&CONVERSATIONS).to_owned()),
        _ => {
            let openings: &[&str] = if visit == 0 { &MORNINGS } else { &EVENINGS };
            (ReportKind::Daily, format!("{} {}", dice.pick(openings), dice.pick(&DETAILS)))
        }
    };
    let short_name = client.name.split(' ').filter(|word| !word.ends_with('.')).collect::<Vec<_>>().join(" ");
    let mut capitalised = short_name.clone();
    if let Some(first) = capitalised.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let index = usize::try_from(dice.below(AUTHORS.len() as u64)).ok()?;
    let (author, role) = AUTHORS.get(index)?;
    let timestamp = at.timestamp();
    let report = Report {
        text: text.replace("{Naam}", &capitalised).replace("{naam}", &short_name),
        author: (*author).to_owned(),
        author_role: (*role).to_owned(),
        written_at: Some(prost_types::Timestamp {
            seconds: timestamp.as_second(),
            nanos: timestamp.subsec_nanosecond(),
        }),
        kind: kind.into(),
    };
    Some(Record {
        origin: Some(origin(format!("{}-{number}", client.external_id))),
        client_external_id: client.external_id.clone(),
        content: Some(Content { kind: Some(Kind::Report(report)) }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_people_and_two_years_of_reports() {
        let last: Zoned = "2027-05-03T12:00:00[Europe/Amsterdam]".parse().unwrap();
        let people = clients(7, 20);
        assert_eq!(people[3].name, clients(7, 20)[3].name);
        let records = records(7, &people, &last);
        assert!(records.len() > 20 * 600, "{}", records.len());
        let all_past = records.iter().all(|record| match &record.item {
            Some(Item::Record(record)) => {
                let Some(Kind::Report(report)) = &record.content.as_ref().unwrap().kind else { return false };
                report.written_at.unwrap().seconds < last.timestamp().as_second()
                    && !report.text.contains('{')
            }
            _ => true,
        });
        assert!(all_past);
    }
}
