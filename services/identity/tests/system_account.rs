use std::time::Duration;

use chassis::{time, token::Caller};
use proto::identity::v1::{
    CreateSystemAccountRequest, CreateSystemAccountResponse, DisableSystemAccountRequest, ErrorReason,
    IssueSystemTokenRequest, ReplaceSystemSecretRequest, SystemRevoked,
};
use testkit::{caller, outbox};
use tonic::Status;

use crate::support::{Service, fields, named, reason};

async fn create(service: &Service) -> CreateSystemAccountResponse {
    let request = CreateSystemAccountRequest {
        organisation_id: service.organisation.to_string(),
        name: "ECD".to_owned(),
        scopes: vec!["dossier.write".to_owned()],
    };
    service.call_as(&Caller::Operator).create_system_account(request).await.unwrap().into_inner()
}

async fn issue(service: &Service, system_id: &str, secret: &str) -> Result<String, Status> {
    let request = IssueSystemTokenRequest { system_id: system_id.to_owned(), secret: secret.to_owned() };
    service.gateway().issue_system_token(request).await.map(|issued| issued.into_inner().token)
}

async fn replace(
    service: &Service,
    system_id: &str,
    old_ends_in: Option<Duration>,
) -> Result<String, Status> {
    let request = ReplaceSystemSecretRequest {
        organisation_id: service.organisation.to_string(),
        system_id: system_id.to_owned(),
        old_secret_ends_at: old_ends_in.map(|wait| time::to_proto(service.process.clock.now() + wait)),
    };
    let replaced = service.call_as(&Caller::Operator).replace_system_secret(request).await;
    replaced.map(|replaced| replaced.into_inner().secret)
}

async fn revocations(service: &Service) -> usize {
    outbox::events::<SystemRevoked>(&mut service.process.database.as_superuser().await).await.len()
}

#[tokio::test]
async fn a_credential_gives_its_scopes_until_a_new_one_replaces_it() {
    let service = Service::start().await;
    let first = create(&service).await;
    let token = issue(&service, &first.system_id, &first.secret).await.unwrap();
    let verifier = service.process.keys.of("identity").verifier();
    let caller = verifier.verify(&token, service.process.clock.now()).unwrap();
    assert!(format!("{caller:?}").contains("dossier.write"));

    let second = create(&service).await;
    assert_eq!(second.system_id, first.system_id);
    assert!(issue(&service, &second.system_id, &second.secret).await.is_ok());
    for (id, secret) in [
        (&*first.system_id, &*first.secret),
        (&*second.system_id, "x"),
        ("x", &*second.secret),
        ("operator", &*second.secret),
        ("operator", ""),
    ] {
        assert_eq!(reason(issue(&service, id, secret).await), named(ErrorReason::CredentialRefused), "{id}");
    }
    assert!(issue(&service, "operator", "the operator's secret").await.is_ok());
}

#[tokio::test]
async fn an_old_secret_works_until_its_end_beside_the_new_one() {
    let service = Service::start().await;
    let first = create(&service).await;
    let new = replace(&service, &first.system_id, Some(Duration::from_hours(24))).await.unwrap();
    assert_eq!(revocations(&service).await, 0, "streams go on while the old secret works");
    for secret in [&first.secret, &new] {
        assert!(issue(&service, &first.system_id, secret).await.is_ok());
    }
    service.process.clock.advance(Duration::from_hours(24));
    let refused = issue(&service, &first.system_id, &first.secret).await;
    assert_eq!(reason(refused), named(ErrorReason::CredentialRefused));
    assert!(issue(&service, &first.system_id, &new).await.is_ok());

    let newest = replace(&service, &first.system_id, None).await.unwrap();
    assert_eq!(revocations(&service).await, 1, "at once: the streams end");
    assert!(issue(&service, &first.system_id, &new).await.is_err());
    assert!(issue(&service, &first.system_id, &newest).await.is_ok());
    let too_long = replace(&service, &first.system_id, Some(Duration::from_hours(24 * 91))).await;
    assert_eq!(fields(too_long), ["old_secret_ends_at"]);
    let unknown = replace(&service, &caller::uuid(0x99).to_string(), None).await;
    assert_eq!(unknown.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn a_disabled_system_gets_no_token_and_its_streams_end() {
    let service = Service::start().await;
    let first = create(&service).await;
    replace(&service, &first.system_id, Some(Duration::from_hours(24))).await.unwrap();
    let disable = async |system_id: &str| {
        let request = DisableSystemAccountRequest {
            organisation_id: service.organisation.to_string(),
            system_id: system_id.to_owned(),
        };
        service.call_as(&Caller::Operator).disable_system_account(request).await
    };
    disable(&first.system_id).await.unwrap();
    let refused = issue(&service, &first.system_id, &first.secret).await;
    assert_eq!(reason(refused), named(ErrorReason::CredentialRefused), "the old secret, too, is refused");
    assert_eq!(revocations(&service).await, 1);
    assert_eq!(disable(&caller::uuid(0x99).to_string()).await.unwrap_err().code(), tonic::Code::NotFound);
    assert_eq!(fields(disable("x").await), ["system_id"]);
    // A new credential under the same name lets the system in again.
    let second = create(&service).await;
    assert_eq!(second.system_id, first.system_id);
    assert!(issue(&service, &second.system_id, &second.secret).await.is_ok());
}
