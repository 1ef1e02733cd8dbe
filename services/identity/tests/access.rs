use chassis::token::Caller;
use proto::{
    access::v1::{Action, Level, Section},
    identity::v1::EndSessionRequest,
};
use testkit::caller;
use tonic::Code;

use crate::support::{SETTINGS, Service};

/// Each kind of caller on methods that are for another: refused, and nothing is said of what is there.
#[tokio::test]
async fn callers_of_another_kind_are_refused() {
    let service = Service::start().await;
    let grants = [(Section::Reports, Action::View)];
    let account = caller::account(service.organisation, caller::client(1), &grants, Level::High);
    let system = caller::system(service.organisation, &["dossier.write"]);
    for wrong in [&account, &system, &Caller::Gateway] {
        let request = proto::identity::v1::ConfigureOrganisationRequest { toml: SETTINGS.to_owned() };
        let status = service.calling(wrong).configure_organisation(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{wrong:?}");
    }
    let status = service.calling(&system).register_account(service.registration()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "a scope that is missing");
    let status = service.gateway().end_session(EndSessionRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_refused_registration_and_a_failed_login_leave_an_audit_record() {
    let service = Service::start().await;
    let system = caller::system(service.organisation, &["dossier.write"]);
    service.calling(&system).register_account(service.registration()).await.unwrap_err();
    service.start_login("niemand", "verkeerd").await.unwrap_err();
    let outcomes: Vec<(String, i32)> =
        sqlx::query_as("SELECT method, outcome FROM audit_record ORDER BY recorded_at, method")
            .fetch_all(&mut service.process.database.behind().await)
            .await
            .unwrap();
    let denied = i32::from(proto::event::v1::AccessOutcome::Denied);
    assert_eq!(
        outcomes,
        [
            ("zorgportaal.identity.v1.IdentityService/RegisterAccount".to_owned(), denied),
            ("zorgportaal.identity.v1.IdentityService/StartLogin".to_owned(), denied),
        ],
        "LOG-03"
    );
}
