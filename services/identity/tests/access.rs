use proto::identity::v1::{EndSessionRequest, RegisterAccountRequest};
use testkit::{Matrix, caller, outbox};

use crate::support::Service;

#[tokio::test]
async fn every_method_lets_in_whom_its_rule_names_and_shows_others_nothing() {
    let service = Service::start().await;
    service.register().await;
    outbox::publish(&mut service.process.database.behind().await).await;
    let another = RegisterAccountRequest {
        account_id: caller::uuid(0x21).to_string(),
        username: "b.devries@voorbeeld.example".to_owned(),
        ..service.registration()
    };
    let matrix = Matrix::new(&service.process, "identity", service.organisation, caller::client(1))
        .secret(&caller::client(1).to_string())
        .request("RegisterAccount", &another)
        .request("EndSession", &EndSessionRequest {});
    assert_eq!(matrix.faults().await, Vec::<String>::new());
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
