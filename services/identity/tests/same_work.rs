//! A call does the same work for known and unknown people, so that its duration does not reveal who exists
//! (ATT-06). The tests count hashes and queries.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use proto::identity::v1::{InviteUserRequest, RelationKind, StartLoginRequest, StartPasswordResetRequest};
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

use crate::support::{Service, USERNAME, inviting_settings};

/// Counts the password hashes and the database queries of this process.
#[derive(Clone, Default)]
struct Counter {
    hashes: Arc<AtomicUsize>,
    queries: Arc<AtomicUsize>,
}

impl<S: tracing::Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        let mut statement = Statement::default();
        event.record(&mut statement);
        // The trail is written and told by a task of its own, whose timer does not follow the call.
        if target.starts_with("sqlx::query") && !statement.0.contains("audit_") {
            self.queries.fetch_add(1, Ordering::SeqCst);
        } else if target.ends_with("password::hasher") {
            self.hashes.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The text of a statement that was run.
#[derive(Default)]
struct Statement(String);

impl Visit for Statement {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{value:?} ");
    }
}

impl Counter {
    fn start() -> Self {
        let counter = Self::default();
        // Each test runs in a process of its own, so no other test is counted.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(counter.clone()));
        counter
    }

    /// The hashes and queries since the last call.
    fn take(&self) -> (usize, usize) {
        (self.hashes.swap(0, Ordering::SeqCst), self.queries.swap(0, Ordering::SeqCst))
    }
}

#[tokio::test]
async fn every_login_costs_one_hash_and_the_same_queries() {
    let counter = Counter::start();
    let service = Service::start().await;
    service.first_login().await;
    let login = async |organisation: &str, username: &str| {
        let request = StartLoginRequest {
            organisation_id: organisation.to_owned(),
            username: username.to_owned(),
            password: "verkeerd".to_owned(),
            ..Default::default()
        };
        service.gateway().start_login(request).await.unwrap_err();
        counter.take()
    };
    let here = service.organisation.to_string();
    // The first call prepares its statements on the connection; that work must not count below.
    login(&here, "iemand").await;
    let known = login(&here, USERNAME).await;
    assert_eq!(known.0, 1, "exactly one argon2");
    assert!(known.1 >= 3, "{known:?}");
    assert_eq!(login(&here, USERNAME).await, known, "a name that has to wait");
    assert_eq!(login(&here, "niemand@voorbeeld.example").await, known, "a name that is not there");
    assert_eq!(login("", USERNAME).await, known, "an organisation that is not there");
}

#[tokio::test]
async fn a_reset_request_costs_the_same_for_unknown_people() {
    let counter = Counter::start();
    let service = Service::start().await;
    service.first_login().await;
    let ask = async |organisation: &str, username: &str| {
        let request = StartPasswordResetRequest {
            organisation_id: organisation.to_owned(),
            username: username.to_owned(),
            ..Default::default()
        };
        service.gateway().start_password_reset(request).await.unwrap();
        counter.take()
    };
    let here = service.organisation.to_string();
    ask(&here, "iemand").await;
    let known = ask(&here, USERNAME).await;
    assert_eq!(known.0, 0);
    assert_eq!(ask(&here, "niemand@voorbeeld.example").await, known);
    assert_eq!(ask("", USERNAME).await, known, "an organisation that is not there");
}

#[tokio::test]
async fn a_code_for_a_wrong_number_costs_the_same() {
    let counter = Counter::start();
    let service = Service::start_with(include_str!("../../../deploy/organisations/rozelaar.toml")).await;
    let welcome = service.register().await;
    let send = async |number: &str| {
        let started = service.start_login(USERNAME, &welcome).await.unwrap();
        counter.take();
        service.send_code(&started.login_token, number).await.unwrap();
        counter.take()
    };
    send("06 12345678").await;
    let right = send("06 12345678").await;
    assert_eq!(send("06 87654321").await, right, "R13");
}

#[tokio::test]
async fn an_invitation_costs_the_same_with_or_without_account() {
    let counter = Counter::start();
    let service = Service::start_with(&inviting_settings()).await;
    let session = service.first_login().await;
    let mut other = service.registration();
    other.account_id = testkit::caller::uuid(0x31).to_string();
    other.username = "bekend@voorbeeld.example".to_owned();
    other.email.clone_from(&other.username);
    other.client_id = testkit::caller::client(2).to_string();
    service.ecd().register_account(other).await.unwrap();
    let mut person = service.in_session(&session).await;
    counter.take();
    let mut invite = async |email: &str| {
        let request = InviteUserRequest {
            name: "Iemand".to_owned(),
            email: email.to_owned(),
            relation: RelationKind::Relative.into(),
            ..Default::default()
        };
        person.invite_user(request).await.unwrap();
        counter.take()
    };
    invite("eerst@voorbeeld.example").await;
    let known = invite("bekend@voorbeeld.example").await;
    assert_eq!(invite("nieuw@voorbeeld.example").await, known);
}
