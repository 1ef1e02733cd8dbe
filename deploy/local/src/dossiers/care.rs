//! What the example dossiers hold beside reports.

use chassis::calendar::zone;
use jiff::{ToSpan, Zoned, civil::Date};
use proto::dossier::v1::{
    Answer, CareAgreement, CareArea, CareGoal, CareGoalState, CarePlan, CarePlanState, Document,
    EvaluatedGoal, Evaluation, Form, MeasuredValue, Measurement, Questionnaire, Subscription, content::Kind,
};

use super::{dice::Dice, reports::AUTHORS};

/// The areas of a care plan: name, situation, goal and what is done.
const AREAS: [(&str, &str, &str, &str); 5] = [
    (
        "Mobiliteit",
        "Loopt binnenshuis met een rollator.",
        "Loopt elke dag veilig een rondje buiten.",
        "Elke middag samen een rondje lopen.",
    ),
    (
        "Persoonlijke verzorging",
        "Heeft hulp nodig bij het douchen.",
        "Wast zelf gezicht en armen.",
        "Hulp bij wassen en aankleden, en aanmoedigen om zelf te doen.",
    ),
    (
        "Voeding",
        "Eet weinig en valt af.",
        "Blijft op gewicht.",
        "Elke week wegen en tussendoor iets aanbieden.",
    ),
    (
        "Sociaal contact",
        "Voelt zich soms alleen.",
        "Ziet elke week bekenden.",
        "Donderdag naar de dagbesteding.",
    ),
    (
        "Medicatie",
        "Vergeet de medicatie.",
        "Neemt de medicatie op tijd in.",
        "Medicatie aanreiken en aftekenen.",
    ),
];
/// The questionnaires: type, title and questions.
const QUESTIONNAIRES: [(&str, &str, [&str; 3]); 2] = [
    (
        "valrisico",
        "Valrisico",
        [
            "Bent u het afgelopen half jaar gevallen?",
            "Bent u bang om te vallen?",
            "Gebruikt u een hulpmiddel?",
        ],
    ),
    (
        "eenzaamheid",
        "Eenzaamheid",
        ["Mist u mensen om u heen?", "Hebt u iemand om op terug te vallen?", "Voelt u zich vaak alleen?"],
    ),
];
const ANSWERS: [&str; 4] = ["Ja.", "Nee.", "Soms.", "Ja, vooral 's avonds."];
const FORMS: [&str; 5] = [
    "Intakeformulier",
    "Toestemming delen van gegevens",
    "Medicatieoverzicht",
    "Veiligheid in huis",
    "Wensen rond het levenseinde",
];
const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("Indicatiebesluit", "besluit", "indicatiebesluit.pdf"),
    ("Brief van de huisarts", "brief", "huisarts.pdf"),
    ("Huisregels", "informatie", "huisregels.pdf"),
    ("Machtiging", "formulier", "machtiging.pdf"),
];
const SUBSCRIPTIONS: [(&str, &str, &str); 3] = [
    ("Maaltijdservice", "Elke dag een warme maaltijd.", "€ 8,95 per maaltijd"),
    ("Personenalarmering", "Een alarm om de hals, dag en nacht.", "€ 19,50 per maand"),
    ("Wasservice", "Een keer per week de was.", "€ 12,50 per keer"),
];

/// Two years of one client's dossier up to `last`.
pub fn contents(dice: &mut Dice, last: &Zoned) -> Vec<Kind> {
    let mut contents = measurements(dice, last);
    for quarter in 0..8 {
        for (kind, title, questions) in QUESTIONNAIRES {
            contents.push(Kind::Questionnaire(Questionnaire {
                r#type: kind.to_owned(),
                title: title.to_owned(),
                completed_at: moment(last, quarter * 90 + 5),
                author: author(dice).0,
                answers: questions.map(|question| answer(question, dice.pick(&ANSWERS))).into(),
            }));
        }
        contents.push(evaluation(dice, last, quarter));
    }
    for (number, title) in (1..).zip(FORMS) {
        contents.push(Kind::Form(Form {
            title: title.to_owned(),
            added_at: moment(last, number * 130),
            author: author(dice).0,
            answers: vec![
                answer("Besproken met de cliënt?", dice.pick(&ANSWERS)),
                answer("Opmerkingen", "Geen bijzonderheden."),
            ],
        }));
    }
    contents.extend(plans(dice, last));
    contents.extend(agreements(last));
    for (number, (name, description, price)) in (1..).zip(SUBSCRIPTIONS) {
        contents.push(Kind::Subscription(Subscription {
            name: name.to_owned(),
            description: description.to_owned(),
            price: price.to_owned(),
            starts_on: day(last, 600 - number * 90),
            ends_on: if number == 3 { day(last, 60) } else { String::new() },
        }));
    }
    for (number, (title, category, file_name)) in (1..).zip(DOCUMENTS) {
        contents.push(Kind::Document(Document {
            title: title.to_owned(),
            added_at: moment(last, number * 120),
            category: category.to_owned(),
            file_name: file_name.to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: i64::try_from(40_000 + dice.below(400_000)).unwrap_or(40_000),
        }));
    }
    contents
}

/// A weight each week, and a blood pressure every other week.
fn measurements(dice: &mut Dice, last: &Zoned) -> Vec<Kind> {
    let mut weight = 55.0 + tenths(dice, 300);
    let mut contents = Vec::new();
    for week in (0..104).rev() {
        weight += tenths(dice, 8) - 0.35;
        contents.push(measurement(last, week * 7 + 1, "gewicht", "Gewicht", vec![value("", weight, "kg")]));
        if week % 2 == 0 {
            let upper = (120.0 + tenths(dice, 300)).round();
            let lower = (70.0 + tenths(dice, 200)).round();
            let values = vec![value("bovendruk", upper, "mmHg"), value("onderdruk", lower, "mmHg")];
            contents.push(measurement(last, week * 7 + 2, "bloeddruk", "Bloeddruk", values));
        }
    }
    contents
}

/// A number of tenths, below `bound` tenths.
fn tenths(dice: &mut Dice, bound: u64) -> f64 {
    f64::from(u32::try_from(dice.below(bound)).unwrap_or(0)) / 10.0
}

fn measurement(last: &Zoned, days_ago: i32, kind: &str, name: &str, values: Vec<MeasuredValue>) -> Kind {
    Kind::Measurement(Measurement {
        r#type: kind.to_owned(),
        name: name.to_owned(),
        measured_at: moment(last, days_ago),
        values,
        remark: String::new(),
    })
}

fn value(name: &str, value: f64, unit: &str) -> MeasuredValue {
    MeasuredValue { name: name.to_owned(), value: (value * 10.0).round() / 10.0, unit: unit.to_owned() }
}

fn answer(question: &str, answer: &str) -> Answer {
    Answer { question: question.to_owned(), answer: answer.to_owned() }
}

/// Three versions of a care plan: two that were replaced, and the one of today.
fn plans(dice: &mut Dice, last: &Zoned) -> Vec<Kind> {
    let first = usize::try_from(dice.below(3)).unwrap_or(0);
    let area = |(name, situation, goal, action): &(&str, &str, &str, &str), state: CareGoalState| CareArea {
        name: (*name).to_owned(),
        situation: (*situation).to_owned(),
        goals: vec![CareGoal {
            text: (*goal).to_owned(),
            state: state.into(),
            actions: vec![(*action).to_owned()],
        }],
    };
    let version = |start: i32, end: Option<i32>| {
        let state = if end.is_some() { CarePlanState::Earlier } else { CarePlanState::Current };
        let goal = if end.is_some() { CareGoalState::Reached } else { CareGoalState::Active };
        Kind::CarePlan(CarePlan {
            plan_id: "zorgplan".to_owned(),
            title: format!("Zorgplan {}", date(last, start).year()),
            starts_on: day(last, start),
            ends_on: end.map(|end| day(last, end)).unwrap_or_default(),
            agreed_on: day(last, start + 3),
            state: state.into(),
            areas: AREAS.iter().skip(first).take(3).map(|it| area(it, goal)).collect(),
        })
    };
    vec![version(700, Some(421)), version(420, Some(121)), version(120, None)]
}

fn evaluation(dice: &mut Dice, last: &Zoned, quarter: i32) -> Kind {
    let (author, author_role) = author(dice);
    let (_, _, goal, _) = AREAS.get(usize::try_from(dice.below(5)).unwrap_or(0)).copied().unwrap_or_default();
    Kind::Evaluation(Evaluation {
        title: "Evaluatie van het zorgplan".to_owned(),
        finished_at: moment(last, quarter * 90 + 20),
        author,
        author_role,
        text: "Het plan is samen doorgenomen. De zorg past nog bij wat nodig is.".to_owned(),
        goals: vec![EvaluatedGoal {
            goal: goal.to_owned(),
            finding: "Dit gaat de goede kant op.".to_owned(),
        }],
    })
}

fn agreements(last: &Zoned) -> [Kind; 2] {
    [(720, Some(361)), (360, None)].map(|(start, end): (i32, Option<i32>)| {
        Kind::CareAgreement(CareAgreement {
            title: "Zorgovereenkomst".to_owned(),
            starts_on: day(last, start),
            ends_on: end.map(|end| day(last, end)).unwrap_or_default(),
            signed_on: day(last, start + 7),
            services: vec![
                "Persoonlijke verzorging, 4 uur per week".to_owned(),
                "Begeleiding, 2 uur per week".to_owned(),
            ],
        })
    })
}

fn author(dice: &mut Dice) -> (String, String) {
    let index = usize::try_from(dice.below(AUTHORS.len() as u64)).unwrap_or(0);
    let (name, role) = AUTHORS.get(index).copied().unwrap_or_default();
    (name.to_owned(), role.to_owned())
}

fn date(last: &Zoned, days_ago: i32) -> Date {
    last.date().checked_sub(days_ago.days()).unwrap_or(last.date())
}

/// A day before `last`, as ISO 8601.
fn day(last: &Zoned, days_ago: i32) -> String {
    date(last, days_ago).to_string()
}

/// Ten o'clock on a day before `last`.
fn moment(last: &Zoned, days_ago: i32) -> Option<prost_types::Timestamp> {
    let at = date(last, days_ago).at(10, 0, 0, 0).to_zoned(zone()).ok()?;
    Some(chassis::time::to_proto(at.timestamp()))
}
