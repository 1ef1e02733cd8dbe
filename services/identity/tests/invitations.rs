//! Invitations: sending, accepting, declining, sending again and withdrawing.

use std::time::Duration;

use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::*,
};
use testkit::{caller, outbox};

use crate::support::{
    PASSWORD, Service, USERNAME, fields, grant, inviting_settings, named, reason, register,
};

const GUEST: &str = "petra@voorbeeld.example";

#[tokio::test]
async fn an_invited_person_gets_rights_and_mail_and_accepts() {
    let service = Service::start_with(&inviting_settings()).await;
    let own = service.first_login().await;
    let mut person = service.in_session(&own).await;
    let invite = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = person.invite_user(invite.clone()).await.unwrap().into_inner().access_id;
    let entry = async || {
        let mut person = service.in_session(&own).await;
        let list = person.list_access(ListAccessRequest {}).await.unwrap().into_inner();
        list.entries.into_iter().find(|entry| entry.name == "Petra").unwrap()
    };
    assert!(entry().await.grants.is_empty(), "V48: without ticks");
    assert_eq!(entry().await.invitation(), InvitationState::Added);
    let messages =
        async || service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await;
    assert!(messages().await.is_empty());

    let set = async |grants: Vec<Grant>| {
        let request = SetGrantsRequest { access_id: entry().await.access_id, grants };
        service.in_session(&own).await.set_grants(request).await
    };
    for (too_wide, why) in [
        (grant(Section::Planning, &[Action::View]), "a section that the inviter lacks"),
        (grant(Section::Reports, &[Action::Write]), "an action that the inviter lacks"),
        (grant(Section::Reports, &[Action::Sign]), "signing is given by the organisation alone"),
    ] {
        assert_eq!(reason(set(vec![too_wide]).await), named(ErrorReason::GrantTooWide), "{why}");
    }
    set(vec![grant(Section::Reports, &[Action::View])]).await.unwrap();
    let message = messages().await.pop().unwrap();
    assert_eq!(message.invited_by, "mevrouw A. de Vries", "V50");
    assert_eq!(entry().await.invitation(), InvitationState::Sent);

    let started = service.start_login(&message.username, &message.password).await.unwrap();
    let verified = service.pass_code(started).await;
    let chosen = service.set_password(&verified.login_token, &message.password, PASSWORD).await.unwrap();
    assert_eq!(chosen.step(), LoginStep::Invitation, "V19");
    assert_eq!(chosen.invitations[0].invited_by, "mevrouw A. de Vries");
    let done = service.pass_the_rest(chosen).await;
    let guest = service.resolve(&done.session_token).await.unwrap();
    assert_eq!(guest.grants, [grant(Section::Reports, &[Action::View])], "V20");
    assert_eq!(entry().await.invitation(), InvitationState::Accepted);
    let refused = service.in_session(&done.session_token).await.list_access(ListAccessRequest {}).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::NotFound, "a section that was not given");

    // Ending the access removes the guest's rights at once; the event gives no reason.
    let revoke = RevokeAccessRequest { access_id: access_id.clone() };
    service.in_session(&own).await.revoke_access(revoke).await.unwrap();
    let late = service.resolve(&done.session_token).await.unwrap();
    assert!(late.grants.is_empty() && late.client_id.is_empty());
    let ended = outbox::events::<AccessEnded>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(ended.len(), 1);
    // A second invitation sends no password, because the account exists.
    service.in_session(&own).await.invite_user(invite).await.unwrap();
    set(vec![grant(Section::Reports, &[Action::View])]).await.unwrap();
    assert!(messages().await.pop().unwrap().password.is_empty());
    let account_id = service.account_id(&entry().await.access_id).await;
    assert_ne!(entry().await.access_id, access_id, "another access");
    let listed =
        format!("{:?}", service.in_session(&own).await.list_access(ListAccessRequest {}).await.unwrap());
    assert!(!listed.contains(&account_id), "an account id holds its age: it would reveal an older account");
}

/// A person with an account may decline an invitation; the login goes on.
#[tokio::test]
async fn a_declined_invitation_gives_no_access() {
    let service = Service::start_with(&inviting_settings()).await;
    let own = service.first_login().await;
    let guest = format!("{}@voorbeeld.example", 0x47);
    let welcome = register(&service, 0x47, 2, |request| request.email.clone_from(&guest)).await.unwrap();
    service.log_in_first(&guest, &welcome).await;
    let mut person = service.in_session(&own).await;
    let invite = |email: &str| InviteUserRequest {
        name: "Petra".to_owned(),
        email: email.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = person.invite_user(invite(&guest)).await.unwrap().into_inner().access_id;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    person.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();

    let started = service.start_login(&guest, PASSWORD).await.unwrap();
    let asked = service.pass_code(started).await;
    assert_eq!(asked.step(), LoginStep::Invitation);
    let [invitation] = asked.invitations.try_into().unwrap();
    assert_eq!(invitation.access_id, access_id);
    let other = AcceptInvitationRequest {
        login_token: asked.login_token.clone(),
        access_id: caller::uuid(0x99).to_string(),
    };
    let still = service.gateway().accept_invitation(other).await.unwrap().into_inner().progress.unwrap();
    assert_eq!(still.step(), LoginStep::Invitation, "an unknown invitation changes nothing");
    let request =
        DeclineInvitationRequest { login_token: still.login_token, access_id: invitation.access_id };
    let done = service.gateway().decline_invitation(request.clone()).await.unwrap().into_inner();
    let done = done.progress.unwrap();
    assert_eq!(done.step(), LoginStep::Done);
    assert_eq!(service.resolve(&done.session_token).await.unwrap().clients, 1, "only the former client");
    let again = service.gateway().decline_invitation(request).await;
    assert_eq!(reason(again), named(ErrorReason::LoginEnded), "a step passes only once");
    let mut person = service.in_session(&own).await;
    let resend = ResendInvitationRequest { access_id };
    assert_eq!(reason(person.resend_invitation(resend).await), named(ErrorReason::InvitationClosed));
    assert_eq!(person.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries.len(), 1);
    person.invite_user(invite(&guest)).await.unwrap();

    let oneself = person.invite_user(invite(USERNAME)).await;
    assert_eq!(fields(oneself), ["email"], "one's own address");
}

#[tokio::test]
async fn an_invitation_can_be_withdrawn_resent_or_expire() {
    let service = Service::start_with(&inviting_settings()).await;
    let own = service.first_login().await;
    let invite = async |email: &str| {
        let request = InviteUserRequest {
            name: email.to_owned(),
            email: email.to_owned(),
            relation: RelationKind::ThirdParty.into(),
            ..Default::default()
        };
        let mut person = service.in_session(&own).await;
        let access_id = person.invite_user(request).await.unwrap().into_inner().access_id;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        person.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();
        access_id
    };
    let (one, other) = (invite(GUEST).await, invite("ander@voorbeeld.example").await);
    let mut person = service.in_session(&own).await;
    person.withdraw_invitation(WithdrawInvitationRequest { access_id: one.clone() }).await.unwrap();
    let again = person.withdraw_invitation(WithdrawInvitationRequest { access_id: one.clone() }).await;
    assert_eq!(reason(again), named(ErrorReason::InvitationClosed));
    let resend = ResendInvitationRequest { access_id: one };
    assert_eq!(reason(person.resend_invitation(resend).await), named(ErrorReason::InvitationClosed));

    service.process.clock.advance(Duration::from_hours(15 * 24));
    let own = service.log_in(USERNAME).await.session_token;
    let mut person = service.in_session(&own).await;
    let list = person.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    let mut states: Vec<_> = list.iter().map(AccessEntry::invitation).collect();
    states.sort_unstable_by_key(|it| i32::from(*it));
    assert_eq!(states, [InvitationState::Unspecified, InvitationState::Expired]);
    person.resend_invitation(ResendInvitationRequest { access_id: other }).await.unwrap();
    let sent =
        service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await.pop().unwrap();
    let started = service.start_login(&sent.username, &sent.password).await.unwrap();
    assert_eq!(started.step(), LoginStep::Code, "a new password, in time");
}

#[tokio::test]
async fn invitations_to_one_person_have_a_day_limit() {
    let service = Service::start_with(&inviting_settings()).await;
    let session = service.first_login().await;
    let mut person = service.in_session(&session).await;
    let invite = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    for number in 0..=20 {
        let access_id = person.invite_user(invite.clone()).await.unwrap().into_inner().access_id;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        let set = person.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await;
        if number == 20 {
            assert_eq!(reason(set), named(ErrorReason::TooManyInvitations), "withdrawn and invited anew");
        } else {
            set.unwrap();
            person.withdraw_invitation(WithdrawInvitationRequest { access_id }).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_end_of_access_cancels_a_waiting_invitation() {
    let service = Service::start_with(&inviting_settings()).await;
    let session = service.first_login().await;
    let mut person = service.in_session(&session).await;
    let request = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = person.invite_user(request).await.unwrap().into_inner().access_id;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    let rights = SetGrantsRequest { access_id: access_id.clone(), grants };
    person.set_grants(rights.clone()).await.unwrap();
    let (account_id, client_id) = (service.account_id(&access_id).await, caller::client(1).to_string());
    service.ecd().end_access(EndAccessRequest { account_id, client_id }).await.unwrap();
    assert_eq!(reason(person.set_grants(rights).await), named(ErrorReason::AccountUnknown));
    let sent =
        service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await.pop().unwrap();
    let session = service.log_in_first(&sent.username, &sent.password).await.session_token;
    assert!(service.resolve(&session).await.unwrap().grants.is_empty());
}

#[tokio::test]
async fn an_invitation_to_a_shared_mailbox_goes_to_the_person_with_the_name() {
    let service = Service::start_with(&inviting_settings()).await;
    let own = service.first_login().await;
    for (number, name) in [(0x61, "Petra Bos"), (0x62, "Piet Bos")] {
        let shared = |request: &mut RegisterAccountRequest| {
            GUEST.clone_into(&mut request.email);
            name.clone_into(&mut request.display_name);
            request.relation = RelationKind::Relative.into();
        };
        register(&service, number, 2, shared).await.unwrap();
    }
    let invite = async |name: &str| {
        let invite = InviteUserRequest {
            name: name.to_owned(),
            email: GUEST.to_owned(),
            relation: RelationKind::Relative.into(),
            ..Default::default()
        };
        let mut person = service.in_session(&own).await;
        let access = person.invite_user(invite).await.unwrap().into_inner().access_id;
        service.account_id(&access).await
    };
    assert_eq!(invite(" piet  BOS").await, caller::uuid(0x62).to_string());
    assert_eq!(invite("Petra Bos").await, caller::uuid(0x61).to_string());
    let third = invite("Pim Bos").await;
    assert!(![caller::uuid(0x61), caller::uuid(0x62)].map(|id| id.to_string()).contains(&third), "{third}");
    assert_eq!(invite("Pim Bos").await, third, "the same person again");
}
