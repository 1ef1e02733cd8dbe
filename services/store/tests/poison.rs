use chassis::id::EventId;
use testkit::caller;

use crate::support::{Mood, Suite};

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_event_are_put_aside_and_the_rest_flows() {
    let suite = Suite::start().await;
    let _ears = suite.listen(Mood::Well).await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("heard", 1).await;
    let bus = suite.bus.context().await;
    let subject = "event.zorgportaal.dossier.v1.ReportAdded";
    bus.publish(subject, "not an event".into()).await.unwrap().await.unwrap();
    suite.tell(caller::uuid(1), 2).await;
    suite.until_count("heard", 2).await;
    suite.until_count("dead_letter", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_always_fails_is_put_aside_after_eight_attempts_without_any_effect() {
    let suite = Suite::start().await;
    let poison = caller::uuid(66);
    let mut ears = suite.listen(Mood::FailsOn(poison)).await;
    suite.tell(poison, 1).await;
    suite.tell(caller::uuid(1), 1).await;
    suite.until_count("dead_letter", 1).await;
    suite.until_count("heard", 1).await;

    assert_eq!(suite.heard().await, [(caller::uuid(1), 1)], "nothing of a failed handler stays");
    let attempts: i64 = sqlx::query_scalar("SELECT attempts FROM dead_letter")
        .fetch_one(&mut suite.database.behind().await)
        .await
        .unwrap();
    assert_eq!(attempts, 8);
    let mut tries = 0;
    while let Ok((aggregate, _)) = ears.heard.try_recv() {
        tries += usize::from(aggregate == poison);
    }
    assert!(tries >= 8, "{tries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_put_back_is_handled_and_gone() {
    let suite = Suite::start().await;
    let poison = caller::uuid(66);
    let _ears = suite.listen(Mood::FailsOn(poison)).await;
    suite.tell(poison, 1).await;
    suite.until_count("dead_letter", 1).await;
    let event: uuid::Uuid = sqlx::query_scalar("SELECT event_id FROM dead_letter")
        .fetch_one(&mut suite.database.behind().await)
        .await
        .unwrap();
    // The cure: a handler that does well, under the same name.
    let (cured, _ears) = Suite::consumer(Mood::Well);
    for letter in store::dead_letter::find(&suite.db, EventId(event)).await.unwrap() {
        assert_eq!(letter.consumer, cured.name());
        cured.replay(&suite.db, &suite.clock, &letter.payload).await.unwrap();
    }
    assert_eq!(suite.heard().await, [(poison, 1)]);
    assert_eq!(suite.count("dead_letter").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_too_large_for_the_bus_is_put_aside_and_those_behind_it_go_on() {
    let suite = Suite::start().await;
    let _ears = suite.listen(Mood::Well).await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), store::Mode::Write).await.unwrap();
    let message = proto::dossier::v1::ReportAdded { report_id: "x".repeat(2_000_000) };
    tx.emit(store::About::new(caller::uuid(1), 1), &message).await.unwrap();
    tx.commit().await.unwrap();
    suite.tell(caller::uuid(2), 1).await;
    suite.until_count("heard", 1).await;
    suite.until_count("dead_letter", 1).await;
    assert_eq!(suite.count("outbox").await, 0);
}
