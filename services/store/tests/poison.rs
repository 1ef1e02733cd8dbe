use chassis::id::EventId;
use testkit::caller;

use crate::support::{Mood, PATIENCE, Suite};

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
    while let Ok((aggregate, _)) = ears.try_recv() {
        tries += usize::from(aggregate == poison);
    }
    assert!(tries >= 8, "{tries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_put_back_is_handled() {
    let suite = Suite::start().await;
    let poison = caller::uuid(66);
    let failing = suite.listen(Mood::FailsOn(poison)).await;
    suite.tell(poison, 1).await;
    suite.until_count("dead_letter", 1).await;
    drop(failing);
    // The cure: a process whose handler does well, under the same name, on a bus of the same stream.
    let event: uuid::Uuid = sqlx::query_scalar("SELECT event_id FROM dead_letter")
        .fetch_one(&mut suite.database.behind().await)
        .await
        .unwrap();
    let mut ears = suite.listen(Mood::Well).await;
    let bus = suite.bus.context().await;
    tokio::time::timeout(PATIENCE, async {
        while suite.count("heard").await == 0 {
            // The failing consumer may take it once more; then it dies once more and is put back once more.
            store::dead_letter::replay(&suite.db, &bus, EventId(event), suite.clock.now()).await.unwrap();
            suite.clock.advance(std::time::Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(ears.recv().await, Some((poison, 1)));
}
