//! The people of the example dossiers.

use super::dice::Dice;

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
