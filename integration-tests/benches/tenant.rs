//! Measures the cost of row-level security: a page of reports read by one statement that sets the tenant, beside the
//! same prepared query alone. Both use eight connections over the local socket.

use std::collections::BTreeMap;
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use chassis::{
    Clock, Ctx,
    id::ClientId,
    keys::{KeySettings, Keys},
    secret_file::SecretFile,
};
use futures::FutureExt;
use integration_tests::System;
use prost::Message;
use proto::dossier::v1::Content;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};
use store::{Db, Mode, db::PostgresSettings};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    harness::{ROUNDS, Report, Row, Target, closed_loop_rate},
    people::People,
};

pub const QUERY: &str = "SELECT id, source, at, ends_at, changed_at, content FROM record
    WHERE organisation_id = $1 AND client_id = $2 AND section = 1 ORDER BY at DESC, id DESC LIMIT 20";
const CONNECTIONS: usize = 8;

/// The same query as a read of one statement.
static READ: LazyLock<String> = LazyLock::new(|| {
    let query = QUERY.replace("organisation_id = $1", "organisation_id = tenant");
    format!("SELECT r.* FROM zp_enter($1, $2, ARRAY[1], NULL) AS tenant CROSS JOIN LATERAL ({query}) AS r")
});

/// How a process reaches Postgres.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// As the product's services do.
    Tcp,
    /// As the bare query does.
    LocalSocket,
}

/// The database of dossier, with the role and settings of dossier itself.
pub fn dossier_db(system: &System, route: Route, connections: u32) -> Db {
    let url = system.facts["postgres"].as_str().unwrap();
    let (host, port) = url.split_once('@').unwrap().1.split_once('/').unwrap().0.rsplit_once(':').unwrap();
    let host = if route == Route::Tcp { "127.0.0.1" } else { host };
    let settings = PostgresSettings {
        url: format!("postgres://dossier_login@{host}:{port}/dossier"),
        password_file: SecretFile::new(system.data().join("secrets/dossier.login")),
        max_connections: connections,
    };
    let keys = KeySettings::new(system.data().join("keys/public"), system.data().join("keys/private"));
    let keys = Keys::open(keys, "dossier").unwrap();
    Db::open("dossier", &settings, keys.trail().unwrap()).unwrap()
}

fn ctx(people: &People, client: Uuid) -> Ctx {
    let now = Clock::machine().now();
    Ctx { client: Some(ClientId(client)), ..Ctx::of_service("dossier", people.organisation, now) }
}

/// The texts of a client's twenty newest reports, read in a tenant transaction.
pub async fn in_transaction(db: &Db, people: &People, client: Uuid) -> Vec<String> {
    let mut tx = db.in_organisation(&ctx(people, client), Mode::Read).await.unwrap();
    let rows = sqlx::query(QUERY).bind(people.organisation.uuid()).bind(client);
    let rows = rows.fetch_all(tx.connection()).await.unwrap();
    assert_eq!(rows.len(), 20);
    let text = |row: &sqlx::postgres::PgRow| {
        let content = Content::decode(row.get::<&[u8], _>("content")).unwrap();
        testkit::records::report_of(Some(content)).text
    };
    rows.iter().map(text).collect()
}

/// The same, read by one statement that sets the tenant itself.
async fn in_one_statement(db: &Db, people: &People, client: Uuid) -> usize {
    let ctx = ctx(people, client);
    let rows = db.read(|connection| {
        let query = sqlx::query(AssertSqlSafe(READ.clone()));
        query.bind(ctx.organisation.uuid()).bind(client).fetch_all(connection).boxed()
    });
    rows.await.unwrap().len()
}

pub async fn run(system: &System, people: &People, report: &mut Report) {
    let url = system.facts["postgres"].as_str().unwrap();
    let url = format!("{}/dossier", url.rsplit_once('/').unwrap().0);
    // A connection for each caller: a pool would test the connection after each query.
    let mut bare = Vec::new();
    for _ in 0..CONNECTIONS {
        bare.push(Mutex::new(PgConnection::connect(&url).await.unwrap()));
    }
    let bare = Arc::new(bare);
    let db = dossier_db(system, Route::LocalSocket, 8);
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    let step = Arc::new(AtomicUsize::new(0));
    for _ in 0..ROUNDS {
        let (bare, everyone, steps) = (Arc::clone(&bare), people.clone(), Arc::clone(&step));
        floor.push(
            closed_loop_rate(CONNECTIONS, move |caller| {
                let (bare, organisation) = (Arc::clone(&bare), everyone.organisation.uuid());
                let client = everyone.at_step(steps.fetch_add(1, Ordering::Relaxed)).client;
                async move {
                    let mut connection = bare[caller].lock().await;
                    let query = sqlx::query(QUERY).bind(organisation).bind(client);
                    let rows = query.fetch_all(&mut *connection).await.unwrap();
                    assert_eq!(rows.len(), 20);
                }
            })
            .await,
        );
        let (db, everyone, steps) = (db.clone(), Arc::new(people.clone()), Arc::clone(&step));
        product.push(
            closed_loop_rate(CONNECTIONS, move |_| {
                let (db, everyone) = (db.clone(), Arc::clone(&everyone));
                let client = everyone.at_step(steps.fetch_add(1, Ordering::Relaxed)).client;
                async move { assert_eq!(in_one_statement(&db, &everyone, client).await, 20) }
            })
            .await,
        );
    }
    report.add(Row {
        name: "20 reports of a tenant in one statement",
        unit: "reads/s",
        against: "the bare prepared query, 8 connections",
        floor,
        product,
        target: Target::AtLeast(0.6),
        cpu_ms: BTreeMap::new(),
    });
}
