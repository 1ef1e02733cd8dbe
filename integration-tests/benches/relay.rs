//! Measures the relay from the outbox to JetStream, beside JetStream alone. Both have the same number of
//! events in flight and `sync_interval: always`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_nats::jetstream::Context;
use chassis::{Clock, Ctx};
use futures::{StreamExt, stream};
use integration_tests::System;
use sqlx::{ConnectOptions, migrate::Migrator, postgres::PgConnectOptions};
use store::{housekeeping::RetentionSettings, relay::Relay, stream as streams};
use testkit::{Bus, caller, postgres::Database};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::harness::{ROUNDS, Report, Row, Target};

/// The number of events in one measurement.
const EVENTS: i64 = 8_000;
/// The number of events in flight, the same as in the relay.
const WINDOW: usize = 128;
/// The size of an event in bytes, as a real event has.
const BYTES: usize = 300;
const SUBJECT: &str = "event.zorgportaal.dossier.v1.RecordAdded";

static NO_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| Migrator::with_migrations(Vec::new()));

async fn publish(bus: &Context) -> f64 {
    let began = Instant::now();
    let done = stream::iter(0..EVENTS)
        .map(async |_| {
            let ack = bus.publish(SUBJECT, vec![7; BYTES].into()).await.unwrap();
            ack.await.unwrap();
        })
        .buffered(WINDOW);
    done.collect::<Vec<()>>().await;
    EVENTS as f64 / began.elapsed().as_secs_f64()
}

async fn relay(database: &Database, bus: &Context) -> f64 {
    let mut superuser = database.as_superuser().await;
    let organisation = Ctx::of_service("store", caller::organisation(1), Clock::machine().now()).organisation;
    sqlx::query(
        "INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent)
         SELECT gen_random_uuid(), $1, $2, decode(repeat('07', $3), 'hex'), '' FROM generate_series(1, $4)",
    )
    .bind(organisation.uuid())
    .bind(SUBJECT)
    .bind(i32::try_from(BYTES).unwrap())
    .bind(EVENTS)
    .execute(&mut superuser)
    .await
    .unwrap();
    let stop = CancellationToken::new();
    let relay =
        Relay::new(database.db("store"), Clock::machine(), bus.clone(), 1, RetentionSettings::default());
    let began = Instant::now();
    let task = tokio::spawn(relay.run(stop.clone()));
    loop {
        let waiting: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM outbox)").fetch_one(&mut superuser).await.unwrap();
        if !waiting {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let rate = EVENTS as f64 / began.elapsed().as_secs_f64();
    stop.cancel();
    task.await.unwrap();
    rate
}

pub async fn run(system: &System, report: &mut Report) {
    let server: PgConnectOptions = system.facts["postgres"].as_str().unwrap().parse().unwrap();
    let database = Database::create_on(server.disable_statement_logging(), "store", &NO_MIGRATIONS).await;
    let bus = Bus::start();
    let context = bus.context().await;
    streams::ensure(&context, 1).await.unwrap();
    let (mut floor, mut product) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(publish(&context).await);
        product.push(relay(&database, &context).await);
    }
    report.add(Row {
        name: "relay: outbox to stream, moved to the log",
        unit: "events/s",
        against: "JetStream alone, 128 in flight, synced always",
        floor,
        product,
        target: Target::AtLeast(0.6),
        cpu_ms: BTreeMap::new(),
    });
}
