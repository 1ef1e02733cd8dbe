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
async fn a_code_and_a_welcome_arrive_in_the_organisations_words_and_nothing_of_them_is_kept() {
    let mut suite = Suite::start().await;
    suite.start_mail();
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
    suite.until(|all| all.iter().all(|(state, _, kept)| (*state, *kept) == (SENT, 0))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_sms_goes_to_the_provider_with_a_reference_that_tells_a_repetition() {
    let mut suite = Suite::start().await;
    suite.send_code("", "+31612345678", "271828").await;
    let text = suite.text().await;
    assert_eq!(text["to"], "+31612345678");
    assert!(text["text"].as_str().unwrap().ends_with("@thuisgenoten.example #271828"), "SMS-01: {text}");
    assert!(text["reference"].as_str().unwrap().len() == 36);
}

/// R13: a code for another number than the registered one is told as any other, and goes nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_to_nobody_is_done_with_and_not_sent() {
    let mut suite = Suite::start().await;
    suite.start_mail();
    suite.send_code("", "", "271828").await;
    suite.until(|all| matches!(all, [(SENT, _, 0)])).await;
    suite.send_code("jan@voorbeeld.example", "", "314159").await;
    assert!(suite.mail().await["text"].as_str().unwrap().contains("314159"), "the only mail");
    assert!(suite.mails.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_now_is_tried_again_until_it_is_taken() {
    let mut suite = Suite::start().await;
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    suite.until_tried(1).await;
    suite.advance(Duration::from_secs(2));
    suite.until_tried(2).await;
    suite.start_mail();
    suite.advance(Duration::from_mins(1));
    let mail = suite.mail().await;
    assert!(mail["text"].as_str().unwrap().contains("271828"));
    suite.until(|all| matches!(all, [(SENT, _, 0)])).await;
    assert!(suite.mails.try_recv().is_err(), "sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_time_is_over_is_given_up_and_told() {
    let suite = Suite::start().await;
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    suite.until_tried(1).await;
    suite.advance(Duration::from_mins(5));
    suite.until(|all| matches!(all, [(FAILED, _, 0)])).await;
    let told = outbox::of::<DeliveryFailed>(&mut suite.database.behind().await).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1.failure(), DeliveryFailure::Expired);
    assert_eq!(told[0].1.account_id, caller::uuid(7).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let mut suite = Suite::start().await;
    suite.answer.store(503, Ordering::SeqCst);
    suite.send_code("", "+31612345678", "271828").await;
    suite.until_tried(1).await;
    suite.answer.store(202, Ordering::SeqCst);
    suite.advance(Duration::from_secs(2));
    suite.text().await;
    suite.answer.store(422, Ordering::SeqCst);
    suite.send_code("", "+31000", "314159").await;
    suite.until(|all| all.iter().any(|(state, _, _)| *state == FAILED)).await;
    let told = outbox::of::<DeliveryFailed>(&mut suite.database.behind().await).await;
    assert_eq!(told[0].1.failure(), DeliveryFailure::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_sealed_for_somebody_else_is_told_as_failed_and_one_of_no_known_kind_is_put_aside() {
    let suite = Suite::start().await;
    let stray = proto::identity::v1::LoginCode {
        content: None,
        expires_at: Some(time::to_proto(suite.in_minutes(5))),
        account_id: caller::uuid(7).to_string(),
    };
    suite.publish(Stream::Deliveries, &stray).await;
    suite.until(|all| matches!(all, [(FAILED, _, 0)])).await;
    suite.publish(Stream::Deliveries, &proto::dossier::v1::ReportAdded::default()).await;
    let dead = async {
        loop {
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letter")
                .fetch_one(&mut suite.database.behind().await)
                .await
                .unwrap();
            if count == 1 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, dead).await.unwrap();
}
