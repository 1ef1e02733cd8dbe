use std::{sync::atomic::Ordering, time::Duration};

use chassis::time;
use proto::{
    identity::v1::{WelcomeMessage, WelcomeMessageContent},
    messaging::v1::{DeliveryFailed, DeliveryFailure},
};
use store::event::Stream;
use testkit::{caller, outbox};

use crate::support::Suite;

const SENT: i32 = 2;
const FAILED: i32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn mails_use_the_organisations_words_and_leave_no_payload() {
    let mut suite = Suite::start().await;
    suite.start_mail().await;
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    let mail = suite.mail().await;
    assert_eq!(mail["subject"], "Uw code om in te loggen op MijnThuisgenotenDossier");
    assert_eq!(mail["envelope_from"], "portaal@thuisgenoten.example");
    assert!(mail["text"].as_str().unwrap().contains("Uw code: 271828"));
    assert!(mail["html"].as_str().unwrap().contains("271828"));
    assert_eq!(mail["headers"]["Auto-Submitted"].as_str().unwrap().trim(), "auto-generated", "MAIL-01");

    let content = WelcomeMessageContent {
        recipient: Some(proto::identity::v1::Recipient {
            email: "jan@voorbeeld.example".to_owned(),
            language: "en".to_owned(),
            display_name: "Jan".to_owned(),
            ..Default::default()
        }),
        username: "jan".to_owned(),
        password: "ABCD-EFGH-JKMN-PQRS".to_owned(),
    };
    let welcome = WelcomeMessage {
        content: Some(suite.seal(&content)),
        expires_at: Some(time::to_proto(suite.in_minutes(60))),
        account_id: caller::uuid(7).to_string(),
    };
    suite.publish(Stream::Deliveries, &welcome).await;
    let mail = suite.mail().await;
    assert_eq!(mail["subject"], "Welcome to MijnThuisgenotenDossier");
    assert!(mail["text"].as_str().unwrap().contains("ABCD-EFGH-JKMN-PQRS"), "P16");
    suite.until(|all| all.iter().all(|(state, _, bytes)| (*state, *bytes) == (SENT, 0))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_has_a_reference_that_reveals_repeats() {
    let mut suite = Suite::start().await;
    suite.send_code("", "+31612345678", "271828").await;
    let text = suite.text().await;
    assert_eq!(text["to"], "+31612345678");
    assert!(text["text"].as_str().unwrap().ends_with("@thuisgenoten.example #271828"), "SMS-01: {text}");
    assert!(text["reference"].as_str().unwrap().len() == 36);
}

/// R13: identity also queues a code for a number that is not registered, but without a recipient.
#[tokio::test(flavor = "multi_thread")]
async fn a_decoy_is_marked_as_sent_and_not_sent() {
    let mut suite = Suite::start().await;
    suite.start_mail().await;
    suite.send_code("", "", "271828").await;
    suite.until(|all| matches!(all, [(SENT, _, 0)])).await;
    suite.send_code("jan@voorbeeld.example", "", "314159").await;
    assert!(suite.mail().await["text"].as_str().unwrap().contains("314159"), "the only mail");
    assert!(suite.mails.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsent_mail_is_tried_again_until_accepted() {
    let mut suite = Suite::start().await;
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    suite.until_tried(1).await;
    suite.advance(Duration::from_secs(2));
    suite.until_tried(2).await;
    suite.start_mail().await;
    suite.advance(Duration::from_mins(1));
    let mail = suite.mail().await;
    assert!(mail["text"].as_str().unwrap().contains("271828"));
    suite.until(|all| matches!(all, [(SENT, _, 0)])).await;
    assert!(suite.mails.try_recv().is_err(), "sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_delivery_fails_with_an_event() {
    let suite = Suite::start().await;
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    suite.until_tried(1).await;
    suite.advance(Duration::from_mins(5));
    suite.until(|all| matches!(all, [(FAILED, _, 0)])).await;
    let failed = outbox::events::<DeliveryFailed>(&mut suite.database.as_superuser().await).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].1.failure(), DeliveryFailure::Expired);
    assert_eq!(failed[0].1.account_id, caller::uuid(7).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_provider_is_retried_and_a_refusal_is_final() {
    let mut suite = Suite::start().await;
    suite.sms_status.store(503, Ordering::SeqCst);
    suite.send_code("", "+31612345678", "271828").await;
    suite.until_tried(1).await;
    suite.sms_status.store(202, Ordering::SeqCst);
    suite.advance(Duration::from_secs(2));
    suite.text().await;
    suite.sms_status.store(422, Ordering::SeqCst);
    suite.send_code("", "+31000", "314159").await;
    suite.until(|all| all.iter().any(|(state, _, _)| *state == FAILED)).await;
    let failed = outbox::events::<DeliveryFailed>(&mut suite.database.as_superuser().await).await;
    assert_eq!(failed[0].1.failure(), DeliveryFailure::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_deliveries_fail_or_become_dead_letters() {
    let suite = Suite::start().await;
    let unsealed = proto::identity::v1::LoginCode {
        content: None,
        expires_at: Some(time::to_proto(suite.in_minutes(5))),
        account_id: caller::uuid(7).to_string(),
    };
    suite.publish(Stream::Deliveries, &unsealed).await;
    suite.until(|all| matches!(all, [(FAILED, _, 0)])).await;
    suite.publish(Stream::Deliveries, &proto::dossier::v1::RecordAdded::default()).await;
    let dead = async {
        loop {
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letter")
                .fetch_one(&mut suite.database.as_superuser().await)
                .await
                .unwrap();
            if count == 1 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::TIMEOUT, dead).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn new_token_of_the_sms_provider_is_used_without_a_restart() {
    let mut suite = Suite::start().await;
    for token in ["first", "second"] {
        std::fs::write(&suite.sms_token, token).unwrap();
        suite.send_code("", "+31612345678", "271828").await;
        assert_eq!(suite.text().await["authorization"], format!("Bearer {token}"), "OPS-09");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_that_ended_is_kept_for_90_days() {
    let mut suite = Suite::start().await;
    suite.send_code("", "+31612345678", "271828").await;
    suite.text().await;
    suite.until(|all| all.iter().all(|(state, _, _)| *state == SENT)).await;
    suite.advance(Duration::from_hours(24 * 90 - 1));
    suite.send_code("", "+31612345678", "314159").await;
    suite.text().await;
    suite.until(|all| all.len() == 2 && all.iter().all(|(state, _, _)| *state == SENT)).await;
    suite.advance(Duration::from_hours(2));
    suite.until(|all| all.len() == 1).await;
    suite.advance(Duration::from_hours(24 * 365 * 6));
    suite.until(<[_]>::is_empty).await;
}
