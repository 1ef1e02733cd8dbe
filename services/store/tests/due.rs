use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use proto::identity::v1::LoginCode;
use store::{About, Mode, audit::Audit, due};
use testkit::{Keys, caller};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::Suite;

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

    let (stop, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
    let audit = Audit::start(suite.db.clone(), Keys::generate().settings.seal_keys("identity").unwrap());
    let (db, clock) = (suite.db.clone(), suite.clock.clone());
    let work = due::run(db, clock, audit, Vec::new(), Arc::clone(&wake), stop.clone());
    let work = tokio::spawn(work);
    suite.until_count("(SELECT 1 FROM event_log WHERE payload <> '') AS filled", 2).await;
    suite.clock.advance(Duration::from_mins(5) + Duration::from_secs(1));
    wake.notify_one();
    suite.until_count("(SELECT 1 FROM event_log WHERE payload <> '') AS filled", 1).await;
    stop.cancel();
    work.await.unwrap();
}
