use std::time::Duration;

use jiff::SignedDuration;
use proto::identity::v1::LoginCode;
use store::{
    About, Mode,
    audit::Audit,
    dead_letter::{self, DeadLetter},
    due::{DueLoop, Wake},
    housekeeping::RetentionSettings,
};
use testkit::{Keys, caller};

use crate::support::{Behaviour, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn expired_delivery_is_blanked_in_the_log_an_event_is_not() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let expires_at = suite.clock.now() + SignedDuration::from_mins(5);
    let code = LoginCode { account_id: "x".to_owned(), ..LoginCode::default() };
    tx.deliver(About::new(caller::uuid(2), 1), &code, expires_at).await.unwrap();
    tx.commit().await.unwrap();
    suite.until_count("event_log", 2).await;

    let due = due(&suite, &[]);
    due.run_once().await.unwrap();
    let filled = "(SELECT 1 FROM event_log WHERE payload <> '') AS filled";
    assert_eq!(suite.count(filled).await, 2);
    suite.clock.advance(Duration::from_mins(5) + Duration::from_secs(1));
    due.run_once().await.unwrap();
    assert_eq!(suite.count(filled).await, 1);
}

/// The work of every service, with nothing of its own.
fn due(suite: &Suite, consumers: &[&str]) -> DueLoop {
    let retention = RetentionSettings::default();
    DueLoop {
        db: suite.db.clone(),
        clock: suite.clock.clone(),
        audit: Audit::start(
            suite.db.clone(),
            suite.clock.clone(),
            Keys::generate().of("identity").seal().unwrap(),
            retention,
        ),
        retention,
        consumers: consumers.iter().map(ToString::to_string).collect(),
        works: Vec::new(),
        wake: Wake::default(),
    }
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_and_handled_leaves_in_time_and_not_before() {
    let suite = Suite::start().await;
    let consumer = suite.start_consumer(Behaviour::Succeeds).await;
    for version in 1..=3 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("handled", 3).await;
    suite.until_count("event_log", 3).await;
    consumer.task.abort();
    let due = due(&suite, &["store__RecordAdded"]);
    // The mark of a handled event outlives the event: what may be told again is known as handled.
    for (days, events, marks) in [(400, 3, 3), (1, 0, 3), (364, 0, 3), (1, 0, 0)] {
        suite.clock.advance(DAY * days);
        due.run_once().await.unwrap();
        // The first moment of day 400 is not past it.
        assert_eq!((suite.count("event_log").await, suite.count("inbox").await), (events, marks), "{days}");
    }
    suite.clock.advance(DAY * 365 * 6);
    due.run_once().await.unwrap();
    suite.emit(caller::uuid(1), 4).await;
    suite.until_count("event_log", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_is_blanked_at_its_expiry_and_deleted_after_90_days() {
    let suite = Suite::start().await;
    let letter = |event, expires_at| DeadLetter {
        consumer: "store__RecordAdded",
        event: caller::uuid(event),
        subject: "delivery.zorgportaal.identity.v1.LoginCode",
        payload: b"sealed",
        reason: "a test",
        attempts: 8,
        expires_at,
    };
    let (now, later) = (suite.clock.now(), suite.clock.now() + SignedDuration::from_mins(5));
    dead_letter::insert(&suite.db, letter(1, Some(later)), now).await.unwrap();
    dead_letter::insert(&suite.db, letter(2, None), now).await.unwrap();
    let filled = "(SELECT 1 FROM dead_letter WHERE payload <> '') AS filled";
    let due = due(&suite, &[]);
    for (seconds, letters, with_content) in [(300, 2, 2), (1, 2, 1), (90 * 86_400 - 301, 2, 1), (1, 0, 0)] {
        suite.clock.advance(Duration::from_secs(seconds));
        due.run_once().await.unwrap();
        assert_eq!((suite.count("dead_letter").await, suite.count(filled).await), (letters, with_content));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_of_a_removed_account_are_blanked() {
    let suite = Suite::start().await;
    let account = caller::uuid(5);
    let payload = format!("to {account}, sealed");
    let letter = |event, payload| DeadLetter {
        consumer: "store__RecordAdded",
        event: caller::uuid(event),
        subject: "delivery.zorgportaal.identity.v1.LoginCode",
        payload,
        reason: "a test",
        attempts: 8,
        expires_at: None,
    };
    dead_letter::insert(&suite.db, letter(1, payload.as_bytes()), suite.clock.now()).await.unwrap();
    dead_letter::insert(&suite.db, letter(2, b"to somebody else"), suite.clock.now()).await.unwrap();
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    dead_letter::blank_of_account(&mut tx, account).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(suite.count("(SELECT 1 FROM dead_letter WHERE payload = '') AS blank").await, 1);
}
