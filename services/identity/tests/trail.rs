//! A write and its record are one, for the methods whose requests follow from each other. The matrix in
//! `access.rs` shows the same for all other methods.

use std::time::Duration;

use proto::{
    access::v1::{Action, Section},
    identity::v1::*,
};
use testkit::{Matrix, caller};

use crate::support::{PASSWORD, Service, USERNAME, grant, inviting_settings};

fn matrix(service: &Service) -> Matrix<'_> {
    Matrix::new(&service.process, "identity", service.organisation, caller::client(1))
}

#[tokio::test]
async fn each_step_of_a_login_and_its_record_are_one() {
    let service = Service::start_with(include_str!("../../../deploy/organisations/profila.toml")).await;
    let matrix = matrix(&service);
    let mut faults = Vec::new();
    // A held-back answer holds the token of the next step: each step is tried in the login of another person.
    for (number, step) in
        (0x71..).zip(["StartLogin", "SendCode", "VerifyCode", "SetOwnPassword", "AcceptTerms"])
    {
        let password = crate::support::register(&service, number, number, |request| {
            request.legal_entity = "profila-zorg".to_owned();
        });
        let password = password.await.unwrap();
        let username = format!("{number}@voorbeeld.example");
        let start = service.start_login(&username, &password);
        if step == "StartLogin" {
            faults.extend(matrix.trail_fault(step, start).await);
            continue;
        }
        let token = start.await.unwrap().login_token;
        let send = service.send_code(&token, "06 12345678");
        if step == "SendCode" {
            faults.extend(matrix.trail_fault(step, send).await);
            continue;
        }
        let (token, code) = (send.await.unwrap().login_token, service.code().await);
        let verify = service.verify(&token, &code);
        if step == "VerifyCode" {
            faults.extend(matrix.trail_fault(step, verify).await);
            continue;
        }
        let token = verify.await.unwrap().login_token;
        let own = service.set_password(&token, &password, "7 kaarsen op de Appeltaart!");
        if step == "SetOwnPassword" {
            faults.extend(matrix.trail_fault(step, own).await);
            continue;
        }
        let progress = own.await.unwrap();
        let (login_token, version) = (progress.login_token, progress.terms.unwrap().version);
        let mut gateway = service.gateway();
        let terms = gateway.accept_terms(AcceptTermsRequest { login_token, version });
        faults.extend(matrix.trail_fault(step, terms).await);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[tokio::test]
async fn each_answer_to_an_invitation_and_its_record_are_one() {
    let service = Service::start_with(&inviting_settings()).await;
    let own = service.first_login().await;
    let matrix = matrix(&service);
    let mut faults = Vec::new();
    for step in ["AcceptInvitation", "DeclineInvitation"] {
        let email = format!("{}@voorbeeld.example", step.to_lowercase());
        let invite = InviteUserRequest {
            name: "Petra".to_owned(),
            email,
            relation: RelationKind::Relative.into(),
            ..Default::default()
        };
        let mut person = service.in_session(&own).await;
        let access_id = person.invite_user(invite).await.unwrap().into_inner().access_id;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        person.set_grants(SetGrantsRequest { access_id, grants }).await.unwrap();
        let sent = service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await.pop();
        let sent = sent.unwrap();
        let started = service.start_login(&sent.username, &sent.password).await.unwrap();
        let verified = service.pass_code(started).await;
        let chosen = service.set_password(&verified.login_token, &sent.password, PASSWORD).await.unwrap();
        assert_eq!(chosen.step(), LoginStep::Invitation);
        let (login_token, access_id) = (chosen.login_token, chosen.invitations[0].access_id.clone());
        let mut gateway = service.gateway();
        let fault = if step == "AcceptInvitation" {
            let accept = gateway.accept_invitation(AcceptInvitationRequest { login_token, access_id });
            matrix.trail_fault(step, accept).await
        } else {
            let decline = gateway.decline_invitation(DeclineInvitationRequest { login_token, access_id });
            matrix.trail_fault(step, decline).await
        };
        faults.extend(fault);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[tokio::test]
async fn each_other_way_in_and_its_record_are_one() {
    let service = Service::start_with(include_str!("../../../deploy/organisations/vivre.toml")).await;
    let welcome = service.register().await;
    service.log_in_first(USERNAME, &welcome).await;
    let matrix = matrix(&service);
    let mut gateway = service.gateway();
    let mut faults = Vec::new();

    let login_token = service.start_login(USERNAME, PASSWORD).await.unwrap().login_token;
    service.process.clock.advance(Duration::from_mins(1));
    let resend = gateway.resend_code(ResendCodeRequest { login_token, ..Default::default() });
    faults.extend(matrix.trail_fault("ResendCode", resend).await);

    let request = StartPasswordResetRequest {
        organisation_id: service.organisation.to_string(),
        username: USERNAME.to_owned(),
        email: USERNAME.to_owned(),
        address: "192.0.2.1".to_owned(),
    };
    gateway.start_password_reset(request).await.unwrap();
    service.process.run_due().await;
    let link = service.opened::<ResetLink, ResetLinkContent>(|it| it.content).await.pop().unwrap();
    let finish = gateway.finish_password_reset(FinishPasswordResetRequest {
        reset_token: link.token,
        username: USERNAME.to_owned(),
        new_password: "7 kaarsen op de Appeltaart!".to_owned(),
    });
    faults.extend(matrix.trail_fault("FinishPasswordReset", finish).await);

    let request = StartImpersonationRequest {
        account_id: caller::uuid(0x20).to_string(),
        impersonator: "coach K. Bakker".to_owned(),
    };
    let url = service.ecd().start_impersonation(request).await.unwrap().into_inner().url;
    let impersonation_token = url.rsplit('/').next().unwrap().to_owned();
    let open = gateway.open_impersonation(OpenImpersonationRequest { impersonation_token });
    faults.extend(matrix.trail_fault("OpenImpersonation", open).await);
    assert_eq!(faults, Vec::<String>::new());
}
