use std::time::Duration;

use chassis::{Ctx, id::SystemId, token::TokenLife};
use jiff::SignedDuration;
use proto::event::v1::{Actor, ActorKind, SubscribeRequest, event_feed_server::EventFeed};
use store::{Mode, feed::Feed, revocation::revoke};
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
    let now = suite.clock.now();
    let token = Some(TokenLife { issued_at: now, ends_at: now + SignedDuration::from_secs(90) });
    request.extensions_mut().insert(Ctx { organisation, token, ..suite.ctx() });
    request
}

async fn positions(suite: &Suite, organisation: u64, after: i64) -> Vec<i64> {
    let request = request(suite, organisation, after, true);
    let stream =
        Feed::new(suite.db.clone(), suite.clock.clone()).subscribe(request).await.unwrap().into_inner();
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
            let stream = Feed::new(suite.db.clone(), suite.clock.clone())
                .subscribe(request(&suite, 1, after, false))
                .await
                .unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn feed_below_the_lowest_kept_position_names_that_position() {
    let suite = Suite::start().await;
    for version in 1..=3 {
        suite.emit(caller::uuid(1), version).await;
    }
    suite.until_count("event_log", 3).await;
    suite.clock.advance(Duration::from_secs(1));
    suite.emit(caller::uuid(1), 4).await;
    suite.until_count("event_log", 4).await;
    store::log::delete_before(&suite.db, suite.clock.now()).await.unwrap();
    let feed = Feed::new(suite.db.clone(), suite.clock.clone());
    for after in 0..3 {
        let mut stream = feed.subscribe(request(&suite, 1, after, true)).await.unwrap().into_inner();
        let gone = stream.next().await.unwrap().unwrap_err();
        assert_eq!(gone.code(), tonic::Code::OutOfRange);
        let details = tonic_types::StatusExt::get_error_details(&gone);
        assert_eq!(details.error_info().unwrap().metadata["position"], "3");
    }
    assert_eq!(positions(&suite, 1, 3).await, [4]);
}

/// An open feed of a system, which has read the one event that there is.
async fn open_feed(suite: &Suite, system: SystemId) -> <Feed as EventFeed>::SubscribeStream {
    let mut request = request(suite, 1, 0, false);
    let ctx = request.extensions_mut().get_mut::<Ctx>().unwrap();
    ctx.actor = Actor { kind: ActorKind::System.into(), id: system.to_string() };
    let feed = Feed::new(suite.db.clone(), suite.clock.clone());
    let mut stream = feed.subscribe(request).await.unwrap().into_inner();
    assert_eq!(stream.next().await.unwrap().unwrap().position, 1);
    stream
}

async fn end_of(stream: &mut <Feed as EventFeed>::SubscribeStream) -> tonic::Code {
    let end = tokio::time::timeout(TEST_TIMEOUT, stream.next()).await.unwrap();
    end.unwrap().unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn feed_ends_with_its_token_and_goes_on_with_a_new_one() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    let mut stream = open_feed(&suite, SystemId(caller::uuid(7))).await;
    suite.clock.advance(Duration::from_secs(90));
    suite.emit(caller::uuid(1), 2).await;
    assert_eq!(stream.next().await.unwrap().unwrap().position, 2, "the leeway still holds");
    suite.clock.advance(Duration::from_secs(1));
    assert_eq!(end_of(&mut stream).await, tonic::Code::Unauthenticated);
    assert_eq!(positions(&suite, 1, 2).await, Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn feed_of_a_revoked_system_ends_and_other_feeds_go_on() {
    let suite = Suite::start().await;
    suite.emit(caller::uuid(1), 1).await;
    suite.until_count("event_log", 1).await;
    let (revoked, other) = (SystemId(caller::uuid(7)), SystemId(caller::uuid(8)));
    let (mut first, mut second) = (open_feed(&suite, revoked).await, open_feed(&suite, other).await);
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    revoke(&mut tx, revoked).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(end_of(&mut first).await, tonic::Code::Unauthenticated);
    suite.emit(caller::uuid(1), 2).await;
    assert_eq!(second.next().await.unwrap().unwrap().position, 2);
    // A token that is issued after the revocation opens a feed again.
    suite.clock.advance(Duration::from_secs(1));
    let mut stream = open_feed(&suite, revoked).await;
    assert_eq!(stream.next().await.unwrap().unwrap().position, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_caller_has_a_bounded_number_of_feeds() {
    let suite = Suite::start().await;
    let feed = Feed::new(suite.db.clone(), suite.clock.clone());
    let open = async |organisation| feed.subscribe(request(&suite, organisation, 0, false)).await;
    let mut feeds = Vec::new();
    for _ in 0..8 {
        feeds.push(open(1).await.unwrap());
    }
    let refused = open(1).await.err().unwrap();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert!(open(2).await.is_ok(), "another caller");
    feeds.pop();
    assert!(open(1).await.is_ok(), "a closed feed makes room");
}
