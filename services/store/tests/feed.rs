use proto::event::v1::{SubscribeRequest, event_feed_server::EventFeed};
use store::feed::Feed;
use testkit::caller;
use tokio_stream::StreamExt;

use crate::support::Suite;

async fn positions(suite: &Suite, organisation: u64, after: i64) -> Vec<i64> {
    let mut request = tonic::Request::new(SubscribeRequest { after_position: after, only_existing: true });
    request
        .extensions_mut()
        .insert(chassis::Ctx { organisation: caller::organisation(organisation), ..suite.ctx() });
    let stream = Feed::new(suite.db.clone()).subscribe(request).await.unwrap().into_inner();
    stream.map(|event| event.unwrap().position).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_goes_on_where_the_caller_was_and_shows_no_other_organisation() {
    let suite = Suite::start().await;
    for version in 1..=30 {
        suite.tell(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 30).await;
    assert_eq!(positions(&suite, 1, 0).await, (1..=30).collect::<Vec<i64>>());
    assert_eq!(positions(&suite, 1, 12).await, (13..=30).collect::<Vec<i64>>());
    assert_eq!(positions(&suite, 2, 0).await, Vec::<i64>::new());
}
