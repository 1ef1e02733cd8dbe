//! Example dossiers, generated from a fixed seed, so that every machine has the same people.

mod care;
mod dice;
mod people;
mod reports;

use jiff::{ToSpan, Zoned};
use proto::dossier::v1::{
    ClientRecord, Content, ImportRecordsRequest, Origin, Record, content::Kind, import_records_request::Item,
};

use self::dice::Dice;
pub use self::people::{ExampleClient, clients};

/// The records of these clients, then two years of their dossiers up to `last`, the oldest report first.
pub fn records(seed: u64, clients: &[ExampleClient], last: &Zoned) -> Vec<ImportRecordsRequest> {
    let mut dice = Dice(seed ^ 0xD055_1E55);
    let mut records: Vec<Item> = clients.iter().map(|client| Item::Client(client_record(client))).collect();
    for client in clients {
        let mut contents = Vec::new();
        for days_ago in (0..730).rev() {
            let Ok(day) = last.date().checked_sub(days_ago.days()) else { continue };
            let visits = match dice.below(10) {
                0..=1 => 0,
                2..=6 => 1,
                _ => 2,
            };
            for visit in 0..visits {
                contents.extend(reports::report(&mut dice, client, day, visit, last));
            }
        }
        contents.extend(care::contents(&mut dice, last));
        let contents = (1..).zip(contents);
        records.extend(contents.map(|(number, content)| Item::Record(record(client, number, content))));
    }
    (1..)
        .zip(records)
        .map(|(sequence, record)| ImportRecordsRequest { sequence, historic: true, item: Some(record) })
        .collect()
}

fn record(client: &ExampleClient, number: u32, content: Kind) -> Record {
    Record {
        origin: Some(origin(format!("{}-{number}", client.external_id))),
        client_external_id: client.external_id.clone(),
        content: Some(Content { kind: Some(content) }),
    }
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
        let mut kinds = std::collections::HashMap::new();
        for request in &records {
            let Some(Item::Record(record)) = &request.item else { continue };
            let kind = record.content.as_ref().unwrap().kind.as_ref().unwrap();
            *kinds.entry(std::mem::discriminant(kind)).or_insert(0) += 1;
            if let Kind::Report(report) = kind {
                assert!(report.written_at.unwrap().seconds < last.timestamp().as_second());
                assert!(!report.text.contains('{'));
            }
        }
        assert_eq!(kinds.len(), 9, "{kinds:?}");
        assert!(kinds.values().all(|count| *count >= 40), "{kinds:?}");
    }
}
