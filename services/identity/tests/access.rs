use chassis::{id::SessionId, proof::Proof, time, token::Caller};
use proto::{
    access::v1::{Action, Grant, Level, Section},
    event::v1::AccessOutcome,
    identity::v1::*,
};
use testkit::{Matrix, caller, outbox};

use crate::support::{PASSWORD, Service, USERNAME};

/// The account and the session of the matrix's callers.
const ACCOUNT: u64 = 0x2_0000;
const SESSION: u64 = 0x3_0000;

fn grants(section: Section, actions: &[Action]) -> Vec<Grant> {
    vec![Grant { section: section.into(), actions: actions.iter().map(|&it| it.into()).collect() }]
}

/// Registers the account of the matrix's callers, with a session and a password; returns one caller.
async fn prepare(service: &Service) -> Caller {
    let mut registration = service.registration();
    registration.account_id = caller::uuid(ACCOUNT).to_string();
    service.ecd().register_account(registration).await.unwrap();
    let welcome =
        service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await.pop().unwrap();
    service.log_in_first(USERNAME, &welcome.password).await;
    let mut superuser = service.process.database.as_superuser().await;
    let renamed = sqlx::query("UPDATE session SET id = $1").bind(caller::uuid(SESSION));
    renamed.execute(&mut superuser).await.unwrap();
    caller::account(
        service.organisation,
        caller::client(1),
        &[(Section::Users, Action::View), (Section::Users, Action::Write)],
        Level::Low,
    )
}

/// Invites a relative and gives rights; returns the access id.
async fn invite(service: &Service, by: &Caller, email: &str) -> String {
    let request = InviteUserRequest {
        name: "Petra de Vries".to_owned(),
        email: email.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = service.call_as(by).invite_user(request).await.unwrap().into_inner().access_id;
    let grants = grants(Section::Users, &[Action::View]);
    let request = SetGrantsRequest { access_id: access_id.clone(), grants };
    service.call_as(by).set_grants(request).await.unwrap();
    access_id
}

/// Registers another account; returns the account id.
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
async fn every_method_answers_only_whom_its_rule_allows() {
    let service = Service::start_with(&crate::support::inviting_settings()).await;
    assert_eq!(matrix(&service).await.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_write_has_one_record_and_no_answer_is_without_a_record() {
    let service = Service::start_with(&crate::support::inviting_settings()).await;
    assert_eq!(matrix(&service).await.trail_faults().await, Vec::<String>::new());
}

/// Data of one client, and for each method the request that shows or changes the data.
#[expect(clippy::too_many_lines, reason = "one line for each method")]
async fn matrix(service: &Service) -> Matrix<'_> {
    let own = prepare(service).await;
    let proof = Proof {
        organisation: service.organisation,
        account: caller::uuid(ACCOUNT).to_string().parse().unwrap(),
        session: SessionId(caller::uuid(SESSION)),
        purpose: StepUpPurpose::Contact.into(),
        document_hash: String::new(),
        document_kind: String::new(),
        document_version: 0,
    };
    let signer = service.process.keys.signer("identity");
    let proof = proof.sign(&signer, service.process.clock.now()).unwrap();
    let mut own_calls = service.call_as(&own);
    let request =
        StartEmailChangeRequest { email: "nieuw@voorbeeld.example".to_owned(), proof: proof.clone() };
    own_calls.start_email_change(request).await.unwrap();
    let request = StartPhoneChangeRequest { phone: "06 87654321".to_owned(), proof: proof.clone() };
    own_calls.start_phone_change(request).await.unwrap();
    let email_code = service.opened::<EmailChangeCode, EmailChangeCodeContent>(|it| it.content).await.pop();
    let phone_code = service.opened::<PhoneChangeCode, PhoneChangeCodeContent>(|it| it.content).await.pop();
    let known = register(service, 0x31, 2, RelationKind::Relative).await;
    let new = register(service, 0x32, 1, RelationKind::Relative).await;
    register(service, 0x33, 1, RelationKind::Relative).await;
    let relative = service.access_id(caller::uuid(0x33)).await;
    let (one, other) = (
        invite(service, &own, "een@voorbeeld.example").await,
        invite(service, &own, "twee@voorbeeld.example").await,
    );
    service.start_login("50@voorbeeld.example", "verkeerd").await.unwrap_err();
    outbox::publish(&service.process.database.db("identity"), service.process.clock.now()).await;

    let client_id = caller::client(1).to_string();
    let ended = register(service, 0x37, 1, RelationKind::Relative).await;
    let later = Some(time::to_proto(service.process.clock.now() + jiff::SignedDuration::from_hours(24 * 30)));
    let another = RegisterAccountRequest {
        account_id: caller::uuid(0x21).to_string(),
        username: "b.devries@voorbeeld.example".to_owned(),
        ..service.registration()
    };
    let system = caller::uuid(0x5e);
    sqlx::query("INSERT INTO system_account (organisation_id, id, name, secret_hash, scopes) VALUES ($1, $2, 'HIS', '', '{}')")
        .bind(service.organisation.uuid())
        .bind(system)
        .execute(&mut service.process.database.as_superuser().await)
        .await
        .unwrap();
    let organisation_id = service.organisation.to_string();
    let system_id = system.to_string();
    Matrix::new(&service.process, "identity", service.organisation, caller::client(1))
        .secret(&client_id)
        .secret("mevrouw A. de Vries")
        .request(
            "ChangePassword",
            &ChangePasswordRequest {
                current_password: PASSWORD.to_owned(),
                new_password: "vijf woorden op een rij".to_owned(),
            },
        )
        .request(
            "ConfigureOrganisation",
            &ConfigureOrganisationRequest { toml: crate::support::inviting_settings() },
        )
        .request(
            "CreateSystemAccount",
            &CreateSystemAccountRequest {
                organisation_id: organisation_id.clone(),
                name: "ECD".to_owned(),
                scopes: vec!["dossier.write".to_owned()],
            },
        )
        .request(
            "DisableSystemAccount",
            &DisableSystemAccountRequest {
                organisation_id: organisation_id.clone(),
                system_id: system_id.clone(),
            },
        )
        .request(
            "ReplaceSystemSecret",
            &ReplaceSystemSecretRequest { organisation_id, system_id, old_secret_ends_at: None },
        )
        .request("ConfirmEmailChange", &ConfirmEmailChangeRequest { code: email_code.unwrap().code })
        .request("ConfirmPhoneChange", &ConfirmPhoneChangeRequest { code: phone_code.unwrap().code })
        .request("EndAccess", &EndAccessRequest { account_id: ended, client_id: client_id.clone() })
        .request("EndOtherSessions", &EndOtherSessionsRequest {})
        .request("EndSession", &EndSessionRequest { session_id: caller::uuid(0x99).to_string() })
        // An impersonator may end only their own session.
        .accept_refusal("EndSession", "IMPERSONATION_REFUSED")
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
        // The invited person has an account already, so that repeated invitations add no account.
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
        // StartStepUp makes a new code on each call, so the matrix cannot know the right code.
        .accept_refusal("VerifyStepUp", "CODE_WRONG")
        .request("WithdrawInvitation", &WithdrawInvitationRequest { access_id: other })
}

#[tokio::test]
async fn refused_registrations_and_logins_are_audited() {
    let service = Service::start().await;
    let system = caller::system(service.organisation, &["dossier.write"]);
    service.call_as(&system).register_account(service.registration()).await.unwrap_err();
    service.start_login("niemand", "verkeerd").await.unwrap_err();
    let outcomes: Vec<(String, i32)> =
        sqlx::query_as("SELECT method, outcome FROM audit_record ORDER BY recorded_at, method")
            .fetch_all(&mut service.process.database.as_superuser().await)
            .await
            .unwrap();
    let (answered, denied) = (i32::from(AccessOutcome::Answered), i32::from(AccessOutcome::Denied));
    assert_eq!(
        outcomes,
        [
            ("zorgportaal.identity.v1.IdentityService/ConfigureOrganisation".to_owned(), answered),
            ("zorgportaal.identity.v1.IdentityService/RegisterAccount".to_owned(), denied),
            ("zorgportaal.identity.v1.IdentityService/StartLogin".to_owned(), denied),
        ],
        "LOG-03"
    );
}
