use chassis::Ctx;
use proto::event::v1::{SubscribeRequest, event_feed_server::EventFeed};
use store::feed::Feed;
use testkit::caller;
use tokio_stream::StreamExt;

use crate::support::{Suite, TEST_TIMEOUT};

fn request(
    suite: &Suite,
    organisation: u64,
    after_position: i64,
    only_existing: bool,
) -> tonic::Request<SubscribeRequest> {
    let mut request = tonic::Request::new(SubscribeRequest { after_position, only_existing });
    let organisation = caller::organisation(organisation);
    request.extensions_mut().insert(Ctx { organisation, ..suite.ctx() });
    request
}

async fn positions(suite: &Suite, organisation: u64, after: i64) -> Vec<i64> {
    let request = request(suite, organisation, after, true);
    let stream = Feed::new(suite.db.clone()).subscribe(request).await.unwrap().into_inner();
    stream.map(|event| event.unwrap().position).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn feed_resumes_anywhere_and_shows_only_its_organisation() {
    let suite = Suite::start().await;
    for version in 1..=30 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 30).await;
    for after in 0..=30 {
        assert_eq!(positions(&suite, 1, after).await, (after + 1..=30).collect::<Vec<i64>>());
    }
    assert_eq!(positions(&suite, 2, 0).await, Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn reconnecting_reader_gets_every_event_once() {
    let suite = Suite::start().await;
    let emitters = (0..8).map(|number| {
        let suite = &suite;
        async move {
            for version in 1..=50 {
                suite.emit(caller::uuid(number), version).await;
            }
        }
    });
    let reader = async {
        let (mut seen, mut ids) = (Vec::new(), std::collections::HashSet::new());
        while seen.len() < 400 {
            let after = seen.last().copied().unwrap_or(0);
            let stream =
                Feed::new(suite.db.clone()).subscribe(request(&suite, 1, after, false)).await.unwrap();
            // Read a varying number of events, 1 to 17, and then connect again.
            let take = usize::try_from(after % 17 + 1).unwrap().min(400 - seen.len());
            let mut stream = stream.into_inner().take(take);
            while let Some(answer) = stream.next().await {
                let answer = answer.unwrap();
                seen.push(answer.position);
                ids.insert(answer.event.unwrap().event_id);
            }
        }
        (seen, ids)
    };
    let both = async { tokio::join!(futures::future::join_all(emitters), reader).1 };
    let (seen, ids) = tokio::time::timeout(TEST_TIMEOUT, both).await.unwrap();
    assert_eq!(seen, (1..=400).collect::<Vec<i64>>());
    assert_eq!(ids.len(), 400);
}
