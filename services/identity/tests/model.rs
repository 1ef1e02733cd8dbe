//! Login, reset and step-up as state machines: sequences of calls go through the RPCs, in any order and at
//! any time, and a model predicts each answer. The sequences of invitations are tested beside their rules in
//! `src`.

use std::time::Duration;

use chassis::proof::Proof;
use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use proto::identity::v1::*;
use testkit::caller;
use tonic::Status;

use crate::support::{SETTINGS, Service, named, reason, register};

const PROFILA: &str = include_str!("../../../deploy/organisations/profila.toml");
const VIVRE: &str = include_str!("../../../deploy/organisations/vivre.toml");
const OWN: &str = "Vier woorden op 1 rij";
/// The number of the first account.
const FIRST_ACCOUNT: u64 = 0x1000;
const COOL_DOWN: u64 = 60;
const CODE_LIFE: u64 = 300;
const TRIES: u32 = 5;
const CODES: u32 = 5;

/// Makes sequences of acts; every run makes the same sequences.
fn sequences<S: Strategy>(act: S, cases: usize, length: usize) -> Vec<Vec<S::Value>> {
    let strategy = prop::collection::vec(act, length);
    let mut runner = TestRunner::deterministic();
    (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Splits an answer into its value and the reason of its refusal.
fn outcome<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Option<T>, Option<String>) {
    match answer {
        Ok(value) => (Some(value), None),
        Err(status) => (None, Some(reason::<T>(Err(status)))),
    }
}

/// The model of one login's or step-up's codes: how many were sent, and how many were tried.
#[derive(Clone, Copy, Default)]
struct Codes {
    sent: u32,
    sent_at: u64,
    tries: u32,
}

impl Codes {
    /// Sends a code. Returns the reason of a refusal; `over` is the reason after too many tries.
    fn send(&mut self, now: u64, over: ErrorReason) -> Option<ErrorReason> {
        if self.sent > 0 && self.tries >= TRIES {
            return Some(over);
        } else if self.sent >= CODES {
            return Some(ErrorReason::TooManyCodes);
        } else if self.sent > 0 && now < self.sent_at + COOL_DOWN {
            return Some(ErrorReason::CodeTooSoon);
        }
        (self.sent, self.sent_at) = (self.sent + 1, now);
        None
    }

    /// Tries a code. Returns the reason of a refusal; `over` is the reason after too many tries.
    fn try_code(
        &mut self,
        now: u64,
        right: bool,
        over: ErrorReason,
        wrong: ErrorReason,
    ) -> Option<ErrorReason> {
        if self.tries >= TRIES {
            return Some(over);
        }
        self.tries += 1;
        if now >= self.sent_at + CODE_LIFE {
            Some(ErrorReason::CodeExpired)
        } else if right {
            None
        } else {
            Some(wrong)
        }
    }
}

/// Registers a new person with an own phone number; returns the user name and the welcome password.
async fn register_person(service: &Service, number: u64) -> (String, String) {
    let number = FIRST_ACCOUNT + number;
    let username = format!("{number}@voorbeeld.example");
    let welcome = register(service, number, 1, |request| {
        request.email.clone_from(&username);
        request.phone = format!("+3161{number:07}");
    });
    let welcome = welcome.await.unwrap();
    (username, welcome)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send,
    Resend,
    Right,
    Wrong,
    Former,
    Password,
    Terms,
    Accept,
    Decline,
    Wait(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    SendCode,
    Code,
    OwnPassword,
    Terms,
    Over,
}

#[tokio::test]
async fn a_login_follows_its_steps_whatever_the_order_of_calls() {
    let service = Service::start_with(PROFILA).await;
    let step = prop_oneof![
        2 => Just(Step::Send),
        2 => Just(Step::Resend),
        5 => Just(Step::Right),
        2 => Just(Step::Wrong),
        1 => Just(Step::Former),
        4 => Just(Step::Password),
        4 => Just(Step::Terms),
        1 => Just(Step::Accept),
        1 => Just(Step::Decline),
        4 => prop_oneof![Just(60), Just(299), Just(300), Just(700)].prop_map(Step::Wait),
    ];
    let ended = ErrorReason::LoginEnded;
    let (mut done, mut late) = (0, 0);
    for (number, steps) in (0..).zip(sequences(step, 40, 20)) {
        let (username, welcome) = register_person(&service, number).await;
        let mut token = service.start_login(&username, &welcome).await.unwrap().login_token;
        let (mut stage, mut now, mut codes) = (Stage::SendCode, 0, Codes::default());
        let (mut newest, mut former) = (String::new(), String::new());
        for (index, step) in steps.iter().copied().enumerate() {
            let is_over = now >= 30 * 60 || stage == Stage::Over;
            let typed = match step {
                Step::Right => newest.clone(),
                Step::Former => former.clone(),
                _ => "geen".to_owned(),
            };
            let is_code_stage = !is_over && stage == Stage::Code;
            let (answer, expected, next) = match step {
                Step::Wait(seconds) => {
                    service.process.clock.advance(Duration::from_secs(seconds));
                    now += seconds;
                    continue;
                }
                Step::Send => {
                    let may = !is_over && stage == Stage::SendCode;
                    let expected = if may { codes.send(now, ended) } else { Some(ended) };
                    (service.send_code(&token, "").await, expected, Stage::Code)
                }
                Step::Resend => {
                    let expected = if is_code_stage { codes.send(now, ended) } else { Some(ended) };
                    let request = ResendCodeRequest { login_token: token.clone(), ..Default::default() };
                    let answer = service.gateway().resend_code(request).await;
                    (answer.map(|it| it.into_inner().progress.unwrap()), expected, Stage::Code)
                }
                Step::Right | Step::Wrong | Step::Former => {
                    let right = typed == newest;
                    let expected = if is_code_stage {
                        codes.try_code(now, right, ended, ErrorReason::CodeWrong)
                    } else {
                        Some(ended)
                    };
                    (service.verify(&token, &typed).await, expected, Stage::OwnPassword)
                }
                Step::Password => {
                    let may = !is_over && stage == Stage::OwnPassword;
                    let answer = service.set_password(&token, &welcome, OWN).await;
                    (answer, (!may).then_some(ended), Stage::Terms)
                }
                Step::Terms => {
                    let may = !is_over && stage == Stage::Terms;
                    let request = AcceptTermsRequest { login_token: token.clone(), version: 1 };
                    let answer = service.gateway().accept_terms(request).await;
                    (answer.map(|it| it.into_inner().progress.unwrap()), (!may).then_some(ended), Stage::Over)
                }
                // The person was not invited, so the login has no step for invitations.
                Step::Accept => {
                    let request =
                        AcceptInvitationRequest { login_token: token.clone(), ..Default::default() };
                    let answer = service.gateway().accept_invitation(request).await;
                    (answer.map(|it| it.into_inner().progress.unwrap()), Some(ended), Stage::Over)
                }
                Step::Decline => {
                    let request =
                        DeclineInvitationRequest { login_token: token.clone(), ..Default::default() };
                    let answer = service.gateway().decline_invitation(request).await;
                    (answer.map(|it| it.into_inner().progress.unwrap()), Some(ended), Stage::Over)
                }
            };
            let (progress, why) = outcome(answer);
            let expected = expected.map(named).map(str::to_owned);
            assert_eq!(why, expected, "{step:?} at {stage:?}, {now} s, step {index} of {steps:?}");
            late += u32::from(why.is_some_and(|why| why == named(ErrorReason::CodeExpired)));
            let Some(progress) = progress else { continue };
            if matches!(step, Step::Send | Step::Resend) {
                former = std::mem::replace(&mut newest, service.code().await);
            }
            stage = next;
            assert_eq!(
                progress.session_token.is_empty(),
                stage != Stage::Over,
                "only a finished login has a session"
            );
            done += u32::from(stage == Stage::Over);
            if stage != Stage::Over {
                token = progress.login_token;
            }
        }
    }
    assert!(done > 0 && late > 0, "{done} logins, {late} expired codes: the sequences reach both");
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Ask for a new link.
    Ask,
    /// Use the link with this number, counted from 0.
    Use(usize),
    /// Change the account's address.
    Move,
    /// Let minutes pass.
    Wait(u64),
}

#[tokio::test]
async fn only_the_newest_reset_link_works_in_time_and_once() {
    let service = Service::start_with(VIVRE).await;
    let act = prop_oneof![
        3 => Just(Act::Ask),
        4 => (0_usize..4).prop_map(Act::Use),
        1 => Just(Act::Move),
        2 => prop_oneof![Just(5), Just(120), Just(239), Just(240)].prop_map(Act::Wait),
    ];
    let (mut good, mut bad) = (0, 0);
    for (number, acts) in (0..).zip(sequences(act, 16, 12)) {
        let (username, welcome) = register_person(&service, number).await;
        service.log_in_first(&username, &welcome).await;
        let (mut username, mut email) = (username.clone(), username);
        let mut links: Vec<String> = Vec::new();
        let (mut newest, mut age) = (None, 0);
        for (index, act) in acts.iter().copied().enumerate() {
            match act {
                Act::Ask => {
                    let request = StartPasswordResetRequest {
                        organisation_id: service.organisation.to_string(),
                        username: username.clone(),
                        email: email.clone(),
                        address: format!("192.0.2.{number}"),
                    };
                    service.gateway().start_password_reset(request).await.unwrap();
                    service.process.run_due().await;
                    let sent = service.opened::<ResetLink, ResetLinkContent>(|it| it.content).await;
                    links.push(sent.last().unwrap().token.clone());
                    (newest, age) = (Some(links.len() - 1), 0);
                }
                Act::Use(which) => {
                    let Some(link) = links.get(which) else { continue };
                    let request = FinishPasswordResetRequest {
                        reset_token: link.clone(),
                        username: username.clone(),
                        new_password: format!("Een heel nieuw wachtwoord {index}"),
                    };
                    let (_, why) = outcome(service.gateway().finish_password_reset(request).await);
                    let is_good = newest == Some(which) && age < 240;
                    let expected = (!is_good).then(|| named(ErrorReason::LinkExpired).to_owned());
                    assert_eq!(why, expected, "{act:?} after {age} minutes, act {index} of {acts:?}");
                    if is_good {
                        (newest, good) = (None, good + 1);
                    } else {
                        bad += 1;
                    }
                }
                Act::Move => {
                    email = format!("{index}.{email}");
                    let request = UpdateAccountContactRequest {
                        account_id: caller::uuid(FIRST_ACCOUNT + number).to_string(),
                        email: email.clone(),
                        phone: String::new(),
                    };
                    service.ecd().update_account_contact(request).await.unwrap();
                    // The user name is the address, so it changes too.
                    (newest, username) = (None, email.clone());
                }
                Act::Wait(minutes) => {
                    service.process.clock.advance(Duration::from_mins(minutes));
                    age += minutes;
                }
            }
        }
    }
    assert!(good > 0 && bad > 0, "{good} good, {bad} not: the sequences reach both");
}

#[derive(Clone, Copy, Debug)]
enum Prove {
    Ask(u8),
    Right,
    Wrong,
    Former,
    Wait(u64),
}

#[tokio::test]
async fn a_step_up_accepts_only_its_newest_code_within_its_tries() {
    let service = Service::start_with(SETTINGS).await;
    let act = prop_oneof![
        3 => (0_u8..2).prop_map(Prove::Ask),
        2 => Just(Prove::Right),
        3 => Just(Prove::Wrong),
        1 => Just(Prove::Former),
        3 => prop_oneof![Just(30), Just(60), Just(299), Just(300)].prop_map(Prove::Wait),
    ];
    let (gone, too_many) = (ErrorReason::StepUpEnded, ErrorReason::TooManyCodes);
    let (mut proven, mut exhausted) = (0, 0);
    for (number, acts) in (0..).zip(sequences(act, 24, 16)) {
        let (username, welcome) = register_person(&service, number).await;
        let session = service.log_in_first(&username, &welcome).await.session_token;
        let mut pending: Option<(Codes, u8)> = None;
        let (mut newest, mut former, mut now) = (String::new(), String::new(), 0);
        for (index, act) in acts.iter().copied().enumerate() {
            let mut own = service.in_session(&session).await;
            let purpose = StepUpPurpose::Sign.into();
            match act {
                Prove::Wait(seconds) => {
                    service.process.clock.advance(Duration::from_secs(seconds));
                    now += seconds;
                }
                Prove::Ask(document) => {
                    let (mut codes, _) = pending.unwrap_or_default();
                    let expected = codes.send(now, too_many).map(named).map(str::to_owned);
                    let subject = Some(StepUpSubject {
                        document_hash: format!("{document:064x}"),
                        document_kind: "care-plan".to_owned(),
                        document_version: 1,
                    });
                    let request = StartStepUpRequest { purpose, subject, ..Default::default() };
                    let (sent, why) = outcome(own.start_step_up(request).await);
                    assert_eq!(why, expected, "{act:?} at {now} s, act {index} of {acts:?}");
                    if sent.is_some() {
                        pending = Some((codes, document));
                        let all = service.opened::<SigningCode, SigningCodeContent>(|it| it.content).await;
                        former = std::mem::replace(&mut newest, all.last().unwrap().code.clone());
                    }
                }
                Prove::Right | Prove::Wrong | Prove::Former => {
                    let code = match act {
                        Prove::Right => newest.clone(),
                        Prove::Former => former.clone(),
                        _ => String::new(),
                    };
                    let right = code == newest;
                    let expected = match &mut pending {
                        Some((codes, _)) => codes.try_code(now, right, gone, ErrorReason::CodeWrong),
                        None => Some(gone),
                    };
                    let request = VerifyStepUpRequest { code, purpose };
                    let (answer, why) = outcome(own.verify_step_up(request).await);
                    exhausted += u32::from(pending.is_some() && expected == Some(gone));
                    let expected = expected.map(named).map(str::to_owned);
                    assert_eq!(why, expected, "{act:?} at {now} s, act {index} of {acts:?}");
                    let Some(answer) = answer else { continue };
                    let verifier = service.process.keys.of("identity").verifier();
                    let proof =
                        Proof::verify(&answer.into_inner().proof, &verifier, service.process.clock.now());
                    let (_, document) = pending.take().unwrap();
                    assert_eq!(
                        proof.unwrap().document_hash,
                        format!("{document:064x}"),
                        "the document of the last request"
                    );
                    proven += 1;
                }
            }
        }
    }
    assert!(proven > 0 && exhausted > 0, "{proven} proven, {exhausted} without a try left");
}
