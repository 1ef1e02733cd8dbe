//! The access rules of the RPCs that every service has, and a proof that the access matrix can fail.

use chassis::{
    Clock, Ctx,
    access::{AccessLayer, Rules},
    token::TokenLife,
};
use store::{audit::Audit, housekeeping::RetentionSettings, service};
use testkit::{InProcess, Keys, Matrix, caller, monday_morning, postgres::Database};
use tonic::service::Routes;
use tower::util::MapRequestLayer;

use crate::support::{NO_MIGRATIONS, SERVICE};

fn matrix(process: &InProcess) -> Matrix<'_> {
    Matrix::new(process, SERVICE, caller::organisation(1), caller::client(1))
}

#[tokio::test]
async fn feed_and_audit_check_follow_their_access_rules() {
    let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
    let (keys, clock, db) = (Keys::generate(), Clock::fixed(monday_morning()), database.db(SERVICE));
    let rules = Rules::of_contract().unwrap().into();
    let access = AccessLayer::new(rules, keys.of("identity").verifier(), clock.clone());
    let layers = service::layers(
        Audit::start(
            db.clone(),
            clock.clone(),
            keys.of("identity").seal().unwrap(),
            RetentionSettings::default(),
        ),
        access,
    );
    let routes = service::common_routes(Routes::default(), &db, &clock);
    let process = InProcess::serve(database, keys, clock, routes, layers).await;
    assert_eq!(matrix(&process).faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn service_without_access_checks_fails_for_each_caller() {
    let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
    let (keys, clock, db) = (Keys::generate(), Clock::fixed(monday_morning()), database.db(SERVICE));
    let token = TokenLife { issued_at: monday_morning(), ends_at: monday_morning() };
    let ctx = Ctx::of_service(SERVICE, caller::organisation(1), monday_morning());
    let ctx = Ctx { token: Some(token), ..ctx };
    let open = MapRequestLayer::new(move |mut request: http::Request<tonic::body::Body>| {
        request.extensions_mut().insert(ctx.clone());
        request
    });
    let routes = service::common_routes(Routes::default(), &db, &clock);
    let process = InProcess::serve(database, keys, clock, routes, open).await;
    let faults = matrix(&process).faults().await;
    for who in [
        "without a token",
        "an expired token",
        "another audience",
        "an unknown key",
        "without the scope",
        "an account",
    ] {
        assert!(faults.iter().filter(|fault| fault.contains(who)).count() >= 2, "{who}: {faults:#?}");
    }
}
