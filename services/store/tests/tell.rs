use std::time::Duration;

use proto::event::v1::{AccessRecorded, AuditFaultKind};
use store::{
    due::{DueLoop, Wake},
    housekeeping::RetentionSettings,
};
use testkit::{caller, outbox};

use crate::{support::TEST_TIMEOUT, trail::Trail};

/// A trail with one record that no event tells of yet, and no writer that lives.
async fn trail_after_a_crash() -> Trail {
    let trail = Trail::start().await;
    trail.audit.record(vec![Trail::access(caller::client(1))]).await.unwrap();
    trail.end_writer().await;
    trail
}

/// How many records each event of the outbox tells of.
async fn told(trail: &Trail) -> Vec<usize> {
    let events = outbox::events::<AccessRecorded>(&mut trail.database.as_superuser().await).await;
    events.iter().map(|(_, batch)| batch.records.len()).collect()
}

async fn until_told(trail: &Trail, expected: &[usize]) {
    let reached = async { while told(trail).await != expected {} };
    tokio::time::timeout(TEST_TIMEOUT, reached).await.unwrap();
}

#[tokio::test]
async fn writer_tells_by_itself_soon() {
    let trail = Trail::start().await;
    trail
        .audit
        .record(vec![Trail::access(caller::client(1)), Trail::access(caller::client(2))])
        .await
        .unwrap();
    until_told(&trail, &[2]).await;
}

#[tokio::test]
async fn writer_tells_when_its_process_ends() {
    let Trail { audit, database, db, clock, keys, own } = Trail::start().await;
    audit.record(vec![Trail::access(caller::client(1))]).await.unwrap();
    drop(audit);
    let audit = Trail::writer(&db, &clock, &own);
    until_told(&Trail { database, db, clock, audit, keys, own }, &[1]).await;
}

#[tokio::test]
async fn event_tells_of_at_most_200_records() {
    let trail = Trail::start().await;
    let accesses = (0..450).map(|number| Trail::access(caller::client(number))).collect();
    trail.audit.record(accesses).await.unwrap();
    trail.audit.tell().await.unwrap();
    assert_eq!(told(&trail).await, [200, 200, 50]);
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn records_of_a_dead_writer_are_told_once() {
    let trail = trail_after_a_crash().await;
    assert_eq!(told(&trail).await, [0; 0]);
    let due = DueLoop {
        db: trail.db.clone(),
        clock: trail.clock.clone(),
        audit: trail.audit.clone(),
        retention: RetentionSettings::default(),
        consumers: Vec::new(),
        works: Vec::new(),
        wake: Wake::default(),
    };
    for _ in 0..2 {
        due.run_once().await.unwrap();
        assert_eq!(told(&trail).await, [1]);
    }
    trail.clock.advance(Duration::from_mins(4));
    trail.publish().await;
    assert_eq!(trail.faults().await, [], "the event names the record and its hash");
}

#[tokio::test]
async fn records_of_a_living_writer_are_left_to_it() {
    let trail = Trail::start().await;
    let dead = Trail::writer(&trail.db, &trail.clock, &trail.own);
    for (writer, client) in [(&trail.audit, 1), (&dead, 2)] {
        writer.record(vec![Trail::access(caller::client(client))]).await.unwrap();
    }
    assert_eq!(trail.audit.tell_left().await.unwrap(), 0);
}

#[tokio::test]
async fn writer_goes_on_in_a_new_chain_after_its_connection_died() {
    let trail = trail_after_a_crash().await;
    let access = || vec![Trail::access(caller::client(2))];
    assert!(
        trail.audit.record(access()).await.is_err(),
        "nobody knows whether a dying connection has committed"
    );
    trail.audit.record(access()).await.unwrap();
    trail.audit.tell().await.unwrap();
    assert_eq!(trail.audit.tell_left().await.unwrap(), 1);
    let found = trail.verify().await;
    assert_eq!((found.records, found.chains, found.faults), (2, 2, vec![]));
    assert_eq!(told(&trail).await, [1, 1]);
}

#[tokio::test]
async fn records_of_a_day_before_yesterday_are_written_one_after_the_other() {
    let trail = Trail::start().await;
    for number in 1..=3 {
        let mut access = Trail::access(caller::client(number));
        access.ctx.now -= jiff::SignedDuration::from_hours(72);
        trail.audit.record(vec![access]).await.unwrap();
        trail.audit.tell().await.unwrap();
    }
    assert_eq!(trail.faults().await, []);
    assert_eq!(told(&trail).await, [1, 1, 1]);
}

#[tokio::test]
async fn cut_end_of_a_chain_is_found_once_it_was_told_after_a_crash() {
    let trail = trail_after_a_crash().await;
    trail.audit.tell_left().await.unwrap();
    trail.publish().await;
    trail.run_as_superuser("DELETE FROM audit_record").await;
    assert_eq!(trail.faults().await, [(1, AuditFaultKind::Missing)]);
}

#[tokio::test]
async fn record_that_nothing_tells_of_is_reported_after_three_minutes() {
    let trail = trail_after_a_crash().await;
    trail.run_as_superuser("DELETE FROM audit_untold").await;
    assert_eq!(trail.audit.tell_left().await.unwrap(), 0);
    trail.clock.advance(Duration::from_secs(179));
    assert_eq!(trail.faults().await, []);
    trail.clock.advance(Duration::from_secs(1));
    assert_eq!(trail.faults().await, [(1, AuditFaultKind::Untold)]);
}
