//! Changing and replacing passwords.

use std::time::Duration;

use chassis::secret::ScopedToken;
use proto::identity::v1::*;

use crate::support::{PASSWORD, Service, USERNAME, named, reason};

const VIVRE: &str = include_str!("../../../deploy/organisations/vivre.toml");
const NEW: &str = "een heel nieuw wachtwoord";

async fn request_reset(service: &Service, username: &str, email: &str) {
    let request = StartPasswordResetRequest {
        organisation_id: service.organisation.to_string(),
        username: username.to_owned(),
        email: email.to_owned(),
        address: "192.0.2.1".to_owned(),
    };
    service.gateway().start_password_reset(request).await.unwrap();
    service.process.run_due().await;
}

async fn notices(service: &Service) -> Vec<SecurityChange> {
    let sent = service.opened::<SecurityNotice, SecurityNoticeContent>(|it| it.content).await;
    sent.iter().map(SecurityNoticeContent::change).collect()
}

#[tokio::test]
async fn a_temporary_password_works_once_within_four_hours() {
    let service = Service::start().await;
    let first = service.first_login().await;
    request_reset(&service, &USERNAME.to_uppercase(), "").await;
    request_reset(&service, USERNAME, "").await;
    let sent = service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await;
    assert_eq!(sent.len(), 2, "T30: a second request sends a new one");
    assert_eq!(sent[0].life_minutes, 240, "T29");
    let old = service.start_login(USERNAME, &sent[0].password).await;
    assert_eq!(reason(old), named(ErrorReason::LoginRefused), "the newer password replaced it");

    service.process.clock.advance(Duration::from_secs(4 * 3600 - 1));
    let started = service.start_login(USERNAME, &sent[1].password).await.unwrap();
    let verified = service.pass_code(started).await;
    assert_eq!(verified.step(), LoginStep::OwnPassword, "T34");
    assert_eq!(verified.own_password_cause(), OwnPasswordCause::Temporary);
    let done = service.set_password(&verified.login_token, &sent[1].password, NEW).await.unwrap();
    assert_eq!(done.step(), LoginStep::Done);
    let ended = service.resolve(&first).await;
    assert_eq!(reason(ended), named(ErrorReason::SessionEnded), "other sessions have ended");
    assert_eq!(notices(&service).await, [SecurityChange::Password], "the person gets a notice");
    let used = service.start_login(USERNAME, &sent[1].password).await;
    assert_eq!(reason(used), named(ErrorReason::LoginRefused), "once");

    request_reset(&service, USERNAME, "").await;
    let sent = service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await.pop().unwrap();
    service.process.clock.advance(Duration::from_hours(4));
    let late = service.start_login(USERNAME, &sent.password).await;
    assert_eq!(reason(late), named(ErrorReason::LoginRefused));
}

#[tokio::test]
async fn a_reset_link_works_once_and_devices_need_a_code_again() {
    let service = Service::start_with(VIVRE).await;
    let welcome = service.register().await;
    let first = service.log_in_first(USERNAME, &welcome).await;
    request_reset(&service, USERNAME, "iemand.anders@voorbeeld.example").await;
    request_reset(&service, "niemand", USERNAME).await;
    assert!(service.opened::<ResetLink, ResetLinkContent>(|it| it.content).await.is_empty(), "V13");
    request_reset(&service, USERNAME, USERNAME).await;
    let link = service.opened::<ResetLink, ResetLinkContent>(|it| it.content).await.pop().unwrap();
    let finish = async |username: &str, new: &str| {
        let request = FinishPasswordResetRequest {
            reset_token: link.token.clone(),
            username: username.to_owned(),
            new_password: new.to_owned(),
        };
        service.gateway().finish_password_reset(request).await
    };
    let get = async |token: &str| {
        let request = GetPasswordResetRequest { reset_token: token.to_owned() };
        service.gateway().get_password_reset(request).await
    };
    let made_up = ScopedToken::generate(service.organisation);
    for wrong in ["", "x", made_up.expose()] {
        assert_eq!(reason(get(wrong).await), named(ErrorReason::LinkExpired), "{wrong}");
    }
    for _ in 0..3 {
        get(&link.token).await.unwrap();
    }
    assert_eq!(reason(finish("iemand", NEW).await), named(ErrorReason::FieldMalformed), "V16");
    assert_eq!(reason(finish(USERNAME, "welkom1234").await), named(ErrorReason::PasswordCommon));
    finish(USERNAME, NEW).await.unwrap();
    assert_eq!(reason(finish(USERNAME, PASSWORD).await), named(ErrorReason::LinkExpired), "once");
    assert_eq!(reason(get(&link.token).await), named(ErrorReason::LinkExpired), "used");
    assert!(notices(&service).await.contains(&SecurityChange::Password));
    let started = service.start_login_on(USERNAME, NEW, &first.device_token).await.unwrap();
    assert_eq!(started.step(), LoginStep::DeviceCode, "REC-03: a reset never skips the second factor");
}

#[tokio::test]
async fn a_reset_request_reveals_no_account_and_has_a_day_limit() {
    let service = Service::start().await;
    service.register().await;
    for _ in 0..12 {
        request_reset(&service, USERNAME, "").await;
        request_reset(&service, "niemand@voorbeeld.example", "").await;
    }
    assert_eq!(service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await.len(), 10);
    let nowhere = StartPasswordResetRequest { username: USERNAME.to_owned(), ..Default::default() };
    assert!(
        service.gateway().start_password_reset(nowhere).await.is_ok(),
        "an organisation that is not there"
    );
    service.process.run_due().await;
    let mut superuser = service.process.database.as_superuser().await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM reset_request").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_password_change_ends_other_sessions_and_logins() {
    let service = Service::start().await;
    let other = service.first_login().await;
    service.process.clock.advance(Duration::from_mins(1));
    let here = service.log_in(USERNAME).await.session_token;
    let mut own = service.in_session(&here).await;
    let mut change = async |current: &str, new: &str| {
        let request =
            ChangePasswordRequest { current_password: current.to_owned(), new_password: new.to_owned() };
        own.change_password(request).await
    };
    assert_eq!(reason(change(PASSWORD, PASSWORD).await), named(ErrorReason::PasswordUnchanged));
    assert_eq!(reason(change("verkeerd", NEW).await), named(ErrorReason::CurrentPasswordWrong), "T87");
    let soon = change(PASSWORD, NEW).await;
    assert_eq!(reason(soon), named(ErrorReason::CurrentPasswordWrong), "a wrong password starts a wait");
    service.process.clock.advance(Duration::from_secs(1));
    let halfway = service.start_login(USERNAME, PASSWORD).await.unwrap();
    let code = service.code().await;
    change(PASSWORD, NEW).await.unwrap();
    let late = service.verify(&halfway.login_token, &code).await;
    assert_eq!(reason(late), named(ErrorReason::LoginEnded), "a login with the old password ends too");
    assert_eq!(reason(service.resolve(&other).await), named(ErrorReason::SessionEnded));
    assert!(service.resolve(&here).await.is_ok());
    assert_eq!(notices(&service).await, [SecurityChange::Password]);
    assert!(service.start_login(USERNAME, NEW).await.is_ok());
}

#[tokio::test]
async fn a_system_resends_welcome_and_reset_without_seeing_them() {
    let service = Service::start().await;
    let first = service.register().await;
    let account_id = testkit::caller::uuid(0x20).to_string();
    let again = ResendWelcomeRequest { account_id: account_id.clone() };
    service.ecd().resend_welcome(again.clone()).await.unwrap();
    let welcomes = service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await;
    assert_eq!(welcomes.len(), 2);
    assert!(service.start_login(USERNAME, &first).await.is_err(), "the newer password replaced it");
    service.process.clock.advance(Duration::from_secs(30));
    service.log_in_first(USERNAME, &welcomes[1].password).await;
    assert_eq!(reason(service.ecd().resend_welcome(again).await), named(ErrorReason::WelcomeOver));
    service.ecd().start_reset(StartResetRequest { account_id }).await.unwrap();
    assert_eq!(service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await.len(), 1);
}
