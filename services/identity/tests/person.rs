//! Changes of the own address and number, step-ups, sessions and impersonation.

use std::time::Duration;

use proto::{access::v1::Level, identity::v1::*};
use testkit::outbox;

use crate::support::{PHONE, SETTINGS, Service, USERNAME, configure, named, reason};

const NEW: &str = "nieuw@voorbeeld.example";

/// Does a step-up for a change of contact details; returns the proof.
async fn prove_step_up(service: &Service, session: &str) -> String {
    let purpose = StepUpPurpose::Contact.into();
    let mut own = service.in_session(session).await;
    let asked = own.start_step_up(StartStepUpRequest { purpose, ..Default::default() }).await.unwrap();
    assert!(
        asked.into_inner().code.unwrap().by_sms,
        "access to the mailbox must not be enough to change the number"
    );
    let code = service.opened::<StepUpCode, StepUpCodeContent>(|it| it.content).await.pop().unwrap().code;
    own.verify_step_up(VerifyStepUpRequest { code, purpose }).await.unwrap().into_inner().proof
}

#[tokio::test]
async fn an_address_change_needs_a_proof_and_a_code_to_the_new_one() {
    let service = Service::start().await;
    let session = service.first_login().await;
    let mut own = service.in_session(&session).await;
    let mut request = StartEmailChangeRequest { email: NEW.to_owned(), proof: String::new() };
    let refused = own.start_email_change(request.clone()).await.unwrap_err();
    assert_eq!(refused.message(), "STEP_UP_REQUIRED", "OTP-04");
    request.proof = prove_step_up(&service, &session).await;
    let elsewhere = service.log_in(USERNAME).await.session_token;
    let stolen = service.in_session(&elsewhere).await.start_email_change(request.clone()).await;
    assert_eq!(stolen.unwrap_err().message(), "STEP_UP_REQUIRED", "a proof holds for one session");
    own.start_email_change(request).await.unwrap();
    let sent =
        service.opened::<EmailChangeCode, EmailChangeCodeContent>(|it| it.content).await.pop().unwrap();
    assert_eq!(sent.recipient.unwrap().email, NEW);
    let wrong = own.confirm_email_change(ConfirmEmailChangeRequest { code: "x".to_owned() }).await;
    assert_eq!(reason(wrong), named(ErrorReason::CodeWrong));
    own.confirm_email_change(ConfirmEmailChangeRequest { code: sent.code }).await.unwrap();
    let account = own.get_account(GetAccountRequest {}).await.unwrap().into_inner();
    assert_eq!((account.email.as_str(), account.username.as_str()), (NEW, NEW), "T48");
    let notice =
        service.opened::<SecurityNotice, SecurityNoticeContent>(|it| it.content).await.pop().unwrap();
    assert_eq!(notice.recipient.clone().unwrap().email, USERNAME, "the old address gets the notice");
    assert_eq!(notice.change(), SecurityChange::Email);
    let events =
        outbox::events::<AccountContactChanged>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn a_number_change_needs_a_code_and_notifies_the_old_number() {
    let service = Service::start().await;
    let session = service.first_login().await;
    let proof = prove_step_up(&service, &session).await;
    let mut own = service.in_session(&session).await;
    let malformed = StartPhoneChangeRequest { phone: "020 1234567".to_owned(), proof: proof.clone() };
    assert_eq!(reason(own.start_phone_change(malformed).await), named(ErrorReason::PhoneMalformed));
    let request = StartPhoneChangeRequest { phone: "06 87654321".to_owned(), proof };
    own.start_phone_change(request).await.unwrap();
    let sent =
        service.opened::<PhoneChangeCode, PhoneChangeCodeContent>(|it| it.content).await.pop().unwrap();
    assert_eq!(sent.recipient.unwrap().phone, "+31687654321");
    own.confirm_phone_change(ConfirmPhoneChangeRequest { code: sent.code }).await.unwrap();
    let notices = service.opened::<SecurityNotice, SecurityNoticeContent>(|it| it.content).await;
    let recipients: Vec<_> = notices.into_iter().map(|it| it.recipient.unwrap()).collect();
    assert_eq!((recipients[0].email.as_str(), recipients[1].phone.as_str()), (USERNAME, PHONE));
}

/// Else access to the mailbox would be enough to sign.
#[tokio::test]
async fn only_the_organisation_sets_the_first_phone_number() {
    let service = Service::start().await;
    let mut request = service.registration();
    request.phone = String::new();
    service.ecd().register_account(request).await.unwrap();
    let welcome =
        service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await.pop().unwrap();
    let session = service.log_in_first(USERNAME, &welcome.password).await.session_token;
    let mut own = service.in_session(&session).await;
    let request = StartPhoneChangeRequest { phone: "06 87654321".to_owned(), proof: String::new() };
    assert_eq!(reason(own.start_phone_change(request).await), named(ErrorReason::PhoneMissing));
}

#[tokio::test]
async fn without_self_edit_only_a_system_changes_the_address() {
    let service = Service::start_with(&SETTINGS.replace("self_edit = true", "self_edit = false")).await;
    let session = service.first_login().await;
    let proof = prove_step_up(&service, &session).await;
    let request = StartEmailChangeRequest { email: NEW.to_owned(), proof };
    let off = service.in_session(&session).await.start_email_change(request).await;
    assert_eq!(reason(off), named(ErrorReason::SelfEditOff), "P13, R51");
    let account_id = testkit::caller::uuid(0x20).to_string();
    let request = UpdateAccountContactRequest { account_id, email: NEW.to_owned(), phone: String::new() };
    service.ecd().update_account_contact(request.clone()).await.unwrap();
    service.ecd().update_account_contact(request).await.unwrap();
    let notices = service.opened::<SecurityNotice, SecurityNoticeContent>(|it| it.content).await;
    assert_eq!(notices.len(), 1, "once");
    assert_eq!(notices[0].recipient.clone().unwrap().email, USERNAME);
    assert!(service.start_login(NEW, crate::support::PASSWORD).await.is_ok(), "the user name follows");
}

/// A code or password in the old mailbox must not open the account any more.
#[tokio::test]
async fn an_address_change_voids_what_the_old_mailbox_received() {
    let service = Service::start().await;
    let welcome = service.register().await;
    let begun = service.start_login(USERNAME, &welcome).await.unwrap();
    let account_id = testkit::caller::uuid(0x20).to_string();
    let request = UpdateAccountContactRequest { account_id, email: NEW.to_owned(), phone: String::new() };
    service.ecd().update_account_contact(request.clone()).await.unwrap();
    let code = service.code().await;
    let late = service.verify(&begun.login_token, &code).await;
    assert_eq!(reason(late), named(ErrorReason::LoginEnded), "a login that had started");
    assert!(service.start_login(NEW, &welcome).await.is_err(), "the password of the first mail");
    let welcomes = service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await;
    let again = welcomes.last().unwrap();
    assert_eq!(again.recipient.clone().unwrap().email, NEW, "a new password goes to the new address");
    service.log_in_first(NEW, &again.password).await;

    let ask = StartPasswordResetRequest {
        organisation_id: service.organisation.to_string(),
        username: NEW.to_owned(),
        ..Default::default()
    };
    service.gateway().start_password_reset(ask).await.unwrap();
    service.process.run_due().await;
    let sent = service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await.pop().unwrap();
    let back = UpdateAccountContactRequest { email: USERNAME.to_owned(), ..request };
    service.ecd().update_account_contact(back).await.unwrap();
    assert!(service.start_login(USERNAME, &sent.password).await.is_err(), "a temporary password");
    service.process.clock.advance(Duration::from_secs(2));
    assert!(service.start_login(USERNAME, crate::support::PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_number_change_voids_the_code_sent_to_the_old_number() {
    let service = Service::start().await;
    let session = service.first_login().await;
    let purpose = StepUpPurpose::Contact.into();
    let mut own = service.in_session(&session).await;
    own.start_step_up(StartStepUpRequest { purpose, ..Default::default() }).await.unwrap();
    let code = service.opened::<StepUpCode, StepUpCodeContent>(|it| it.content).await.pop().unwrap().code;
    let request = UpdateAccountContactRequest {
        account_id: testkit::caller::uuid(0x20).to_string(),
        email: String::new(),
        phone: "06 87654321".to_owned(),
    };
    service.ecd().update_account_contact(request).await.unwrap();
    let late = own.verify_step_up(VerifyStepUpRequest { code, purpose }).await;
    assert_eq!(reason(late), named(ErrorReason::StepUpEnded));
}

#[tokio::test]
async fn a_step_up_raises_the_level_under_a_new_session_token() {
    let service = Service::start().await;
    let session = service.first_login().await;
    let strict = SETTINGS.to_owned() + "\n[levels]\nreports = \"substantial\"\n";
    configure(&service.process, &strict).await.unwrap();
    let verifier = service.process.keys.of("identity").verifier();
    let asks = |token: &str| match verifier.verify(token, service.process.clock.now()).unwrap() {
        chassis::token::Caller::Account(account) => account.step_up,
        _ => unreachable!("a session is an account's"),
    };
    assert_eq!(asks(&service.resolve(&session).await.unwrap().token), [1]);
    let mut own = service.in_session(&session).await;
    let purpose = StepUpPurpose::Level.into();
    let sent = own.start_step_up(StartStepUpRequest { purpose, ..Default::default() }).await.unwrap();
    assert!(sent.into_inner().code.unwrap().by_sms, "OTP-03");
    let code = service.opened::<StepUpCode, StepUpCodeContent>(|it| it.content).await.pop().unwrap().code;
    let raised = own.verify_step_up(VerifyStepUpRequest { code, purpose }).await.unwrap().into_inner();
    let after = service.resolve(&raised.session_token).await.unwrap();
    assert_eq!(after.level(), Level::Substantial);
    assert_eq!(asks(&after.token), Vec::<i32>::new());
    assert_eq!(
        reason(service.resolve(&session).await),
        named(ErrorReason::SessionEnded),
        "SES-02: a new token"
    );
}

#[tokio::test]
async fn a_signing_proof_names_the_document_and_has_five_tries() {
    let service = Service::start().await;
    let session = service.first_login().await;
    let mut own = service.in_session(&session).await;
    let purpose = StepUpPurpose::Sign.into();
    let nameless = own.start_step_up(StartStepUpRequest { purpose, ..Default::default() }).await;
    assert_eq!(reason(nameless), named(ErrorReason::FieldMalformed));
    let subject = StepUpSubject {
        document_hash: "ab".repeat(32),
        document_kind: "care_plan".to_owned(),
        document_version: 3,
    };
    let request = StartStepUpRequest { purpose, subject: Some(subject), ..Default::default() };
    own.start_step_up(request.clone()).await.unwrap();
    let sent = service.opened::<SigningCode, SigningCodeContent>(|it| it.content).await.pop().unwrap();
    assert_eq!((sent.document_kind.as_str(), sent.document_version), ("care_plan", 3));
    let other = VerifyStepUpRequest { code: sent.code.clone(), purpose: StepUpPurpose::Contact.into() };
    assert_eq!(reason(own.verify_step_up(other).await), named(ErrorReason::StepUpEnded), "another purpose");
    let verify = VerifyStepUpRequest { code: sent.code, purpose };
    let proof = own.verify_step_up(verify.clone()).await.unwrap().into_inner().proof;
    let verifier = service.process.keys.of("identity").verifier();
    let proof = chassis::proof::Proof::verify(&proof, &verifier, service.process.clock.now()).unwrap();
    assert_eq!((proof.document_hash, proof.document_version), ("ab".repeat(32), 3));
    assert_eq!(reason(own.verify_step_up(verify).await), named(ErrorReason::StepUpEnded), "once");

    own.start_step_up(request.clone()).await.unwrap();
    let right = service.opened::<SigningCode, SigningCodeContent>(|it| it.content).await.pop().unwrap().code;
    for _ in 0..5 {
        let wrong = VerifyStepUpRequest { code: "no".to_owned(), purpose };
        assert_eq!(reason(own.verify_step_up(wrong).await), named(ErrorReason::CodeWrong));
    }
    let late = own.verify_step_up(VerifyStepUpRequest { code: right, purpose }).await;
    assert_eq!(reason(late), named(ErrorReason::StepUpEnded));
    let purpose = StepUpPurpose::Contact.into();
    let another = own.start_step_up(StartStepUpRequest { purpose, ..Default::default() }).await;
    assert_eq!(reason(another), named(ErrorReason::TooManyCodes), "another purpose gives no new tries");
}

#[tokio::test]
async fn sessions_are_listed_and_other_sessions_can_be_ended() {
    let service = Service::start().await;
    let first = service.first_login().await;
    service.process.clock.advance(Duration::from_secs(90));
    let second = service.log_in(USERNAME).await.session_token;
    let resolved = service.resolve(&second).await.unwrap();
    let before = service.resolve(&first).await.unwrap();
    assert!(before.last_login_at.is_none() && resolved.last_login_at.is_some());
    let mut own = service.in_session(&second).await;
    let sessions = own.list_sessions(ListSessionsRequest {}).await.unwrap().into_inner().sessions;
    assert_eq!(sessions.iter().map(|it| it.is_this).collect::<Vec<_>>(), [true, false]);
    let request = EndSessionRequest { session_id: sessions[1].session_id.clone() };
    own.end_session(request).await.unwrap();
    assert_eq!(reason(service.resolve(&first).await), named(ErrorReason::SessionEnded));
    let third = service.log_in(USERNAME).await.session_token;
    own.end_other_sessions(EndOtherSessionsRequest {}).await.unwrap();
    assert_eq!(reason(service.resolve(&third).await), named(ErrorReason::SessionEnded));
    assert!(service.resolve(&second).await.is_ok());
}

#[tokio::test]
async fn impersonation_lasts_half_an_hour_by_a_link_that_works_once() {
    let service = Service::start().await;
    service.first_login().await;
    let request = StartImpersonationRequest {
        account_id: testkit::caller::uuid(0x20).to_string(),
        impersonator: "coach K. Bakker".to_owned(),
    };
    let url = service.ecd().start_impersonation(request).await.unwrap().into_inner().url;
    let impersonation_token = url.rsplit('/').next().unwrap().to_owned();
    let open = OpenImpersonationRequest { impersonation_token };
    let session =
        service.gateway().open_impersonation(open.clone()).await.unwrap().into_inner().session_token;
    assert_eq!(reason(service.gateway().open_impersonation(open).await), named(ErrorReason::LinkExpired));
    let resolved = service.resolve(&session).await.unwrap();
    assert_eq!(resolved.impersonator, "coach K. Bakker");
    let mut along = service.in_session(&session).await;
    let change = along.change_password(ChangePasswordRequest::default()).await.unwrap_err();
    assert_eq!(change.message(), "IMPERSONATION_REFUSED", "R60");
    let sign = along.start_step_up(StartStepUpRequest::default()).await.unwrap_err();
    assert_eq!(sign.message(), "IMPERSONATION_REFUSED", "R60: never sign");
    let by: Vec<String> = sqlx::query_scalar(
        "SELECT person_impersonator FROM audit_record WHERE method LIKE '%OpenImpersonation' AND outcome = 1",
    )
    .fetch_all(&mut service.process.database.as_superuser().await)
    .await
    .unwrap();
    assert_eq!(by, ["coach K. Bakker"]);
    service.process.clock.advance(Duration::from_mins(29));
    assert!(service.resolve(&session).await.is_ok());
    service.process.clock.advance(Duration::from_mins(1));
    assert_eq!(reason(service.resolve(&session).await), named(ErrorReason::SessionEnded));
}
