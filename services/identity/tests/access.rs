use chassis::{id::SessionId, proof::Proof, time, token::Caller};
use proto::{
    access::v1::{Action, Grant, Level, Section},
    identity::v1::*,
};
use testkit::{Matrix, caller, outbox};

use crate::support::{PASSWORD, Service, USERNAME};

/// The account and session that the matrix's callers have.
const ACCOUNT: u64 = 0x2_0000;
const SESSION: u64 = 0x3_0000;

fn grants(section: Section, actions: &[Action]) -> Vec<Grant> {
    vec![Grant { section: section.into(), actions: actions.iter().map(|&it| it.into()).collect() }]
}

/// The caller of the matrix, with a session and a password of their own.
async fn prepare(service: &Service) -> Caller {
    let mut registration = service.registration();
    registration.account_id = caller::uuid(ACCOUNT).to_string();
    service.ecd().register_account(registration).await.unwrap();
    let welcome =
        service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await.pop().unwrap();
    service.log_in_first(USERNAME, &welcome.password).await;
    let mut behind = service.process.database.behind().await;
    let renamed = sqlx::query("UPDATE session SET id = $1").bind(caller::uuid(SESSION));
    renamed.execute(&mut behind).await.unwrap();
    caller::account(
        service.organisation,
        caller::client(1),
        &[(Section::Users, Action::View), (Section::Users, Action::Write)],
        Level::Low,
    )
}

/// A relative who is invited and has rights.
async fn invite(service: &Service, by: &Caller, email: &str) -> String {
    let request = InviteUserRequest {
        name: "Petra de Vries".to_owned(),
        email: email.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = service.calling(by).invite_user(request).await.unwrap().into_inner().access_id;
    let grants = grants(Section::Users, &[Action::View]);
    let request = SetGrantsRequest { access_id: access_id.clone(), grants };
    service.calling(by).set_grants(request).await.unwrap();
    access_id
}

/// Somebody else whom the organisation registered.
async fn register(service: &Service, number: u64, client: u64, relation: RelationKind) -> String {
    let request = RegisterAccountRequest {
        account_id: caller::uuid(number).to_string(),
        username: format!("{number}@voorbeeld.example"),
        email: format!("{number}@voorbeeld.example"),
        client_id: caller::client(client).to_string(),
        relation: relation.into(),
        grants: grants(Section::Reports, &[Action::View]),
        ..service.registration()
    };
    service.ecd().register_account(request.clone()).await.unwrap();
    request.account_id
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one line for each method")]
async fn every_method_lets_in_whom_its_rule_names_and_shows_others_nothing() {
    let service = Service::of(&crate::support::inviting()).await;
    let own = prepare(&service).await;
    let proof = Proof {
        organisation: service.organisation,
        account: caller::uuid(ACCOUNT).to_string().parse().unwrap(),
        session: SessionId(caller::uuid(SESSION)),
        purpose: StepUpPurpose::Contact.into(),
        document_hash: String::new(),
        document_kind: String::new(),
        document_version: 0,
    };
    let signer = service.process.keys.settings.signer("identity").unwrap();
    let proof = proof.sign(&signer, service.process.clock.now()).unwrap();
    let mut own_calls = service.calling(&own);
    let request =
        StartEmailChangeRequest { email: "nieuw@voorbeeld.example".to_owned(), proof: proof.clone() };
    own_calls.start_email_change(request).await.unwrap();
    let request = StartPhoneChangeRequest { phone: "06 87654321".to_owned(), proof: proof.clone() };
    own_calls.start_phone_change(request).await.unwrap();
    let email_code = service.opened::<EmailChangeCode, EmailChangeCodeContent>(|it| it.content).await.pop();
    let phone_code = service.opened::<PhoneChangeCode, PhoneChangeCodeContent>(|it| it.content).await.pop();
    let known = register(&service, 0x31, 2, RelationKind::Relative).await;
    let new = register(&service, 0x32, 1, RelationKind::Relative).await;
    register(&service, 0x33, 1, RelationKind::Relative).await;
    let relative = service.access_id(caller::uuid(0x33)).await;
    let (one, other) = (
        invite(&service, &own, "een@voorbeeld.example").await,
        invite(&service, &own, "twee@voorbeeld.example").await,
    );
    service.start_login("50@voorbeeld.example", "verkeerd").await.unwrap_err();
    outbox::publish(&mut service.process.database.behind().await).await;

    let client_id = caller::client(1).to_string();
    let ended = register(&service, 0x37, 1, RelationKind::Relative).await;
    let later = Some(time::to_proto(service.process.clock.now() + jiff::SignedDuration::from_hours(24 * 30)));
    let another = RegisterAccountRequest {
        account_id: caller::uuid(0x21).to_string(),
        username: "b.devries@voorbeeld.example".to_owned(),
        ..service.registration()
    };
    let matrix = Matrix::new(&service.process, "identity", service.organisation, caller::client(1))
        .secret(&client_id)
        .secret("mevrouw A. de Vries")
        .request(
            "ChangePassword",
            &ChangePasswordRequest {
                current_password: PASSWORD.to_owned(),
                new_password: "vijf woorden op een rij".to_owned(),
            },
        )
        .request("ConfirmEmailChange", &ConfirmEmailChangeRequest { code: email_code.unwrap().code })
        .request("ConfirmPhoneChange", &ConfirmPhoneChangeRequest { code: phone_code.unwrap().code })
        .request("EndAccess", &EndAccessRequest { account_id: ended, client_id: client_id.clone() })
        .request("EndOtherSessions", &EndOtherSessionsRequest {})
        .request("EndSession", &EndSessionRequest { session_id: caller::uuid(0x99).to_string() })
        // Somebody in their name ends their own session alone.
        .refusal("EndSession", "IMPERSONATION_REFUSED")
        .request(
            "ExtendAccess",
            &ExtendAccessRequest {
                account_id: new.clone(),
                client_id: client_id.clone(),
                valid_until: later,
            },
        )
        .request("ForgetDevice", &ForgetDeviceRequest { device_id: caller::uuid(0x99).to_string() })
        .request("GetAccount", &GetAccountRequest {})
        // Somebody who has an account: that another may invite them too adds no account.
        .request(
            "InviteUser",
            &InviteUserRequest {
                name: "Iemand".to_owned(),
                email: "49@voorbeeld.example".to_owned(),
                relation: RelationKind::ThirdParty.into(),
                ..Default::default()
            },
        )
        .request("ListAccess", &ListAccessRequest {})
        .request("ListAccounts", &ListAccountsRequest { client_id: client_id.clone() })
        .request("ListDevices", &ListDevicesRequest {})
        .request("ListMyClients", &ListMyClientsRequest {})
        .request("ListSessions", &ListSessionsRequest {})
        .request("RegisterAccount", &another)
        .request("ResendInvitation", &ResendInvitationRequest { access_id: one.clone() })
        .request("ResendWelcome", &ResendWelcomeRequest { account_id: new.clone() })
        .request("RevokeAccess", &RevokeAccessRequest { access_id: relative })
        .request("SelectClient", &SelectClientRequest { client_id: client_id.clone() })
        .request(
            "SetGrants",
            &SetGrantsRequest { access_id: one, grants: grants(Section::Users, &[Action::Write]) },
        )
        .request(
            "SetPreferences",
            &SetPreferencesRequest { language: "en".to_owned(), text_size: "large".to_owned() },
        )
        .request(
            "StartEmailChange",
            &StartEmailChangeRequest { email: "weer@voorbeeld.example".to_owned(), proof: proof.clone() },
        )
        .request(
            "StartImpersonation",
            &StartImpersonationRequest {
                account_id: new.clone(),
                impersonator: "coach K. Bakker".to_owned(),
            },
        )
        .request("StartPhoneChange", &StartPhoneChangeRequest { phone: "06 11112222".to_owned(), proof })
        .request("StartReset", &StartResetRequest { account_id: new.clone() })
        .request(
            "StartStepUp",
            &StartStepUpRequest { purpose: StepUpPurpose::Contact.into(), ..Default::default() },
        )
        .request("UnlockAccount", &UnlockAccountRequest { account_id: new })
        .request(
            "UpdateAccountContact",
            &UpdateAccountContactRequest {
                account_id: known,
                phone: "06 33334444".to_owned(),
                ..Default::default()
            },
        )
        .request(
            "VerifyStepUp",
            &VerifyStepUpRequest { code: "000000".to_owned(), purpose: StepUpPurpose::Contact.into() },
        )
        // The code of a step-up is made when it is asked for.
        .refusal("VerifyStepUp", "CODE_WRONG")
        .request("WithdrawInvitation", &WithdrawInvitationRequest { access_id: other });
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
