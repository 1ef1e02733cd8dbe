//! What providers really do: say nothing, refuse for good or for now, and come back.

use std::time::Duration;

use proto::messaging::v1::{DeliveryFailed, DeliveryFailure};
use testkit::outbox;

use crate::support::{Suite, scripted_mail_server, silent_server};

const WAITING: i32 = 1;
const SENT: i32 = 2;
const FAILED: i32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_mail_server_delays_no_sms_of_another_organisation() {
    let mut suite = Suite::start().await;
    suite.configure(2).await;
    silent_server(suite.smtp_port).await;
    for code in 0..20 {
        suite.send_code("jan@voorbeeld.example", "", &format!("{code:06}")).await;
    }
    suite.until(|all| all.iter().any(|(_, attempts, _)| *attempts > 0)).await;
    suite.send_code_in(2, "", "+31612345678", "271828").await;
    let text = tokio::time::timeout(Duration::from_secs(15), suite.text()).await.unwrap();
    assert!(text["text"].as_str().unwrap().ends_with("#271828"), "F-13");
    // The attempts at the silent server end too, and are recorded.
    suite.until_tried(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_one_organisation_lets_anothers_code_through() {
    let mut suite = Suite::start().await;
    suite.configure(2).await;
    suite.sms_answers.send_replace(false);
    for code in 0..500 {
        suite.send_code("", "+31611111111", &format!("{code:06}")).await;
    }
    suite.send_code_in(2, "", "+31622222222", "271828").await;
    suite.until(|all| all.len() == 501).await;
    suite.sms_answers.send_replace(true);
    let mut before = 0;
    while suite.text().await["to"] != "+31622222222" {
        before += 1;
    }
    assert!(before < 100, "{before} messages of the other organisation went first");
}

/// The first organisation has nothing to send: it must not use up the attempts at the broken provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_comes_back_gets_what_waited() {
    let mut suite = Suite::start().await;
    suite.configure(2).await;
    for code in 0..10 {
        suite.send_code_in(2, "jan@voorbeeld.example", "", &format!("{code:06}")).await;
    }
    suite.until_tried(4).await;
    suite.start_mail().await;
    suite.advance(Duration::from_secs(61));
    suite.until(|all| all.iter().all(|(state, _, _)| *state == SENT)).await;
    for _ in 0..10 {
        suite.mail().await;
    }
    assert!(suite.mails.try_recv().is_err(), "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_answer_ends_the_delivery_and_a_passing_one_does_not() {
    for (answers, ends) in [
        (&[("RCPT", "550 no such mailbox")][..], true),
        (&[("RCPT", "552 mailbox full for good")], true),
        (&[("MAIL", "555 unknown parameter")], true),
        (&[("DATA", "554 no valid recipients")], true),
        (&[("RCPT", "450 greylisted")], false),
        (&[("RCPT", "452 mailbox full")], false),
        (&[("MAIL", "421 shutting down")], false),
        (&[("MAIL", "530 log in first")], false),
        (&[("EHLO", "554 no service for you")], false),
    ] {
        let suite = Suite::start().await;
        let mut lines = scripted_mail_server(suite.smtp_port, answers);
        suite.send_code("jan@voorbeeld.example", "", "271828").await;
        if ends {
            suite.until(|all| matches!(all, [(FAILED, 1, 0)])).await;
            let failed = outbox::events::<DeliveryFailed>(&mut suite.database.as_superuser().await).await;
            assert_eq!(failed[0].1.failure(), DeliveryFailure::Refused, "{answers:?}");
        } else {
            suite.until_tried(1).await;
            suite.until(|all| matches!(all, [(WAITING, 1, _)])).await;
        }
        assert_eq!(lines.recv().await.unwrap(), "EHLO portaal.example", "the configured name");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_sent_in_its_ascii_form_and_an_unsendable_address_ends() {
    let mut suite = Suite::start().await;
    suite.start_mail().await;
    suite.send_code("jan@zorg-m\u{fc}nchen.nl", "", "271828").await;
    let mail = suite.mail().await;
    assert!(
        mail["envelope_recipients"][0].as_str().unwrap().contains("jan@xn--zorg-mnchen-yhb.nl"),
        "{mail}"
    );
    suite.until(|all| matches!(all, [(SENT, 1, 0)])).await;
    suite.send_code("j\u{f6}rg@voorbeeld.nl", "", "271828").await;
    suite.until(|all| all.contains(&(FAILED, 1, 0))).await;
}

/// A server that takes the mail and says nothing more: the mail was sent, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_after_it_took_the_mail_has_taken_it() {
    let suite = Suite::start().await;
    let mut lines = scripted_mail_server(suite.smtp_port, &[("DATA", "354 go on"), ("QUIT", "")]);
    suite.send_code("jan@voorbeeld.example", "", "271828").await;
    suite.until(|all| matches!(all, [(SENT, 1, 0)])).await;
    while lines.recv().await.unwrap() != "." {}
}
