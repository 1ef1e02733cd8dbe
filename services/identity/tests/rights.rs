//! Who may see what: the matrix of roles, sections and actions; inviting, giving and ending.

use std::{collections::BTreeSet, time::Duration};

use chassis::{
    access::{Allowed, Rules, decide},
    token::Caller,
};
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::*,
};
use store::{About, event::timestamp};
use testkit::{caller, outbox};

use crate::support::{PASSWORD, Service, USERNAME, fields, inviting, named, reason};

const GUEST: &str = "petra@voorbeeld.example";

fn grant(section: Section, actions: &[Action]) -> Grant {
    Grant { section: section.into(), actions: actions.iter().map(|&it| it.into()).collect() }
}

async fn register(
    service: &Service,
    number: u64,
    client: u64,
    change: impl FnOnce(&mut RegisterAccountRequest),
) -> Result<String, tonic::Status> {
    let mut request = RegisterAccountRequest {
        account_id: caller::uuid(number).to_string(),
        username: format!("{number}@voorbeeld.example"),
        client_id: caller::client(client).to_string(),
        ..service.registration()
    };
    change(&mut request);
    service.ecd().register_account(request).await?;
    Ok(service.opened::<WelcomeMessage, WelcomeMessageContent>(|it| it.content).await.pop().unwrap().password)
}

/// Role × section × action × other client × other organisation × expired × impersonated: what a session's token opens is
/// what was given, for as long as it was given, and nothing else.
#[tokio::test]
async fn a_session_opens_what_was_given_to_it_and_nothing_else() {
    let service = Service::start().await;
    let rules = Rules::of_contract().unwrap();
    let sections: Vec<Section> = (1..=20).map(|number| Section::try_from(number).unwrap()).collect();
    let verifier = service.process.keys.settings.verifier().unwrap();
    let mut number = 0x100;
    for relation in
        [RelationKind::Client, RelationKind::Representative, RelationKind::Relative, RelationKind::ThirdParty]
    {
        let mut opened = BTreeSet::new();
        for turn in 0..3 {
            number += 1;
            // In each section one action, another one in each turn: every pair is given once and not given twice.
            let actions = [Action::View, Action::Write, Action::Sign];
            let given = |section: Section| actions[usize::try_from((i32::from(section) + turn) % 3).unwrap()];
            let until = service.process.clock.now() + jiff::SignedDuration::from_hours(1);
            let welcome = register(&service, u64::try_from(number).unwrap(), 1, |request| {
                request.relation = relation.into();
                request.representative = i32::from(relation == RelationKind::Representative);
                request.grants = sections.iter().map(|section| grant(*section, &[given(*section)])).collect();
                request.consent.as_mut().unwrap().valid_until = Some(timestamp(until));
            });
            let username = format!("{number}@voorbeeld.example");
            let session = service.log_in_first(&username, &welcome.await.unwrap()).await.session_token;
            let Caller::Account(person) = verifier
                .verify(&service.resolve(&session).await.unwrap().token, service.process.clock.now())
                .unwrap()
            else {
                unreachable!("a session is an account's")
            };
            assert_eq!(person.client, Some(caller::client(1)), "the one client that it is about");
            assert_eq!(person.organisation, service.organisation);
            let coach = chassis::token::AccountCaller { impersonator: "coach".to_owned(), ..person.clone() };
            for rule in rules.all() {
                let Allowed::Section { section, action: asked, min_level } = rule.allowed else { continue };
                let is_given = asked == given(section);
                let reaches = i32::from(person.level()) >= i32::from(min_level);
                let opens = decide(rule, Some(&Caller::Account(person.clone()))).is_ok();
                assert_eq!(opens, is_given && reaches, "{relation:?} {} {asked:?}", rule.path);
                if opens || !reaches {
                    opened.insert(rule.path.clone());
                }
                let impersonated = decide(rule, Some(&Caller::Account(coach.clone()))).is_ok();
                assert_eq!(impersonated, opens && rule.impersonated, "{} in their name", rule.path);
            }
            let other = SelectClientRequest { client_id: caller::client(2).to_string() };
            let refused = service.in_session(&session).await.select_client(other).await;
            assert_eq!(reason(refused), named(ErrorReason::ClientUnknown), "another client");
            service.process.clock.advance(Duration::from_hours(1));
            match service.resolve(&session).await {
                Ok(late) => {
                    assert!(late.grants.is_empty() && late.client_id.is_empty(), "the end date is over");
                }
                late => assert_eq!(reason(late), named(ErrorReason::SessionEnded)),
            }
        }
        let by_section =
            rules.all().into_iter().filter(|rule| matches!(rule.allowed, Allowed::Section { .. }));
        assert_eq!(opened.len(), by_section.count(), "each opened for {relation:?} by its own right");
    }
}

#[tokio::test]
async fn somebody_is_added_without_rights_gets_some_and_the_mail_and_accepts_at_the_first_login() {
    let service = Service::of(&inviting()).await;
    let own = service.first_login().await;
    let mut client = service.in_session(&own).await;
    let invite = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = client.invite_user(invite.clone()).await.unwrap().into_inner().access_id;
    let entry = async || {
        let mut client = service.in_session(&own).await;
        let list = client.list_access(ListAccessRequest {}).await.unwrap().into_inner();
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
        (grant(Section::Planning, &[Action::View]), "more than one's own"),
        (grant(Section::Reports, &[Action::Write]), "another action than one's own"),
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

    // Ended: at once, and nobody is told why.
    let revoke = RevokeAccessRequest { access_id: access_id.clone() };
    service.in_session(&own).await.revoke_access(revoke).await.unwrap();
    let late = service.resolve(&done.session_token).await.unwrap();
    assert!(late.grants.is_empty() && late.client_id.is_empty());
    let told = outbox::of::<AccessEnded>(&mut service.process.database.behind().await).await;
    assert_eq!(told.len(), 1);
    // Invited again: the account is there, so no password is sent.
    service.in_session(&own).await.invite_user(invite).await.unwrap();
    set(vec![grant(Section::Reports, &[Action::View])]).await.unwrap();
    assert!(messages().await.pop().unwrap().password.is_empty());
    let account_id = service.account_id(&entry().await.access_id).await;
    assert_ne!(entry().await.access_id, access_id, "another access");
    let told =
        format!("{:?}", service.in_session(&own).await.list_access(ListAccessRequest {}).await.unwrap());
    assert!(!told.contains(&account_id), "its age would say that there was an account before");
}

#[tokio::test]
async fn nobody_changes_their_own_rights_nor_those_that_the_organisation_gave() {
    let service = Service::of(&inviting()).await;
    let own = service.first_login().await;
    register(&service, 0x41, 1, |request| {
        request.relation = RelationKind::Representative.into();
        request.representative = RepresentativeKind::Court.into();
    })
    .await
    .unwrap();
    register(&service, 0x42, 1, |request| {
        request.relation = RelationKind::Relative.into();
        request.grants = vec![grant(Section::Signing, &[Action::View, Action::Sign])];
    })
    .await
    .unwrap();
    register(&service, 0x43, 2, |request| request.relation = RelationKind::Relative.into()).await.unwrap();
    for (number, who) in [(0x20, "oneself"), (0x41, "a representative"), (0x43, "another client's")] {
        let access_id = service.access_id(caller::uuid(number)).await;
        let mut client = service.in_session(&own).await;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        let set = client.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await;
        assert_eq!(reason(set), named(ErrorReason::AccountUnknown), "{who}");
        let revoked = client.revoke_access(RevokeAccessRequest { access_id }).await;
        assert_eq!(reason(revoked), named(ErrorReason::AccountUnknown), "{who}");
    }
    // Whoever may sign keeps that through a change of the rest, and loses it with their access alone.
    let access_id = service.access_id(caller::uuid(0x42)).await;
    let mut client = service.in_session(&own).await;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    client.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();
    let list = client.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    let theirs = list.into_iter().find(|entry| entry.access_id == access_id).unwrap();
    assert!(theirs.grants.contains(&grant(Section::Signing, &[Action::View, Action::Sign])), "{theirs:?}");
    assert!(theirs.grants.contains(&grant(Section::Reports, &[Action::View])), "{theirs:?}");
    client.revoke_access(RevokeAccessRequest { access_id }).await.unwrap();
    let list = client.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    assert_eq!(list.len(), 2, "oneself and the representative");
}

/// Whoever has an account is not kept out of it by an invitation, and may turn it down.
#[tokio::test]
async fn an_invitation_that_is_declined_gives_no_access_and_the_login_goes_on() {
    let service = Service::of(&inviting()).await;
    let own = service.first_login().await;
    let guest = format!("{}@voorbeeld.example", 0x47);
    let welcome = register(&service, 0x47, 2, |request| request.email.clone_from(&guest)).await.unwrap();
    service.log_in_first(&guest, &welcome).await;
    let mut client = service.in_session(&own).await;
    let invite = |email: &str| InviteUserRequest {
        name: "Petra".to_owned(),
        email: email.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = client.invite_user(invite(&guest)).await.unwrap().into_inner().access_id;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    client.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();

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
    assert_eq!(still.step(), LoginStep::Invitation, "one that does not wait changes nothing");
    let request =
        DeclineInvitationRequest { login_token: still.login_token, access_id: invitation.access_id };
    let done = service.gateway().decline_invitation(request.clone()).await.unwrap().into_inner();
    let done = done.progress.unwrap();
    assert_eq!(done.step(), LoginStep::Done);
    assert_eq!(service.resolve(&done.session_token).await.unwrap().clients, 1, "the former one alone");
    let again = service.gateway().decline_invitation(request).await;
    assert_eq!(reason(again), named(ErrorReason::LoginEnded), "a step is taken once");
    let mut client = service.in_session(&own).await;
    let resend = ResendInvitationRequest { access_id };
    assert_eq!(reason(client.resend_invitation(resend).await), named(ErrorReason::InvitationClosed));
    assert_eq!(client.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries.len(), 1);
    client.invite_user(invite(&guest)).await.unwrap();

    let oneself = client.invite_user(invite(USERNAME)).await;
    assert_eq!(fields(oneself), ["email"], "one's own address");
}

#[tokio::test]
async fn an_invitation_is_withdrawn_sent_again_and_expires() {
    let service = Service::of(&inviting()).await;
    let own = service.first_login().await;
    let invite = async |email: &str| {
        let request = InviteUserRequest {
            name: email.to_owned(),
            email: email.to_owned(),
            relation: RelationKind::ThirdParty.into(),
            ..Default::default()
        };
        let mut client = service.in_session(&own).await;
        let access_id = client.invite_user(request).await.unwrap().into_inner().access_id;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        client.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();
        access_id
    };
    let (one, other) = (invite(GUEST).await, invite("ander@voorbeeld.example").await);
    let mut client = service.in_session(&own).await;
    client.withdraw_invitation(WithdrawInvitationRequest { access_id: one.clone() }).await.unwrap();
    let again = client.withdraw_invitation(WithdrawInvitationRequest { access_id: one.clone() }).await;
    assert_eq!(reason(again), named(ErrorReason::InvitationClosed));
    let resend = ResendInvitationRequest { access_id: one };
    assert_eq!(reason(client.resend_invitation(resend).await), named(ErrorReason::InvitationClosed));

    service.process.clock.advance(Duration::from_hours(15 * 24));
    let own = service.log_in(USERNAME).await.session_token;
    let mut client = service.in_session(&own).await;
    let list = client.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    let mut states: Vec<_> = list.iter().map(AccessEntry::invitation).collect();
    states.sort_unstable_by_key(|it| i32::from(*it));
    assert_eq!(states, [InvitationState::Unspecified, InvitationState::Expired]);
    client.resend_invitation(ResendInvitationRequest { access_id: other }).await.unwrap();
    let sent =
        service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await.pop().unwrap();
    let started = service.start_login(&sent.username, &sent.password).await.unwrap();
    assert_eq!(started.step(), LoginStep::Code, "a new password, in time");
}

#[tokio::test]
async fn two_accounts_fit_a_third_needs_an_end_date_that_can_be_extended_and_there_is_no_fourth() {
    let service = Service::of(include_str!("../../../deploy/organisations/rozelaar.toml")).await;
    register(&service, 0x51, 1, |_| {}).await.unwrap();
    register(&service, 0x52, 1, |_| {}).await.unwrap();
    let without_end = register(&service, 0x53, 1, |_| {}).await;
    assert_eq!(reason(without_end), named(ErrorReason::EndDateMissing), "R49");
    let until = service.process.clock.now() + jiff::SignedDuration::from_hours(24);
    let end = |request: &mut RegisterAccountRequest| {
        request.consent.as_mut().unwrap().valid_until = Some(timestamp(until));
    };
    let welcome = register(&service, 0x53, 1, end).await.unwrap();
    assert_eq!(reason(register(&service, 0x54, 1, end).await), named(ErrorReason::AccountLimit), "R45");
    register(&service, 0x55, 2, |_| {}).await.unwrap();

    let third = format!("{}@voorbeeld.example", 0x53);
    service.log_in_first(&third, &welcome).await;
    let longer = timestamp(until + jiff::SignedDuration::from_hours(48));
    let request = ExtendAccessRequest {
        account_id: caller::uuid(0x53).to_string(),
        client_id: caller::client(1).to_string(),
        valid_until: Some(longer),
    };
    service.ecd().extend_access(request.clone()).await.unwrap();
    service.process.clock.advance(Duration::from_hours(71));
    let session = service.log_in(&third).await.session_token;
    assert!(!service.resolve(&session).await.unwrap().grants.is_empty(), "R50");
    service.process.clock.advance(Duration::from_hours(1));
    let session = service.log_in(&third).await.session_token;
    assert!(service.resolve(&session).await.unwrap().grants.is_empty());
    assert_eq!(reason(service.ecd().extend_access(request).await), named(ErrorReason::EndDatePast));
    service.process.run_due().await;
    let told = outbox::of::<AccessEnded>(&mut service.process.database.behind().await).await;
    assert_eq!(told.len(), 1, "the end is told");
}

#[tokio::test]
async fn what_was_ended_is_not_extended_but_can_be_registered_anew() {
    let service = Service::start().await;
    register(&service, 0x61, 1, |_| {}).await.unwrap();
    let (account_id, client_id) = (caller::uuid(0x61).to_string(), caller::client(1).to_string());
    let ended = EndAccessRequest { account_id: account_id.clone(), client_id: client_id.clone() };
    service.ecd().end_access(ended).await.unwrap();
    let later = service.process.clock.now() + jiff::SignedDuration::from_hours(24);
    let valid_until = Some(timestamp(later));
    let extend = ExtendAccessRequest { account_id, client_id: client_id.clone(), valid_until };
    assert_eq!(reason(service.ecd().extend_access(extend).await), named(ErrorReason::AccountUnknown));
    let there = async || {
        let request = ListAccountsRequest { client_id: client_id.clone() };
        service.ecd().list_accounts(request).await.unwrap().into_inner().accounts.len()
    };
    register(&service, 0x61, 1, |_| {}).await.unwrap();
    assert_eq!(there().await, 0, "a repeat of the former registration changes nothing");
    let anew = |request: &mut RegisterAccountRequest| {
        request.consent.as_mut().unwrap().ground = "a new agreement".to_owned();
    };
    register(&service, 0x61, 1, anew).await.unwrap();
    assert_eq!(there().await, 1);
}

#[tokio::test]
async fn invitations_to_one_person_end_at_the_days_limit() {
    let service = Service::of(&inviting()).await;
    let session = service.first_login().await;
    let mut client = service.in_session(&session).await;
    let invite = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    for number in 0..=20 {
        let access_id = client.invite_user(invite.clone()).await.unwrap().into_inner().access_id;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        let set = client.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await;
        if number == 20 {
            assert_eq!(reason(set), named(ErrorReason::TooManyInvitations), "withdrawn and invited anew");
        } else {
            set.unwrap();
            client.withdraw_invitation(WithdrawInvitationRequest { access_id }).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_end_of_access_takes_back_an_invitation_that_waits() {
    let service = Service::of(&inviting()).await;
    let session = service.first_login().await;
    let mut client = service.in_session(&session).await;
    let request = InviteUserRequest {
        name: "Petra".to_owned(),
        email: GUEST.to_owned(),
        relation: RelationKind::Relative.into(),
        ..Default::default()
    };
    let access_id = client.invite_user(request).await.unwrap().into_inner().access_id;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    let rights = SetGrantsRequest { access_id: access_id.clone(), grants };
    client.set_grants(rights.clone()).await.unwrap();
    let (account_id, client_id) = (service.account_id(&access_id).await, caller::client(1).to_string());
    service.ecd().end_access(EndAccessRequest { account_id, client_id }).await.unwrap();
    assert_eq!(reason(client.set_grants(rights).await), named(ErrorReason::AccountUnknown));
    let sent =
        service.opened::<InvitationMessage, InvitationMessageContent>(|it| it.content).await.pop().unwrap();
    let session = service.log_in_first(&sent.username, &sent.password).await.session_token;
    assert!(service.resolve(&session).await.unwrap().grants.is_empty());
}

#[tokio::test]
async fn one_account_has_several_clients_and_chooses_whose_dossier_it_is() {
    let service = Service::start().await;
    let own = service.first_login().await;
    register(&service, 0x20, 2, |request| {
        request.username = USERNAME.to_owned();
        request.relation = RelationKind::Relative.into();
        request.grants = vec![grant(Section::Planning, &[Action::View])];
    })
    .await
    .unwrap();
    let session = service.resolve(&own).await.unwrap();
    assert_eq!((session.clients, session.client_id.as_str()), (2, ""), "none is chosen by itself");
    let mut client = service.in_session(&own).await;
    let clients = client.list_my_clients(ListMyClientsRequest {}).await.unwrap().into_inner().clients;
    assert_eq!(clients.len(), 2);
    let chosen = caller::client(2).to_string();
    client.select_client(SelectClientRequest { client_id: chosen.clone() }).await.unwrap();
    let session = service.resolve(&own).await.unwrap();
    assert_eq!((session.client_id, session.is_client), (chosen, false));
    assert_eq!(session.grants, [grant(Section::Planning, &[Action::View])], "that client's rights alone");
    let told = outbox::of::<SessionChanged>(&mut service.process.database.behind().await).await;
    assert_eq!(told.len(), 1);
    let mut taken = service.registration();
    taken.account_id = caller::uuid(0x77).to_string();
    let refused = service.ecd().register_account(taken).await;
    assert_eq!(reason(refused), named(ErrorReason::UsernameTaken));
}

#[tokio::test]
async fn on_day_42_after_the_end_of_care_access_ends_and_who_has_no_other_client_is_forgotten() {
    let service = Service::start().await;
    let own = service.first_login().await;
    register(&service, 0x61, 1, |request| request.relation = RelationKind::Relative.into()).await.unwrap();
    let stays = |request: &mut RegisterAccountRequest| {
        request.relation = RelationKind::Relative.into();
        request.username = format!("{}@voorbeeld.example", 0x61);
    };
    register(&service, 0x61, 2, stays).await.unwrap();
    let client = caller::client(1);
    let ended = proto::dossier::v1::CareEnded { ended_at: Some(timestamp(service.process.clock.now())) };
    let about = |version| About::new(client.uuid(), version).client(client);
    service.process.hear(service.organisation, about(1), &ended).await;
    let notices = async || {
        let sent = service.opened::<SecurityNotice, SecurityNoticeContent>(|it| it.content).await;
        sent.iter().filter(|it| it.change() == SecurityChange::AccessEnds).count()
    };
    service.process.clock.advance(Duration::from_hours(35 * 24 - 1));
    service.process.run_due().await;
    assert_eq!(notices().await, 0);
    service.process.clock.advance(Duration::from_hours(1));
    service.process.run_due().await;
    service.process.run_due().await;
    assert_eq!(notices().await, 2, "a week before, once each");

    // Care that resumes cancels it; an older event that comes later changes nothing.
    service.process.hear(service.organisation, about(2), &proto::dossier::v1::CareResumed {}).await;
    service.process.hear(service.organisation, about(1), &ended).await;
    service.process.clock.advance(Duration::from_hours(8 * 24));
    service.process.run_due().await;
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok());

    let ended = proto::dossier::v1::CareEnded { ended_at: Some(timestamp(service.process.clock.now())) };
    service.process.hear(service.organisation, about(3), &ended).await;
    service.process.clock.advance(Duration::from_hours(42 * 24));
    let mut behind = service.process.database.behind().await;
    outbox::publish(&mut behind).await;
    let before = notices().await;
    service.process.run_due().await;
    assert_eq!(notices().await, before + 2, "nothing ran for six weeks: nobody is put out untold");
    service.process.clock.advance(Duration::from_hours(7 * 24 - 1));
    service.process.run_due().await;
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok());
    service.process.clock.advance(Duration::from_hours(1));
    service.process.run_due().await;
    assert_eq!(reason(service.resolve(&own).await), named(ErrorReason::SessionEnded), "R54");
    let left: Vec<String> =
        sqlx::query_scalar("SELECT username FROM account").fetch_all(&mut behind).await.unwrap();
    assert_eq!(left, [format!("{}@voorbeeld.example", 0x61)], "R55: whoever has another client stays");
    assert_eq!(outbox::of::<AccountRemoved>(&mut behind).await.len(), 1);
    let log: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT payload FROM event_log WHERE subject LIKE '%AccountRegistered' ORDER BY position",
    )
    .fetch_all(&mut behind)
    .await
    .unwrap();
    assert!(log[0].len() < log[1].len(), "what was sealed of them is blanked, and of nobody else");
}
