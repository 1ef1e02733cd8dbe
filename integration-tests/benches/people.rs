//! People with a dossier each, who are logged in: so that every request is about another client.

use chassis::id::OrganisationId;
use futures::{StreamExt, stream};
use integration_tests::{Registered, System, ecd::report_record, portal::PASSWORD};
use proto::dossier::v1::{ImportRecordsRequest, import_records_request::Record};
use uuid::Uuid;

/// How many there are.
const COUNT: usize = 40;
/// Reports of each; one page of them is about 11 KB.
const REPORTS: usize = 20;

/// One of them.
#[derive(Clone)]
pub struct Person {
    pub client: Uuid,
    pub username: String,
    pub password: &'static str,
    pub session: String,
}

/// All of them, and where they are.
#[derive(Clone)]
pub struct People {
    pub organisation: OrganisationId,
    pub all: Vec<Person>,
}

impl People {
    /// Registers them, fills their dossiers and logs them in.
    pub async fn settle(system: &System) -> Self {
        let all =
            stream::iter(0..COUNT).map(|number| settle(system, number)).buffer_unordered(4).collect().await;
        let organisation: Uuid =
            sqlx::query_scalar("SELECT organisation_id FROM organisation WHERE key = 'thuisgenoten'")
                .fetch_one(&mut system.behind("dossier").await)
                .await
                .unwrap();
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut system.behind("dossier").await).await.unwrap();
        Self { organisation: OrganisationId(organisation), all }
    }

    /// Any of them: the next in a walk that visits all.
    pub fn any(&self, step: usize) -> &Person {
        &self.all[step * 7 % self.all.len()]
    }
}

async fn settle(system: &System, number: usize) -> Person {
    let ecd = system.ecd("thuisgenoten");
    let person: Registered = ecd.register(&format!("mevrouw {number}. Proef")).await;
    let text =
        "Mevrouw heeft goed geslapen en at haar ontbijt helemaal op. Daarna samen een stukje gewandeld. "
            .repeat(5);
    let records = (0..REPORTS).map(|report| {
        let report = report_record(&person.external_id, &format!("{number}-{report}"), &text);
        ImportRecordsRequest { record: Some(Record::Report(report)), historic: true, ..Default::default() }
    });
    ecd.import(records.collect()).await;
    let session = system.portal("thuisgenoten").first_login(system, &person).await;
    Person { client: person.client.parse().unwrap(), username: person.email, password: PASSWORD, session }
}
