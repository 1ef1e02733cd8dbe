use proto::identity::v1::{AccountRegistered, ErrorReason, GrantChanged};
use testkit::{caller, outbox};
use tonic_types::StatusExt;

use crate::support::{Service, USERNAME, named, reason};

#[tokio::test]
async fn registration_events_seal_every_name_and_address() {
    let service = Service::start().await;
    service.register().await;
    let mut superuser = service.process.database.as_superuser().await;
    assert_eq!(outbox::events::<AccountRegistered>(&mut superuser).await.len(), 1);
    let (event, granted) = outbox::events::<GrantChanged>(&mut superuser).await.pop().unwrap();
    assert_eq!(granted.grants, service.registration().grants);
    assert_eq!(event.client_id, caller::client(1).to_string());
    let payloads: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM outbox").fetch_all(&mut superuser).await.unwrap();
    for payload in payloads {
        let text = String::from_utf8_lossy(&payload).into_owned();
        assert!(!text.contains("voorbeeld.example") && !text.contains("de Vries"), "{text}");
    }
}

#[tokio::test]
async fn a_repeated_registration_must_not_differ() {
    let service = Service::start().await;
    service.register().await;
    service.ecd().register_account(service.registration()).await.unwrap();
    let mut superuser = service.process.database.as_superuser().await;
    assert_eq!(outbox::events::<AccountRegistered>(&mut superuser).await.len(), 1, "the repeat emits none");

    let mut other = service.registration();
    other.display_name = "iemand anders".to_owned();
    assert_eq!(reason(service.ecd().register_account(other).await), named(ErrorReason::IdTaken));
    let mut same_name = service.registration();
    same_name.account_id = caller::uuid(0x21).to_string();
    same_name.username = USERNAME.to_uppercase();
    let refused = service.ecd().register_account(same_name).await;
    assert_eq!(reason(refused), named(ErrorReason::UsernameTaken));
}

#[tokio::test]
async fn all_invalid_fields_are_reported_at_once() {
    let service = Service::start().await;
    let mut request = service.registration();
    request.account_id = "x".to_owned();
    request.email = "a@b.nl\r\nBcc: c@d.nl".to_owned();
    request.grants.clear();
    request.consent = None;
    let status = service.ecd().register_account(request).await.unwrap_err();
    let details = status.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        ["account_id", "email", "grants", "consent.given_by", "consent.ground", "consent.given_at"]
    );
}
