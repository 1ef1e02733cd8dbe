//! Clients who are logged in and have a dossier each, so that consecutive requests read different dossiers.

use chassis::id::OrganisationId;
use futures::{StreamExt, stream};
use integration_tests::{Registered, System, ecd::report_record, portal::PASSWORD};
use proto::dossier::v1::{ImportRecordsRequest, import_records_request::Item};
use uuid::Uuid;

/// The number of people.
const COUNT: usize = 40;
/// The number of reports in each dossier; a page with all of them is about 11 KB.
const REPORTS: usize = 20;

/// A client with a session.
#[derive(Clone)]
pub struct Person {
    pub client: Uuid,
    pub username: String,
    pub password: &'static str,
    pub session: String,
}

/// All people, and their organisation.
#[derive(Clone)]
pub struct People {
    pub organisation: OrganisationId,
    pub all: Vec<Person>,
}

impl People {
    /// Registers all people, fills their dossiers and logs them in.
    pub async fn register_all(system: &System) -> Self {
        let all = stream::iter(0..COUNT)
            .map(|number| register_one(system, number))
            .buffer_unordered(4)
            .collect()
            .await;
        let organisation: Uuid =
            sqlx::query_scalar("SELECT organisation_id FROM organisation WHERE key = 'thuisgenoten'")
                .fetch_one(&mut system.as_superuser("dossier").await)
                .await
                .unwrap();
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut system.as_superuser("dossier").await).await.unwrap();
        Self { organisation: OrganisationId(organisation), all }
    }

    /// The person for a request's number: consecutive numbers give different people, and all people take
    /// part.
    pub fn at_step(&self, step: usize) -> &Person {
        &self.all[step * 7 % self.all.len()]
    }
}

async fn register_one(system: &System, number: usize) -> Person {
    let ecd = system.ecd("thuisgenoten");
    let person: Registered = ecd.register(&format!("mevrouw {number}. Proef")).await;
    let text =
        "Mevrouw heeft goed geslapen en at haar ontbijt helemaal op. Daarna samen een stukje gewandeld. "
            .repeat(5);
    let records = (0..REPORTS).map(|report| {
        let report = report_record(&person.external_id, &format!("{number}-{report}"), &text);
        ImportRecordsRequest { item: Some(Item::Record(report)), historic: true, ..Default::default() }
    });
    ecd.import(records.collect()).await;
    let session = system.portal("thuisgenoten").first_login(system, &person).await;
    Person { client: person.client.parse().unwrap(), username: person.email, password: PASSWORD, session }
}
