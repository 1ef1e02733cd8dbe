use std::time::Duration;

use crate::support::{PASSWORD, Service, USERNAME, named, reason};
use proto::identity::v1::{ErrorReason, LoginCode, LoginCodeContent, LoginStep, ResendCodeRequest};

#[tokio::test]
async fn first_login_needs_welcome_password_code_and_own_password() {
    let service = Service::start().await;
    let welcome = service.register().await;
    // People may type the password in lower case and with spaces for dashes.
    let typed = welcome.to_lowercase().replace('-', " ");
    let login = service.start_login(" A.deVries@Voorbeeld.example ", &typed).await.unwrap();
    assert_eq!(login.code.clone().unwrap().sent_to, "a•••@voorbeeld.example");
    assert_eq!(login.code.as_ref().unwrap().life_seconds, 300, "T17");
    let verified = service.verify(&login.login_token, &service.code().await).await.unwrap();
    assert_eq!(verified.step(), LoginStep::OwnPassword, "T19");
    assert!(verified.session_token.is_empty(), "no session before the own password");

    let token = verified.login_token;
    let refused = service.set_password(&token, "iets anders", PASSWORD).await;
    assert_eq!(reason(refused), named(ErrorReason::CurrentPasswordWrong), "T20");
    let refused = service.set_password(&token, &welcome, "te kort").await;
    assert_eq!(reason(refused), named(ErrorReason::PasswordTooShort));
    let session = service.set_password(&token, &welcome, PASSWORD).await.unwrap();
    assert!(!session.session_token.is_empty());
    let again = service.set_password(&token, &welcome, PASSWORD).await;
    assert_eq!(reason(again), named(ErrorReason::LoginEnded), "a step passes only once");

    let refused = service.start_login(USERNAME, &welcome).await;
    assert_eq!(reason(refused), named(ErrorReason::LoginRefused));
    service.process.clock.advance(Duration::from_secs(30));
    let login = service.start_login(USERNAME, PASSWORD).await.unwrap();
    let verified = service.verify(&login.login_token, &service.code().await).await.unwrap();
    assert_eq!(verified.step(), LoginStep::Done);
}

#[tokio::test]
async fn a_code_works_once_for_its_own_login_within_five_minutes() {
    let service = Service::start().await;
    let password = service.register().await;
    let first = service.start_login(USERNAME, &password).await.unwrap().login_token;
    let first_code = service.code().await;
    let second = service.start_login(USERNAME, &password).await.unwrap().login_token;
    let second_code = service.code().await;
    if first_code != second_code {
        let foreign = service.verify(&second, &first_code).await;
        assert_eq!(reason(foreign), named(ErrorReason::CodeWrong), "a code of another login");
    }
    service.process.clock.advance(Duration::from_secs(299));
    assert!(service.verify(&first, &first_code).await.is_ok(), "T17: within five minutes");
    assert_eq!(reason(service.verify(&first, &first_code).await), named(ErrorReason::LoginEnded));
    service.process.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(service.verify(&second, &second_code).await), named(ErrorReason::CodeExpired));
}

#[tokio::test]
async fn a_new_code_voids_the_old_one_and_keeps_the_try_count() {
    let service = Service::start().await;
    let password = service.register().await;
    let login = service.start_login(USERNAME, &password).await.unwrap().login_token;
    let old = service.code().await;
    for _ in 0..3 {
        let wrong = service.verify(&login, "not a code").await;
        assert_eq!(reason(wrong), named(ErrorReason::CodeWrong));
    }
    let request = ResendCodeRequest { login_token: login.clone(), ..Default::default() };
    let too_soon = service.gateway().resend_code(request.clone()).await;
    assert_eq!(reason(too_soon), named(ErrorReason::CodeTooSoon));
    service.process.clock.advance(Duration::from_mins(1));
    service.gateway().resend_code(request.clone()).await.unwrap();
    let new = service.code().await;
    if old != new {
        assert_eq!(reason(service.verify(&login, &old).await), named(ErrorReason::CodeWrong), "T18");
    }
    assert_eq!(reason(service.verify(&login, "000").await), named(ErrorReason::CodeWrong));
    // All five tries are used (OTP-02): even the right code is refused now.
    assert_eq!(reason(service.verify(&login, &new).await), named(ErrorReason::LoginEnded));
    assert_eq!(reason(service.gateway().resend_code(request).await), named(ErrorReason::LoginEnded));
}

#[tokio::test]
async fn a_login_gets_five_codes_at_most() {
    let service = Service::start().await;
    let password = service.register().await;
    let login_token = service.start_login(USERNAME, &password).await.unwrap().login_token;
    let request = ResendCodeRequest { login_token, ..Default::default() };
    for _ in 0..4 {
        service.process.clock.advance(Duration::from_mins(1));
        service.gateway().resend_code(request.clone()).await.unwrap();
    }
    service.process.clock.advance(Duration::from_mins(1));
    let refused = service.gateway().resend_code(request).await;
    assert_eq!(reason(refused), named(ErrorReason::TooManyCodes));
    assert_eq!(service.opened::<LoginCode, LoginCodeContent>(|code| code.content).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_parallel_tries_only_five_are_checked() {
    let service = Service::start().await;
    let password = service.register().await;
    let login = service.start_login(USERNAME, &password).await.unwrap().login_token;
    let tries = (0..60).map(|_| service.verify(&login, "no"));
    let answers = futures::future::join_all(tries).await;
    let evaluated = answers.into_iter().map(reason).filter(|it| it == named(ErrorReason::CodeWrong));
    assert_eq!(evaluated.count(), 5, "ATT-07");
}

#[tokio::test]
async fn unknown_names_and_organisations_answer_as_wrong_passwords() {
    let service = Service::start().await;
    service.register().await;
    let wrong = service.start_login(USERNAME, "verkeerd").await.unwrap_err();
    let unknown = service.start_login("niemand@voorbeeld.example", "verkeerd").await.unwrap_err();
    let request = proto::identity::v1::StartLoginRequest {
        organisation_id: String::new(),
        username: USERNAME.to_owned(),
        password: "verkeerd".to_owned(),
        ..Default::default()
    };
    let nowhere = service.gateway().start_login(request).await.unwrap_err();
    for other in [unknown, nowhere] {
        assert_eq!(other.code(), wrong.code());
        assert_eq!(other.details(), wrong.details());
    }
}

#[tokio::test]
async fn a_welcome_password_expires_after_fourteen_days() {
    let service = Service::start().await;
    let password = service.register().await;
    service.process.clock.advance(Duration::from_hours(14 * 24 - 1));
    assert!(service.start_login(USERNAME, &password).await.is_ok());
    service.process.clock.advance(Duration::from_hours(1));
    let refused = service.start_login(USERNAME, &password).await;
    assert_eq!(reason(refused), named(ErrorReason::LoginRefused));
}
