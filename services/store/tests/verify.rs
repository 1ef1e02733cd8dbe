use chassis::{
    keys::KeyKind,
    secret::{hex, sha256},
};
use jiff::{SignedDuration, Timestamp};
use proto::event::v1::AuditFaultKind;
use store::{
    About, Mode,
    audit::{ExportError, export_month},
};
use testkit::caller;

use crate::{support::SERVICE, trail::Trail};

#[tokio::test]
async fn changed_and_deleted_records_are_reported() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("UPDATE audit_record SET actor_id = 'somebody else' WHERE sequence = 2").await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence = 4").await;
    let (changed, missing) = ((2, AuditFaultKind::Changed), (4, AuditFaultKind::Missing));
    assert_eq!(trail.faults().await, [changed, missing, missing], "the chain and the event miss record 4");
}

#[tokio::test]
async fn changed_byte_in_any_column_is_reported() {
    let trail = Trail::with_published_records().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_name = 'audit_record'",
    )
    .fetch_all(&mut trail.database.as_superuser().await)
    .await
    .unwrap();
    assert!(columns.len() > 12, "{columns:?}");
    for (column, kind) in columns {
        let other = match kind.as_str() {
            "bigint" => format!("{column} + 100"),
            "text" => format!("overlay({column} || ' ' placing '~' from 1 for 1)"),
            "integer" | "date" => format!("{column} + 1"),
            "uuid" => "gen_random_uuid()".to_owned(),
            "bytea" => format!("set_byte({column}, 31, get_byte({column}, 31) # 1)"),
            _ => format!("{column} + interval '1 microsecond'"),
        };
        let change = format!("UPDATE audit_record SET {column} = {other} WHERE sequence = 3");
        let mut superuser = trail.database.as_superuser().await;
        sqlx::raw_sql("CREATE TEMP TABLE backup AS SELECT * FROM audit_record")
            .execute(&mut superuser)
            .await
            .unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(change)).execute(&mut superuser).await.unwrap();
        let faults = trail.faults().await;
        // A change may move the record to another chain or sequence: number 3 is then missing.
        assert!(faults.iter().any(|(sequence, _)| *sequence == 3), "{column}: {faults:?}");
        let moves = ["organisation_id", "writer_id", "day", "sequence"].contains(&column.as_str());
        let is_changed = |fault: &(i64, AuditFaultKind)| *fault == (3, AuditFaultKind::Changed);
        assert!(moves || faults.iter().all(is_changed), "no other record is named: {column}: {faults:?}");
        sqlx::raw_sql(
            "TRUNCATE audit_record; INSERT INTO audit_record SELECT * FROM backup; DROP TABLE backup",
        )
        .execute(&mut superuser)
        .await
        .unwrap();
        assert_eq!(trail.faults().await, [], "{column} is restored");
    }
}

#[tokio::test]
async fn deleted_chain_end_and_deleted_chain_are_reported() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence > 4").await;
    let missing = AuditFaultKind::Missing;
    assert_eq!(trail.faults().await, [(5, missing), (6, missing)]);
    trail.run_as_superuser("DELETE FROM audit_record").await;
    assert_eq!(trail.faults().await, (1..=6).map(|sequence| (sequence, missing)).collect::<Vec<_>>());
}

#[tokio::test]
async fn unreadable_event_is_reported_and_the_check_continues() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("UPDATE event_log SET payload = 'no event' WHERE position = 2").await;
    trail.run_as_superuser("UPDATE event_log SET payload = '' WHERE position = 3").await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence = 6").await;
    let (untold, changed) = (AuditFaultKind::Untold, AuditFaultKind::EventChanged);
    let missing = AuditFaultKind::Missing;
    assert_eq!(trail.faults().await, [(2, untold), (2, changed), (3, changed), (6, missing)]);
}

/// A copy of the last record with another id, under a hash that whoever holds the table alone can compute.
const APPEND: &str =
    "INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, client_id,
         recorded_at, actor_kind, actor_id, person_name, person_relation, person_ground, person_impersonator,
         section, method, outcome, correlation_id, object_kind, object_id, event_id, hash)
     SELECT organisation_id, WRITER, day, SEQUENCE, gen_random_uuid(), client_id, recorded_at, actor_kind,
         actor_id, person_name, person_relation, person_ground, person_impersonator, section, method, outcome,
         correlation_id, object_kind, object_id, event_id, sha256(hash) FROM audit_record WHERE sequence = 6";

#[tokio::test]
async fn record_that_was_added_by_hand_is_reported() {
    for (writer, sequence) in [("writer_id", 7), ("gen_random_uuid()", 1)] {
        let trail = Trail::with_published_records().await;
        let add = APPEND.replace("WRITER", writer).replace("SEQUENCE", &sequence.to_string());
        let mut superuser = trail.database.as_superuser().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(add)).execute(&mut superuser).await.unwrap();
        assert_eq!(trail.faults().await, [(sequence, AuditFaultKind::Changed)], "{writer}");
    }
}

#[tokio::test]
async fn changed_byte_of_any_event_is_reported() {
    let trail = Trail::with_published_records().await;
    let ctx = Trail::access(caller::client(1)).ctx;
    let mut tx = trail.db.in_organisation(&ctx, Mode::Write).await.unwrap();
    let imported = proto::dossier::v1::RecordsImported { counts: Vec::new(), historic: true };
    tx.emit(About::new(caller::uuid(1), 1), &imported).await.unwrap();
    tx.commit().await.unwrap();
    trail.publish().await;
    let mut superuser = trail.database.as_superuser().await;
    for position in [1, 7] {
        let bytes: i32 = sqlx::query_scalar("SELECT length(payload) FROM event_log WHERE position = $1")
            .bind(position)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        for at in (0..bytes).step_by(11) {
            let flip = "UPDATE event_log SET payload = set_byte(payload, $2, get_byte(payload, $2) # 1)
                 WHERE position = $1";
            sqlx::query(flip).bind(position).bind(at).execute(&mut superuser).await.unwrap();
            let faults = trail.faults().await;
            assert!(
                faults.contains(&(position, AuditFaultKind::EventChanged)),
                "{position}, {at}: {faults:?}"
            );
            sqlx::query(flip).bind(position).bind(at).execute(&mut superuser).await.unwrap();
        }
    }
    assert_eq!(trail.faults().await, []);
    for change in
        ["subject = subject || 'x'", "position = 8", "organisation_id = gen_random_uuid()", "mac = ''"]
    {
        let trail = Trail::with_published_records().await;
        let change = format!("UPDATE event_log SET {change} WHERE position = 6");
        let mut superuser = trail.database.as_superuser().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(change.clone())).execute(&mut superuser).await.unwrap();
        assert_ne!(trail.faults().await, [], "{change}");
    }
}

#[tokio::test]
async fn deleted_event_is_reported_with_the_record_that_nothing_tells_of() {
    for position in [1, 3, 6] {
        let trail = Trail::with_published_records().await;
        let mut superuser = trail.database.as_superuser().await;
        sqlx::query("DELETE FROM event_log WHERE position = $1")
            .bind(position)
            .execute(&mut superuser)
            .await
            .unwrap();
        let (untold, missing) = (AuditFaultKind::Untold, AuditFaultKind::EventMissing);
        assert_eq!(trail.faults().await, [(position, untold), (position, missing)]);
    }
}

#[tokio::test]
async fn events_that_left_the_log_in_time_are_no_fault() {
    let trail = Trail::with_published_records().await;
    let mut later = Trail::access(caller::client(1));
    later.ctx.now += SignedDuration::from_secs(60);
    trail.audit.record(vec![later.clone()]).await.unwrap();
    trail.audit.tell().await.unwrap();
    testkit::outbox::publish(&trail.db, later.ctx.now).await;
    // The events of the morning are no longer kept.
    assert_eq!(store::log::delete_before(&trail.db, later.ctx.now).await.unwrap(), 6);
    assert_eq!(trail.faults().await, []);
    trail.run_as_superuser("DELETE FROM event_log; UPDATE event_position SET first = 8").await;
    let faults = trail.faults().await;
    assert!(
        faults.contains(&(7, AuditFaultKind::EventMissing)),
        "the lowest position was set by hand: {faults:?}"
    );
}

#[tokio::test]
async fn records_and_events_hold_across_a_change_of_the_key() {
    let trail = Trail::with_published_records().await;
    trail.keys.settings.begin_change(SERVICE, KeyKind::Trail).unwrap().finish().unwrap();
    trail.own.read_again().unwrap();
    trail.audit.record(vec![Trail::access(caller::client(1))]).await.unwrap();
    trail.audit.tell().await.unwrap();
    trail.publish().await;
    let numbered: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_record WHERE length(hash) = 36")
        .fetch_one(&mut trail.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!((numbered, trail.faults().await), (1, vec![]));
    trail.run_as_superuser("UPDATE audit_record SET hash = substr(hash, 5) WHERE sequence = 7").await;
    assert_ne!(trail.faults().await, [], "the number of the key is part of the hash");
}

#[tokio::test]
async fn month_leaves_after_five_years_and_the_check_knows() {
    let trail = Trail::with_published_records().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, keys) = (folder.path().join("2027-05.jsonl"), trail.own.trail().unwrap());
    let owner = trail.database.login.clone().username("store_owner").password("owner");
    let export = async |month: &str, at: &str| {
        let at: Timestamp = at.parse().unwrap();
        export_month(&owner, &keys, month, at, &file).await
    };
    let refused = export("2027-05", "2032-05-31T23:59:59Z").await;
    assert!(matches!(refused, Err(ExportError::TooYoung(_))), "NL-03: {refused:?}");
    assert!(matches!(export("2027-04", "2040-01-01T00:00:00Z").await, Err(ExportError::NoRecords)));
    assert!(matches!(export("2027-05-03", "2040-01-01T00:00:00Z").await, Err(ExportError::Month)));
    assert_eq!(trail.faults().await, [], "a refused export changes nothing");

    assert_eq!(export("2027-05", "2032-06-01T00:00:00Z").await.unwrap(), 6);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line["sequence"].as_i64().unwrap()).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    let found = trail.verify().await;
    assert_eq!((found.records, found.faults), (0, vec![]));
    let left = &found.left_months[0];
    assert_eq!((left.month.as_str(), left.records, left.chains), ("2027-05", 6, 1));
    let head = lines[5]["hash"].as_str().unwrap().trim_start_matches("\\x").to_owned();
    let heads = sha256(&[&(0..head.len() / 2)
        .map(|at| u8::from_str_radix(&head[at * 2..at * 2 + 2], 16).unwrap())
        .collect::<Vec<u8>>()]);
    assert_eq!(hex(&left.heads_sha256), hex(&heads), "the digest is of the exported heads");

    trail.run_as_superuser("UPDATE audit_left SET records = 5").await;
    assert_eq!(trail.faults().await, [(0, AuditFaultKind::LeftChanged)]);
}
