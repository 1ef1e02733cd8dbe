//! Who may see what: the matrix of roles, sections and actions; inviting, giving and ending.

use std::{collections::BTreeSet, time::Duration};

use chassis::{
    access::{Allowed, Rules, decide},
    time,
    token::Caller,
};
use proto::{
    access::v1::{Action, Section},
    identity::v1::*,
};
use store::About;
use testkit::{caller, outbox};

use crate::support::{PASSWORD, Service, USERNAME, grant, inviting, named, reason, register};

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
                request.consent.as_mut().unwrap().valid_until = Some(time::to_proto(until));
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

#[tokio::test]
async fn two_accounts_fit_a_third_needs_an_end_date_that_can_be_extended_and_there_is_no_fourth() {
    let service = Service::of(include_str!("../../../deploy/organisations/rozelaar.toml")).await;
    register(&service, 0x51, 1, |_| {}).await.unwrap();
    register(&service, 0x52, 1, |_| {}).await.unwrap();
    let without_end = register(&service, 0x53, 1, |_| {}).await;
    assert_eq!(reason(without_end), named(ErrorReason::EndDateMissing), "R49");
    let until = service.process.clock.now() + jiff::SignedDuration::from_hours(24);
    let end = |request: &mut RegisterAccountRequest| {
        request.consent.as_mut().unwrap().valid_until = Some(time::to_proto(until));
    };
    let welcome = register(&service, 0x53, 1, end).await.unwrap();
    assert_eq!(reason(register(&service, 0x54, 1, end).await), named(ErrorReason::AccountLimit), "R45");
    register(&service, 0x55, 2, |_| {}).await.unwrap();

    let third = format!("{}@voorbeeld.example", 0x53);
    service.log_in_first(&third, &welcome).await;
    let longer = time::to_proto(until + jiff::SignedDuration::from_hours(48));
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
    let valid_until = Some(time::to_proto(later));
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
    let ended = proto::dossier::v1::CareEnded { ended_at: Some(time::to_proto(service.process.clock.now())) };
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

    let ended = proto::dossier::v1::CareEnded { ended_at: Some(time::to_proto(service.process.clock.now())) };
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
