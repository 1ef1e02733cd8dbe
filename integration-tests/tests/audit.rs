//! The audit trail during faults (LOG-01, LOG-04, I-3): dossier is killed while it answers, the trail cannot
//! be written, a row is changed.

use std::collections::HashSet;

use integration_tests::{Portal, System, eventually};
use reqwest::StatusCode;
use sqlx::{AssertSqlSafe, Connection};

/// Registers a client with one report; gives the portal and the client's session token.
async fn reader(system: &System) -> (Portal, String) {
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    let session = portal.first_login(system, &person).await;
    ecd.report(&person, "Alleen voor haar.").await.unwrap();
    (portal, session)
}

/// The trace ids of the reads that the trail records as answered.
async fn answered(system: &System) -> HashSet<String> {
    let records: Vec<String> = sqlx::query_scalar(
        "SELECT correlation_id FROM audit_record WHERE outcome = 1 AND method LIKE '%/ListReports'",
    )
    .fetch_all(&mut system.as_superuser("dossier").await)
    .await
    .unwrap();
    let count = records.len();
    let records: HashSet<String> = records.into_iter().collect();
    assert_eq!(records.len(), count, "a read has one record");
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_its_record_is_durable_a_read_gives_no_data() {
    let system = System::start().await;
    let (portal, session) = reader(&system).await;
    portal.wait_until_up(&session).await;
    // Kill dossier before it writes the audit record, and before it notes that nothing tells of the record yet.
    for table in ["audit_record", "audit_untold"] {
        let mut holder = system.as_superuser("dossier").await;
        eventually("all earlier records are told", async || {
            let untold = sqlx::query_scalar("SELECT count(*) FROM audit_untold");
            let untold: i64 = untold.fetch_one(&mut system.as_superuser("dossier").await).await.ok()?;
            (untold == 0).then_some(())
        })
        .await;
        let hold = AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE"));
        sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
        // No check that the record is gone: when the process dies, a record without an answer may exist.
        let (asking, token) = (portal.clone(), session.clone());
        let read = tokio::spawn(async move { asking.try_get("/reports", &token).await.unwrap() });
        eventually("the record waits", async || {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
            )
            .bind(format!("%INSERT INTO {table} (%"))
            .fetch_one(&mut system.as_superuser("dossier").await)
            .await
            .ok()?;
            (waiting > 0).then_some(())
        })
        .await;
        system.signal("dossier", "KILL");
        holder.close().await.unwrap();
        let answer = read.await.unwrap();
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{table}: {answer:?}");
        assert!(!answer.body.to_string().contains("Alleen voor haar"), "{table}: {answer:?}");
        portal.wait_until_up(&session).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_read_has_its_record_despite_kills() {
    let system = System::start().await;
    let (portal, session) = reader(&system).await;
    let mut moments = fastrand::Rng::with_seed(7);
    let mut answered_reads = Vec::new();
    for _ in 0..6 {
        portal.wait_until_up(&session).await;
        let reads = (0..8).map(|_| {
            let (portal, session) = (portal.clone(), session.clone());
            tokio::spawn(async move {
                let mut answered = Vec::new();
                loop {
                    match portal.try_get("/reports", &session).await {
                        Some(answer) if answer.status == StatusCode::OK => answered.push(answer.id),
                        _ => return answered,
                    }
                }
            })
        });
        let reads: Vec<_> = reads.collect();
        // Kill dossier after a random number of records: the eight readers are then at different points of a
        // read.
        let (before, more) = (answered(&system).await.len(), moments.usize(5..80));
        eventually("reads", async || (answered(&system).await.len() >= before + more).then_some(())).await;
        system.signal("dossier", "KILL");
        for read in futures::future::join_all(reads).await {
            answered_reads.extend(read.unwrap());
        }
    }
    portal.wait_until_up(&session).await;
    let records = answered(&system).await;
    assert!(answered_reads.len() > 100, "{}", answered_reads.len());
    let without: Vec<_> = answered_reads.iter().filter(|id| !records.contains(*id)).collect();
    assert!(without.is_empty(), "answered without a record: {without:?}");
    let verified = system.command(&["audit", "verify", "dossier", "--organisation", "thuisgenoten"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_writer_reads_fail_and_a_changed_row_is_named() {
    let system = System::start().await;
    let (portal, session) = reader(&system).await;
    portal.wait_until_up(&session).await;
    let mut superuser = system.as_superuser("dossier").await;
    sqlx::raw_sql("REVOKE INSERT ON audit_record FROM dossier_audit").execute(&mut superuser).await.unwrap();
    let answer = portal.get("/reports", &session).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(!answer.body.to_string().contains("Alleen voor haar"), "{answer:?}");
    eventually("dossier is not ready", async || {
        let ready: serde_json::Value = portal.page("/healthz/ready").await.json().await.ok()?;
        (ready["away"] == serde_json::json!(["dossier"])).then_some(())
    })
    .await;
    sqlx::raw_sql("GRANT INSERT ON audit_record TO dossier_audit").execute(&mut superuser).await.unwrap();
    portal.wait_until_up(&session).await;

    let verify = || system.command(&["audit", "verify", "dossier", "--organisation", "thuisgenoten"]);
    assert!(verify().status.success());
    let changed: uuid::Uuid = sqlx::query_scalar(
        "UPDATE audit_record SET person_name = 'X' || substr(person_name, 2)
         WHERE record_id = (SELECT record_id FROM audit_record WHERE method LIKE '%/ListReports' LIMIT 1)
         RETURNING record_id",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    let found = verify();
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(!found.status.success() && said.contains(&changed.to_string()), "{said}");
    assert_eq!(
        said.lines().filter(|line| line.contains("record")).count(),
        2,
        "one fault and the sum: {said}"
    );
}
