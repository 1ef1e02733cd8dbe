//! The throttle slows down guessing, counts exactly across replicas, and never locks out the owner (THR-01).

use std::time::Duration;

use proto::identity::v1::{
    ErrorReason, LoginStep, ResetPassword, ResetPasswordContent, StartLoginRequest,
    StartPasswordResetRequest, UnlockAccountRequest, WelcomeMessage, WelcomeMessageContent,
};

use tonic_types::StatusExt;

use crate::support::{PASSWORD, PHONE, Service, USERNAME, named, reason};

#[tokio::test]
async fn waits_grow_and_hold_for_the_right_password_too() {
    let service = Service::start().await;
    service.first_login().await;
    let mut tries = Vec::new();
    for wait in [1, 3, 5, 10, 30, 30] {
        service.start_login(USERNAME, "verkeerd").await.unwrap_err();
        let early = service.start_login(USERNAME, PASSWORD).await;
        assert_eq!(reason(early), named(ErrorReason::LoginRefused), "a wait looks like a wrong password");
        service.process.clock.advance(Duration::from_millis(wait * 1000 - 1));
        let early = service.start_login(USERNAME, PASSWORD).await;
        assert_eq!(reason(early), named(ErrorReason::LoginRefused), "{wait} seconds");
        service.process.clock.advance(Duration::from_millis(1));
        tries.push(wait);
    }
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok());
    assert_eq!(tries.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_parallel_guesses_only_one_is_checked() {
    let service = Service::start().await;
    let welcome = service.register().await;
    let guesses = (0..200).map(|_| service.start_login(USERNAME, &welcome[..4]));
    let answers = futures::future::join_all(guesses).await;
    assert!(answers.into_iter().all(|answer| answer.is_err()));
    let mut superuser = service.process.database.as_superuser().await;
    let count: i32 = sqlx::query_scalar("SELECT count FROM throttle WHERE kind = 1")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert_eq!(count, 1, "ATT-07: the others came during the wait");
}

#[tokio::test]
async fn a_stranger_cannot_lock_out_the_owner_of_a_known_device() {
    let service = Service::start().await;
    let welcome = service.register().await;
    let device = service.log_in_first(USERNAME, &welcome).await.device_token;
    for _ in 0..105 {
        service.start_login(USERNAME, "verkeerd").await.unwrap_err();
        service.process.clock.advance(Duration::from_secs(30));
    }
    let locked = service.start_login(USERNAME, PASSWORD).await;
    assert_eq!(reason(locked), named(ErrorReason::LoginRefused), "T25: 100 failures in a row block");
    let owner = service.start_login_on(USERNAME, PASSWORD, &device).await.unwrap();
    assert_eq!(owner.step(), LoginStep::Code);

    let account_id = testkit::caller::uuid(0x20).to_string();
    service.ecd().unlock_account(UnlockAccountRequest { account_id }).await.unwrap();
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok(), "a system lets them try again");
}

#[tokio::test]
async fn nobody_can_use_up_the_codes_of_another_account() {
    let service = Service::start_with(include_str!("../../../deploy/organisations/rozelaar.toml")).await;
    let welcome = service.register().await;
    let mut other = service.registration();
    other.account_id = testkit::caller::uuid(0x31).to_string();
    other.username = "ander@voorbeeld.example".to_owned();
    other.phone = "+31687654321".to_owned();
    service.ecd().register_account(other).await.unwrap();
    let theirs = service
        .opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content)
        .await
        .pop()
        .unwrap()
        .password;
    let limit = 20;
    for number in 0..=limit {
        let started = service.start_login("ander@voorbeeld.example", &theirs).await.unwrap();
        let sent = service.send_code(&started.login_token, PHONE).await;
        assert_eq!(sent.is_ok(), number < limit, "their own limit: {number}");
    }
    let started = service.start_login(USERNAME, &welcome).await.unwrap();
    assert!(service.send_code(&started.login_token, PHONE).await.is_ok());
    let account_id = testkit::caller::uuid(0x31).to_string();
    service.ecd().unlock_account(UnlockAccountRequest { account_id }).await.unwrap();
    let started = service.start_login("ander@voorbeeld.example", &theirs).await.unwrap();
    assert!(service.send_code(&started.login_token, "0687654321").await.is_ok(), "a system unlocks");
}

#[tokio::test]
async fn the_right_temporary_password_ends_a_wait() {
    let service = Service::start().await;
    service.first_login().await;
    let request = StartPasswordResetRequest {
        organisation_id: service.organisation.to_string(),
        username: USERNAME.to_owned(),
        ..Default::default()
    };
    service.gateway().start_password_reset(request).await.unwrap();
    service.process.run_due().await;
    let sent = service.opened::<ResetPassword, ResetPasswordContent>(|it| it.content).await.pop().unwrap();
    for _ in 0..3 {
        service.start_login(USERNAME, "verkeerd").await.unwrap_err();
    }
    let passed = service.start_login(USERNAME, &sent.password).await.unwrap();
    assert_eq!(passed.step(), LoginStep::Code);
    assert!(
        service.start_login(USERNAME, PASSWORD).await.is_ok(),
        "the old password still works, and at once"
    );
}

#[tokio::test]
async fn unknown_names_are_throttled_like_known_names() {
    let service = Service::start().await;
    service.register().await;
    for name in [USERNAME, "niemand@voorbeeld.example"] {
        for _ in 0..3 {
            let refused = service.start_login(name, "verkeerd").await;
            assert_eq!(reason(refused), named(ErrorReason::LoginRefused));
        }
    }
    let mut superuser = service.process.database.as_superuser().await;
    let rows: Vec<(i32, i32)> = sqlx::query_as("SELECT kind, count FROM throttle ORDER BY key")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    assert_eq!(rows, [(1, 1), (1, 1)], "one wait per name, known or not");
    let records: Vec<i64> = sqlx::query_scalar(
        "SELECT count(*) FROM audit_record WHERE method LIKE '%StartLogin' GROUP BY actor_id ORDER BY 1",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(records, [3, 3]);
}

#[tokio::test]
async fn a_try_that_finds_no_place_to_be_judged_is_not_counted() {
    let service = Service::start().await;
    let tries = (0..200).map(|number| {
        let mut gateway = service.gateway();
        let request = StartLoginRequest {
            organisation_id: service.organisation.to_string(),
            username: format!("niemand-{number}"),
            password: "verkeerd".to_owned(),
            address: "192.0.2.1".to_owned(),
            ..Default::default()
        };
        async move {
            let refused = gateway.start_login(request).await.unwrap_err();
            refused
                .get_error_details()
                .error_info()
                .map_or_else(|| format!("{refused:?}"), |info| info.reason.clone())
        }
    });
    let answers = futures::future::join_all(tries).await;
    let judged = answers.iter().filter(|reason| *reason == named(ErrorReason::LoginRefused)).count();
    assert!(answers.iter().any(|reason| reason == named(ErrorReason::TooManyTries)), "{answers:?}");
    let counted: i64 = sqlx::query_scalar("SELECT coalesce(sum(count), 0)::bigint FROM throttle")
        .fetch_one(&mut service.process.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(counted).unwrap(), judged, "each judged try and no other: {answers:?}");
}
