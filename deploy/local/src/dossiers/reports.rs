//! The reports of the example dossiers.

use jiff::{Zoned, civil::Date};
use proto::dossier::v1::{Report, ReportKind, content::Kind};

use super::{dice::Dice, people::ExampleClient};

/// Those who write in the dossiers, with their roles.
pub const AUTHORS: [(&str, &str); 8] = [
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

/// A report of a visit; `None`: the visit is not over yet.
pub fn report(dice: &mut Dice, client: &ExampleClient, day: Date, visit: u64, last: &Zoned) -> Option<Kind> {
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
    Some(Kind::Report(Report {
        text: text.replace("{Naam}", &capitalised).replace("{naam}", &short_name),
        author: (*author).to_owned(),
        author_role: (*role).to_owned(),
        written_at: Some(chassis::time::to_proto(at.timestamp())),
        kind: kind.into(),
    }))
}
