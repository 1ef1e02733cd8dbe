use proto::identity::v1::{CreateSystemAccountRequest, ErrorReason, IssueSystemTokenRequest};

use crate::support::{Service, named, reason};

#[tokio::test]
async fn a_credential_gives_its_scopes_until_a_new_one_replaces_it() {
    let service = Service::start().await;
    let create = async || {
        let request = CreateSystemAccountRequest {
            organisation_id: service.organisation.to_string(),
            name: "ECD".to_owned(),
            scopes: vec!["dossier.write".to_owned()],
        };
        let mut operator = service.call_as(&chassis::token::Caller::Operator);
        operator.create_system_account(request).await.unwrap().into_inner()
    };
    let issue = async |system_id: &str, secret: &str| {
        let request = IssueSystemTokenRequest { system_id: system_id.to_owned(), secret: secret.to_owned() };
        service.gateway().issue_system_token(request).await.map(|issued| issued.into_inner().token)
    };
    let first = create().await;
    let token = issue(&first.system_id, &first.secret).await.unwrap();
    let verifier = service.process.keys.settings.verifier().unwrap();
    let caller = verifier.verify(&token, service.process.clock.now()).unwrap();
    assert!(format!("{caller:?}").contains("dossier.write"));

    let second = create().await;
    assert_eq!(second.system_id, first.system_id);
    assert!(issue(&second.system_id, &second.secret).await.is_ok());
    for (id, secret) in [
        (&*first.system_id, &*first.secret),
        (&*second.system_id, "x"),
        ("x", &*second.secret),
        ("operator", &*second.secret),
        ("operator", ""),
    ] {
        assert_eq!(reason(issue(id, secret).await), named(ErrorReason::CredentialRefused), "{id}");
    }
    assert!(issue("operator", "the operator's secret").await.is_ok());
}
