//! Measures records: their import beside a bare INSERT, pages while an import runs, lists of long dossiers beside those of
//! short ones, and the start page beside its slowest panel.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use integration_tests::{Registered, System, ecd::Ecd};
use prost::Message;
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{ImportRecordsRequest, Record, import_records_request::Item},
    identity::v1::RelationKind,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::records::record_of;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    harness::{ROUNDS, Report, Row, Target, closed_loop_rate, median, p99},
    page::{self, Browsers, CONNECTIONS},
    people::People,
    tenant::{self, Route},
};

/// The number of records of one import.
const IMPORTED: usize = 20_000;
/// The number of records of the long dossier, and of the short one.
const LONG: i64 = 1_000_000;
const SHORT: i64 = 1_000;
/// The sections with a panel.
const PANELS: [Section; 8] = [
    Section::Reports,
    Section::CarePlans,
    Section::Evaluations,
    Section::Measurements,
    Section::Questionnaires,
    Section::Forms,
    Section::CareAgreements,
    Section::Subscriptions,
];

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let ecd = system.ecd("thuisgenoten");
    import(system, &ecd, report).await;
    beside_import(system, people, &ecd, report).await;
    depth(system, people, report).await;
    start_page(system, &ecd, report).await;
}

/// New reports of the client, all different.
fn reports(client: &str, batch: usize) -> Vec<ImportRecordsRequest> {
    let text = "Mevrouw heeft goed geslapen en at haar ontbijt helemaal op. ".repeat(5);
    let record = |number: usize| {
        let at = integration_tests::ecd::now();
        record_of(Section::Reports, client, &format!("B{batch}-{number}"), at, &text)
    };
    let request = |number: usize| ImportRecordsRequest {
        sequence: i64::try_from(number).unwrap(),
        historic: true,
        item: Some(Item::Record(record(number))),
    };
    (0..IMPORTED).map(request).collect()
}

/// The bare INSERT of the same contents in batches of 500, a transaction each; gives the records per second.
async fn bare_insert(connection: &mut PgConnection, client: Uuid, records: &[ImportRecordsRequest]) -> f64 {
    let began = Instant::now();
    for batch in records.chunks(500) {
        let record = |request: &ImportRecordsRequest| match request.item.clone().unwrap() {
            Item::Record(record) => record,
            Item::Client(_) => unreachable!(),
        };
        let all: Vec<Record> = batch.iter().map(record).collect();
        let ids: Vec<Uuid> = all.iter().map(|_| chassis::id::v7(integration_tests::ecd::now())).collect();
        let external: Vec<String> =
            all.iter().map(|it| format!("bare-{}", it.origin.as_ref().unwrap().external_id)).collect();
        let contents: Vec<Vec<u8>> =
            all.iter().map(|it| it.content.as_ref().unwrap().encode_to_vec()).collect();
        sqlx::query(
            "INSERT INTO record (organisation_id, client_id, changed_at, at, ends_at, section, source, version, id,
                 external_id, content)
             SELECT organisation_id, client_id, now(), now(), now(), 1, 'bare', 1, o.* FROM client,
                 unnest($2::uuid[], $3::text[], $4::bytea[]) AS o WHERE client_id = $1",
        )
        .bind(client)
        .bind(&ids)
        .bind(&external)
        .bind(&contents)
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    records.len() as f64 / began.elapsed().as_secs_f64()
}

async fn import(system: &System, ecd: &Ecd, report: &mut Report) {
    let (client, external_id) = ecd.register_client("mevrouw I. Invoer").await.unwrap();
    let mut connection = system.as_superuser("dossier").await;
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let records = reports(&external_id, round);
        floor.push(bare_insert(&mut connection, client.parse().unwrap(), &records).await);
        let began = Instant::now();
        assert_eq!(ecd.import(records).await.len(), IMPORTED);
        product.push(IMPORTED as f64 / began.elapsed().as_secs_f64());
    }
    report.add(Row {
        name: "ImportRecords, with audit and events",
        unit: "records/s",
        against: "INSERT … SELECT unnest of 500 in a transaction",
        floor,
        product,
        target: Target::AtLeast(0.2),
        cpu_ms: BTreeMap::new(),
    });
}

/// Pages at half of their highest rate, first alone, then while a source sends all that it can.
async fn beside_import(system: &System, people: &People, ecd: &Ecd, report: &mut Report) {
    let (_, external_id) = ecd.register_client("mevrouw B. Bulk").await.unwrap();
    let browsers = Browsers::open(system.facts["gateway"].as_str().unwrap(), CONNECTIONS).await;
    let step = Arc::new(AtomicUsize::new(0));
    let rate = page::rate(&browsers, people, &step).await / 2.0;
    let everyone = Arc::new(people.clone());
    let pages = || {
        let (browsers, people, step) = (browsers.clone(), Arc::clone(&everyone), Arc::clone(&step));
        p99(rate, CONNECTIONS, move |caller| {
            let (browsers, people) = (browsers.clone(), Arc::clone(&people));
            let number = step.fetch_add(1, Ordering::Relaxed);
            async move { browsers.get(caller, "/reports", &people.at_step(number).session).await }
        })
    };
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        floor.push(pages().await);
        let (busy, sent) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let (ecd, client) = (system.ecd("thuisgenoten"), external_id.clone());
        let (sending, count) = (Arc::clone(&busy), Arc::clone(&sent));
        let source = tokio::spawn(async move {
            for batch in 0.. {
                if !sending.load(Ordering::Relaxed) {
                    return;
                }
                let mut records = reports(&client, 100 + round * 100 + batch);
                records.truncate(2_000);
                count.fetch_add(ecd.import(records).await.len() as u64, Ordering::Relaxed);
            }
        });
        product.push(pages().await);
        busy.store(false, Ordering::Relaxed);
        source.await.unwrap();
        assert!(sent.load(Ordering::Relaxed) > 0);
    }
    report.add(Row {
        name: "reports page p99 while an import runs",
        unit: "ms",
        against: "the same without the import",
        floor,
        product,
        target: Target::AtMost(2.0),
        cpu_ms: BTreeMap::new(),
    });
}

/// Adds so many records to a new client's dossier; gives the client's id.
async fn dossier_of(connection: &mut PgConnection, ecd: &Ecd, records: i64) -> Uuid {
    let (client, external_id) = ecd.register_client("mevrouw L. Lang").await.unwrap();
    let content =
        record_of(Section::Reports, &external_id, "x", integration_tests::ecd::now(), "Goed geslapen.");
    sqlx::query(
        "INSERT INTO record (organisation_id, client_id, changed_at, at, ends_at, section, source, version, id,
             external_id, content)
         SELECT organisation_id, client_id, now(), t.at, t.at, 1, 'ecd', 1, gen_random_uuid(), 'L' || client_id || n, $3
         FROM client, generate_series(1, $2) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS t
         WHERE client_id = $1::uuid",
    )
    .bind(&client)
    .bind(records)
    .bind(content.content.unwrap().encode_to_vec())
    .execute(connection)
    .await
    .unwrap();
    client.parse().unwrap()
}

/// The rate of reading twenty reports of a client that begin before this many minutes ago.
async fn list_rate(system: &System, people: &People, client: Uuid, minutes: i32) -> f64 {
    let db = tenant::dossier_db(system, Route::LocalSocket, 8);
    let query = format!(
        "SELECT r.* FROM zp_enter($1, $2, ARRAY[1], NULL) AS tenant CROSS JOIN LATERAL (
             SELECT id, section, source, at, ends_at, changed_at, content FROM record
             WHERE organisation_id = tenant AND client_id = $2 AND section = 1 AND ends_at >= '1900-01-01'
                 AND (at, id) < (now() - interval '{minutes} minutes', 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
             ORDER BY at DESC, id DESC LIMIT 20
         ) AS r ORDER BY at DESC, id DESC",
    );
    let (query, organisation) = (Arc::new(query), people.organisation.uuid());
    closed_loop_rate(8, move |_| {
        let (db, query) = (db.clone(), Arc::clone(&query));
        async move {
            let rows = db.read(|connection| {
                let read = sqlx::query(AssertSqlSafe((*query).clone()));
                read.bind(organisation).bind(client).fetch_all(connection).boxed()
            });
            assert_eq!(rows.await.unwrap().len(), 20);
        }
    })
    .await
}

async fn depth(system: &System, people: &People, report: &mut Report) {
    let ecd = system.ecd("thuisgenoten");
    let mut connection = system.as_superuser("dossier").await;
    let short = dossier_of(&mut connection, &ecd, SHORT).await;
    let long = dossier_of(&mut connection, &ecd, LONG).await;
    sqlx::raw_sql("VACUUM ANALYZE record").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (mut few, mut many, mut deep) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        few.push(list_rate(system, people, short, 0).await);
        many.push(list_rate(system, people, long, 0).await);
        deep.push(list_rate(system, people, long, 500 * 20).await);
    }
    let row = |name, against, floor, product| Row {
        name,
        unit: "reads/s",
        against,
        floor,
        product,
        target: Target::AtLeast(0.9),
        cpu_ms: BTreeMap::new(),
    };
    report.add(row("20 reports of 1,000,000", "20 reports of 1,000", few, many.clone()));
    report.add(row("page 500 of a dossier", "page 1 of the same dossier", many, deep));
}

/// The session of a person who may view these sections of the client's dossier.
async fn session(system: &System, ecd: &Ecd, client: &str, sections: &[Section]) -> String {
    let grant = |section: &Section| Grant { section: (*section).into(), actions: vec![Action::View.into()] };
    let person: Registered = ecd
        .register_for(client, "Eva Visser", RelationKind::Relative, |request| {
            request.grants = sections.iter().map(grant).collect();
        })
        .await
        .unwrap();
    system.portal("thuisgenoten").first_login(system, &person).await
}

/// The start page of one who sees eight panels, less that of one who sees the slowest of them alone.
async fn start_page(system: &System, ecd: &Ecd, report: &mut Report) {
    let (client, external_id) = ecd.register_client("mevrouw S. Start").await.unwrap();
    for section in PANELS {
        let records = (0..40).map(|number| ImportRecordsRequest {
            sequence: number,
            historic: true,
            item: Some(Item::Record(record_of(
                section,
                &external_id,
                &number.to_string(),
                integration_tests::ecd::now(),
                "Goed geslapen.",
            ))),
        });
        ecd.import(records.collect()).await;
    }
    let all = session(system, ecd, &client, &PANELS).await;
    let mut alone = Vec::new();
    for section in PANELS {
        alone.push(session(system, ecd, &client, &[section]).await);
    }
    let browsers = Browsers::open(system.facts["gateway"].as_str().unwrap(), 1).await;
    let time = async |session: &str| {
        let mut times = Vec::new();
        for _ in 0..200 {
            let began = Instant::now();
            browsers.get_any(0, "/", session).await;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        median(&times)
    };
    let mut more = Vec::new();
    for _ in 0..ROUNDS {
        let mut slowest: f64 = 0.0;
        for one in &alone {
            slowest = slowest.max(time(one).await);
        }
        more.push(time(&all).await - slowest);
    }
    report.add(Row {
        name: "start page with eight panels, beyond its slowest panel alone",
        unit: "ms",
        against: "–",
        floor: Vec::new(),
        product: more,
        target: Target::Below(2.0),
        cpu_ms: BTreeMap::new(),
    });
}
