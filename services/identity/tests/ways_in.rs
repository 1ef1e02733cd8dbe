//! The five ways to log in, and the steps of each.

use std::time::Duration;

use chassis::secret::ScopedToken;
use proto::{
    access::v1::Level,
    identity::v1::{
        DeviceCode, DeviceCodeContent, ErrorReason, ForgetDeviceRequest, ListDevicesRequest, LoginCode,
        LoginCodeContent, LoginStep, OwnPasswordCause, ResendCodeRequest,
    },
};

use crate::support::{PASSWORD, PHONE, Service, USERNAME, named, reason};

const PROFILA: &str = include_str!("../../../deploy/organisations/profila.toml");
const VIVRE: &str = include_str!("../../../deploy/organisations/vivre.toml");
const ROZELAAR: &str = include_str!("../../../deploy/organisations/rozelaar.toml");
const OWN: &str = "Vier woorden op rij";

#[tokio::test]
async fn an_sms_code_shows_four_digits_and_six_are_typed() {
    let service = Service::start_with(PROFILA).await;
    let welcome = service.register().await;
    let started = service.start_login(USERNAME, &welcome).await.unwrap();
    assert_eq!(started.step(), LoginStep::SendCode, "P27: the code is asked for");
    let early = service.verify(&started.login_token, "123456").await;
    assert_eq!(reason(early), named(ErrorReason::LoginEnded), "no step is skipped");
    assert_eq!(service.opened::<LoginCode, LoginCodeContent>(|it| it.content).await.len(), 0);

    let sent = service.send_code(&started.login_token, "").await.unwrap();
    let shown_code = sent.code.clone().unwrap();
    let code = service.opened::<LoginCode, LoginCodeContent>(|it| it.content).await.pop().unwrap();
    assert_eq!(code.recipient.unwrap().phone, PHONE, "P29: to the number that is registered");
    let (shown, typed) = code.code.split_once('-').unwrap();
    assert_eq!((shown.len(), typed.len()), (4, 6), "P30, P31");
    assert_eq!((shown_code.shown_digits.as_str(), shown_code.sent_to.as_str()), (shown, "••••••78"));
    assert!(shown_code.by_sms);
    // Pasting all ten digits works as well as typing six.
    let pasted = format!(" {shown} {typed} ");
    let verified = service.verify(&sent.login_token, &pasted).await.unwrap();
    assert_eq!(verified.step(), LoginStep::OwnPassword, "P34");
    let refused = service.set_password(&verified.login_token, &welcome, "vier woorden op rij").await;
    assert_eq!(reason(refused), named(ErrorReason::PasswordNotMixed), "P36");
    let chosen = service.set_password(&verified.login_token, &welcome, OWN).await.unwrap();
    assert_eq!(chosen.step(), LoginStep::Terms, "P40");
    assert_eq!(chosen.terms.as_ref().unwrap().title, "Voorwaarden Profila Zorg");
    let done = service.pass_the_rest(chosen).await;
    assert_eq!(done.step(), LoginStep::Done);
    let session = service.resolve(&done.session_token).await.unwrap();
    assert_eq!(session.level(), Level::Substantial, "a code by SMS proves more than one by e-mail");

    let again = service.start_login(USERNAME, OWN).await.unwrap();
    let again = service.pass_code(again).await;
    assert_eq!(again.step(), LoginStep::Done, "terms are accepted once");
    let changed = PROFILA.replace("version = 1", "version = 2");
    crate::support::configure(&service.process, &changed).await.unwrap();
    let again = service.start_login(USERNAME, OWN).await.unwrap();
    assert_eq!(service.pass_code(again).await.step(), LoginStep::Terms, "and again when they change");
}

#[tokio::test]
async fn a_remembered_device_replaces_the_code_for_ninety_days() {
    let service = Service::start_with(VIVRE).await;
    let welcome = service.register().await;
    let started = service.start_login(USERNAME, &welcome).await.unwrap();
    assert_eq!(started.step(), LoginStep::DeviceCode, "V5");
    let first = service.log_in_first(USERNAME, &welcome).await;
    assert_eq!(first.device_life_days, 90);
    let device = first.device_token;

    let known = service.start_login_on(USERNAME, PASSWORD, &device).await.unwrap();
    assert_eq!(known.step(), LoginStep::Done, "V6: the first time alone");
    let session = service.resolve(&known.session_token).await.unwrap();
    assert_eq!(session.level(), Level::Low, "a remembered device proves less than a code");
    let others = ScopedToken::generate(service.organisation);
    let several = format!("{}~{device}", others.expose());
    let shared = service.start_login_on(USERNAME, PASSWORD, &several).await.unwrap();
    assert_eq!(shared.step(), LoginStep::Done, "a browser of several people");
    let elsewhere = service.start_login_on(USERNAME, PASSWORD, "").await.unwrap();
    assert_eq!(elsewhere.step(), LoginStep::DeviceCode);

    let mut own = service.in_session(&known.session_token).await;
    let devices = own.list_devices(ListDevicesRequest {}).await.unwrap().into_inner().devices;
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].name, "Firefox, Windows");
    let request = ForgetDeviceRequest { device_id: devices[0].device_id.clone() };
    own.forget_device(request).await.unwrap();
    let forgotten = service.start_login_on(USERNAME, PASSWORD, &device).await.unwrap();
    assert_eq!(forgotten.step(), LoginStep::DeviceCode, "a forgotten device asks again");

    let next = service.pass_code(forgotten).await.device_token;
    service.process.clock.advance(Duration::from_hours(90 * 24));
    let late = service.start_login_on(USERNAME, PASSWORD, &next).await.unwrap();
    assert_eq!(late.step(), LoginStep::DeviceCode, "after 90 days");
    assert_eq!(service.opened::<DeviceCode, DeviceCodeContent>(|it| it.content).await.len(), 5);
}

#[tokio::test]
async fn a_wrong_number_looks_the_same_and_gets_no_code() {
    let service = Service::start_with(ROZELAAR).await;
    let welcome = service.register().await;
    let started = service.start_login(USERNAME, &welcome).await.unwrap();
    let malformed = service.send_code(&started.login_token, "12345").await;
    assert_eq!(reason(malformed), named(ErrorReason::PhoneMalformed));
    let mut answers = Vec::new();
    for number in ["06 87654321", "06-12345678"] {
        let started = service.start_login(USERNAME, &welcome).await.unwrap();
        let sent = service.send_code(&started.login_token, number).await.unwrap();
        let code = sent.code.clone().unwrap();
        assert_eq!(code.shown_digits.len(), 4, "R16");
        answers.push((sent.step(), code.sent_to, code.by_sms, code.life_seconds, code.shown_digits.len()));
        if number == "06 87654321" {
            let to = service.opened::<LoginCode, LoginCodeContent>(|it| it.content).await.pop().unwrap();
            let to = to.recipient.unwrap();
            assert_eq!((to.email.as_str(), to.phone.as_str()), ("", ""), "sealed, but without a recipient");
            let refused = service.verify(&sent.login_token, "123456").await;
            assert_eq!(reason(refused), named(ErrorReason::CodeWrong));
            // After a minute, another number can be typed in the same login.
            let request = ResendCodeRequest { login_token: sent.login_token, ..Default::default() };
            let soon = service.gateway().resend_code(request.clone()).await;
            assert_eq!(reason(soon), named(ErrorReason::CodeTooSoon));
            service.process.clock.advance(Duration::from_mins(1));
            let back = service.gateway().resend_code(request).await.unwrap().into_inner().progress.unwrap();
            assert_eq!(back.step(), LoginStep::SendCode);
            assert!(service.send_code(&back.login_token, "06 87654321").await.is_ok());
        } else {
            let code = service.opened::<LoginCode, LoginCodeContent>(|it| it.content).await.pop().unwrap();
            assert_eq!(code.recipient.unwrap().phone, PHONE, "R14");
        }
    }
    assert_eq!(answers[0], answers[1], "R13: the number that was typed never becomes the recipient");
}

#[tokio::test]
async fn an_own_password_expires_after_a_year_if_so_configured() {
    let service = Service::start_with(ROZELAAR).await;
    let welcome = service.register().await;
    service.log_in_first(USERNAME, &welcome).await;
    service.process.clock.advance(Duration::from_hours(24 * 365 - 1));
    assert_eq!(service.log_in(USERNAME).await.step(), LoginStep::Done);
    service.process.clock.advance(Duration::from_hours(1));
    let expired = service.log_in(USERNAME).await;
    assert_eq!(expired.step(), LoginStep::OwnPassword, "R12");
    assert_eq!(expired.own_password_cause(), OwnPasswordCause::Expired);
    let wrong = service.set_password(&expired.login_token, "iets anders", "een heel nieuw wachtwoord").await;
    assert_eq!(reason(wrong), named(ErrorReason::CurrentPasswordWrong));
    let same = service.set_password(&expired.login_token, PASSWORD, PASSWORD).await;
    assert_eq!(reason(same), named(ErrorReason::PasswordUnchanged));
    let chosen =
        service.set_password(&expired.login_token, PASSWORD, "een heel nieuw wachtwoord").await.unwrap();
    assert_eq!(chosen.step(), LoginStep::Done);
}

#[tokio::test]
async fn a_login_allows_only_a_few_guesses_at_the_current_password() {
    let service = Service::start_with(ROZELAAR).await;
    let welcome = service.register().await;
    service.log_in_first(USERNAME, &welcome).await;
    service.process.clock.advance(Duration::from_hours(24 * 365));
    let expired = service.log_in(USERNAME).await;
    for _ in 0..5 {
        let wrong =
            service.set_password(&expired.login_token, "iets anders", "een heel nieuw wachtwoord").await;
        assert_eq!(reason(wrong), named(ErrorReason::CurrentPasswordWrong));
    }
    let right = service.set_password(&expired.login_token, PASSWORD, "een heel nieuw wachtwoord").await;
    assert_eq!(reason(right), named(ErrorReason::LoginEnded), "THR-01");
}

#[tokio::test]
async fn sms_codes_have_a_day_limit() {
    let service = Service::start_with(PROFILA).await;
    let welcome = service.register().await;
    let mut sent = 0;
    loop {
        let started = service.start_login(USERNAME, &welcome).await.unwrap();
        match service.send_code(&started.login_token, "").await {
            Ok(_) => sent += 1,
            refused => {
                assert_eq!(reason(refused), named(ErrorReason::TooManyCodes), "THR-02");
                break;
            }
        }
    }
    assert_eq!(sent, 20);
    assert_eq!(service.opened::<LoginCode, LoginCodeContent>(|it| it.content).await.len(), sent);
    service.process.clock.advance(Duration::from_hours(24));
    let started = service.start_login(USERNAME, &welcome).await.unwrap();
    assert!(service.send_code(&started.login_token, "").await.is_ok(), "the next day counts anew");
}
