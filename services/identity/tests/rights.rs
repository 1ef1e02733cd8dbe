//! Rights: the matrix of relations, sections and actions; giving, extending and ending access.

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

use crate::support::{
    PASSWORD, SETTINGS, Service, USERNAME, grant, inviting_settings, named, reason, register,
};

/// The test tries each relation, section and action, another client, the end date and impersonation.
#[tokio::test]
async fn a_session_opens_only_what_its_rights_name_until_they_end() {
    let service = Service::start().await;
    let rules = Rules::of_contract().unwrap();
    let sections: Vec<Section> = (1..=20).map(|number| Section::try_from(number).unwrap()).collect();
    let verifier = service.process.keys.of("identity").verifier();
    let mut number = 0x100;
    for relation in
        [RelationKind::Client, RelationKind::Representative, RelationKind::Relative, RelationKind::ThirdParty]
    {
        let mut opened = BTreeSet::new();
        for turn in 0..3 {
            number += 1;
            // Each turn gives one action per section, so that after three turns each action was given once
            // and withheld twice.
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
            assert_eq!(person.client, Some(caller::client(1)), "the session's one client");
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
                assert_eq!(impersonated, opens && rule.impersonated, "{} impersonated", rule.path);
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
async fn a_client_changes_only_the_rights_of_own_relatives() {
    let service = Service::start_with(&inviting_settings()).await;
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
        let mut person = service.in_session(&own).await;
        let grants = vec![grant(Section::Reports, &[Action::View])];
        let set = person.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await;
        assert_eq!(reason(set), named(ErrorReason::AccountUnknown), "{who}");
        let revoked = person.revoke_access(RevokeAccessRequest { access_id }).await;
        assert_eq!(reason(revoked), named(ErrorReason::AccountUnknown), "{who}");
    }
    // Only the organisation gives the right to sign: a change of other rights keeps that right, and only the
    // end of the access removes it.
    let access_id = service.access_id(caller::uuid(0x42)).await;
    let mut person = service.in_session(&own).await;
    let grants = vec![grant(Section::Reports, &[Action::View])];
    person.set_grants(SetGrantsRequest { access_id: access_id.clone(), grants }).await.unwrap();
    let list = person.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    let theirs = list.into_iter().find(|entry| entry.access_id == access_id).unwrap();
    assert!(theirs.grants.contains(&grant(Section::Signing, &[Action::View, Action::Sign])), "{theirs:?}");
    assert!(theirs.grants.contains(&grant(Section::Reports, &[Action::View])), "{theirs:?}");
    person.revoke_access(RevokeAccessRequest { access_id }).await.unwrap();
    let list = person.list_access(ListAccessRequest {}).await.unwrap().into_inner().entries;
    assert_eq!(list.len(), 2, "oneself and the representative");
}

#[tokio::test]
async fn a_third_account_needs_an_end_date_and_a_fourth_is_refused() {
    let service = Service::start_with(include_str!("../../../deploy/organisations/rozelaar.toml")).await;
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
    let ends = outbox::events::<AccessEnded>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(ends.len(), 1, "the end emits one event");
}

#[tokio::test]
async fn ended_access_is_registered_anew_and_never_extended() {
    let service = Service::start().await;
    register(&service, 0x61, 1, |_| {}).await.unwrap();
    let (account_id, client_id) = (caller::uuid(0x61).to_string(), caller::client(1).to_string());
    let ended = EndAccessRequest { account_id: account_id.clone(), client_id: client_id.clone() };
    service.ecd().end_access(ended).await.unwrap();
    let later = service.process.clock.now() + jiff::SignedDuration::from_hours(24);
    let valid_until = Some(time::to_proto(later));
    let extend = ExtendAccessRequest { account_id, client_id: client_id.clone(), valid_until };
    assert_eq!(reason(service.ecd().extend_access(extend).await), named(ErrorReason::AccountUnknown));
    let account_count = async || {
        let request = ListAccountsRequest { client_id: client_id.clone() };
        service.ecd().list_accounts(request).await.unwrap().into_inner().accounts.len()
    };
    register(&service, 0x61, 1, |_| {}).await.unwrap();
    assert_eq!(account_count().await, 0, "a repeat of the former registration changes nothing");
    let anew = |request: &mut RegisterAccountRequest| {
        request.consent.as_mut().unwrap().ground = "a new agreement".to_owned();
    };
    register(&service, 0x61, 1, anew).await.unwrap();
    assert_eq!(account_count().await, 1);
}

#[tokio::test]
async fn an_account_with_two_clients_must_choose_one() {
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
    assert_eq!((session.clients, session.client_id.as_str()), (2, ""), "no client is chosen automatically");
    let mut person = service.in_session(&own).await;
    let clients = person.list_my_clients(ListMyClientsRequest {}).await.unwrap().into_inner().clients;
    assert_eq!(clients.len(), 2);
    let chosen = caller::client(2).to_string();
    person.select_client(SelectClientRequest { client_id: chosen.clone() }).await.unwrap();
    let session = service.resolve(&own).await.unwrap();
    assert_eq!((session.client_id, session.is_client), (chosen, false));
    assert_eq!(session.grants, [grant(Section::Planning, &[Action::View])], "that client's rights alone");
    let changes = outbox::events::<SessionChanged>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(changes.len(), 1);
    let mut taken = service.registration();
    taken.account_id = caller::uuid(0x77).to_string();
    let refused = service.ecd().register_account(taken).await;
    assert_eq!(reason(refused), named(ErrorReason::UsernameTaken));
}

#[tokio::test]
async fn access_ends_42_days_after_the_end_of_care() {
    let service = Service::start().await;
    let own = service.first_login().await;
    register(&service, 0x61, 1, |request| request.relation = RelationKind::Relative.into()).await.unwrap();
    let for_second_client = |request: &mut RegisterAccountRequest| {
        request.relation = RelationKind::Relative.into();
        request.username = format!("{}@voorbeeld.example", 0x61);
    };
    register(&service, 0x61, 2, for_second_client).await.unwrap();
    let client = caller::client(1);
    let ended = proto::dossier::v1::CareEnded { ended_at: Some(time::to_proto(service.process.clock.now())) };
    let about = |version| About::new(client.uuid(), version).client(client);
    service.process.receive_event(service.organisation, about(1), &ended).await;
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
    assert_eq!(notices().await, 2, "one warning per account, a week before");

    // CareResumed cancels the end of access; a CareEnded of an older version that arrives later changes
    // nothing.
    service.process.receive_event(service.organisation, about(2), &proto::dossier::v1::CareResumed {}).await;
    service.process.receive_event(service.organisation, about(1), &ended).await;
    service.process.clock.advance(Duration::from_hours(8 * 24));
    service.process.run_due().await;
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok());

    let ended = proto::dossier::v1::CareEnded { ended_at: Some(time::to_proto(service.process.clock.now())) };
    service.process.receive_event(service.organisation, about(3), &ended).await;
    service.process.clock.advance(Duration::from_hours(42 * 24));
    let mut superuser = service.process.database.as_superuser().await;
    outbox::publish(&service.process.database.db("identity"), service.process.clock.now()).await;
    let before = notices().await;
    service.process.run_due().await;
    assert_eq!(notices().await, before + 2, "after six weeks without the job, the warning comes first");
    service.process.clock.advance(Duration::from_hours(7 * 24 - 1));
    service.process.run_due().await;
    assert!(service.start_login(USERNAME, PASSWORD).await.is_ok());
    service.process.clock.advance(Duration::from_hours(1));
    service.process.run_due().await;
    assert_eq!(reason(service.resolve(&own).await), named(ErrorReason::SessionEnded), "R54");
    let left: Vec<String> =
        sqlx::query_scalar("SELECT username FROM account").fetch_all(&mut superuser).await.unwrap();
    assert_eq!(left, [format!("{}@voorbeeld.example", 0x61)], "R55: an account with another client stays");
    assert_eq!(outbox::events::<AccountRemoved>(&mut superuser).await.len(), 1);
}

#[tokio::test]
async fn an_account_without_access_is_removed_after_the_time_that_the_organisation_sets() {
    let service =
        Service::start_with(&SETTINGS.replace("[accounts]", "[accounts]\ndays_without_access = 100")).await;
    service.first_login().await;
    register(&service, 0x61, 2, |_| {}).await.unwrap();
    let accounts = async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM account")
            .fetch_one(&mut service.process.database.as_superuser().await)
            .await
            .unwrap()
    };
    let end = async |account: uuid::Uuid, client: u64| {
        let request = EndAccessRequest {
            account_id: account.to_string(),
            client_id: caller::client(client).to_string(),
        };
        service.ecd().end_access(request).await.unwrap();
    };
    let run_after = async |hours: u64| {
        service.process.clock.advance(Duration::from_hours(hours));
        service.process.run_due().await;
    };
    run_after(24 * 365 * 6).await;
    assert_eq!(accounts().await, 2, "access without an end is kept, also after six years");
    end(caller::uuid(0x61), 2).await;
    run_after(1).await;
    run_after(24 * 100 - 1).await;
    assert_eq!(accounts().await, 2);
    // Access that is given meanwhile starts the time anew.
    register(&service, 0x61, 3, |_| {}).await.unwrap();
    run_after(1).await;
    assert_eq!(accounts().await, 2);
    end(caller::uuid(0x61), 3).await;
    run_after(1).await;
    run_after(24 * 100 - 1).await;
    assert_eq!(accounts().await, 2);
    run_after(1).await;
    assert_eq!(accounts().await, 1);
    let mut superuser = service.process.database.as_superuser().await;
    let removed = outbox::events::<AccountRemoved>(&mut superuser).await;
    assert_eq!(removed[0].0.aggregate_id, caller::uuid(0x61).to_string());
}

#[tokio::test]
async fn access_that_is_given_after_all_access_ended_ends_too() {
    let service = Service::start().await;
    service.first_login().await;
    let client = caller::client(1);
    let ended = proto::dossier::v1::CareEnded { ended_at: Some(time::to_proto(service.process.clock.now())) };
    let about = |version| About::new(client.uuid(), version).client(client);
    service.process.receive_event(service.organisation, about(1), &ended).await;
    let day = Duration::from_hours(24);
    for days in [35, 7] {
        service.process.clock.advance(day * days);
        service.process.run_due().await;
    }
    let accounts = async || {
        let mut superuser = service.process.database.as_superuser().await;
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM account");
        count.fetch_one(&mut superuser).await.unwrap()
    };
    assert_eq!(accounts().await, 0, "R55");
    register(&service, 0x61, 1, |request| request.relation = RelationKind::Relative.into()).await.unwrap();
    service.process.run_due().await;
    service.process.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));
    service.process.run_due().await;
    assert_eq!(accounts().await, 1, "a week at least, with the warning");
    service.process.clock.advance(Duration::from_secs(1));
    service.process.run_due().await;
    assert_eq!(accounts().await, 0, "R54");

    // Care resumes: who is registered then stays.
    service.process.receive_event(service.organisation, about(2), &proto::dossier::v1::CareResumed {}).await;
    register(&service, 0x62, 1, |request| request.relation = RelationKind::Relative.into()).await.unwrap();
    service.process.clock.advance(day * 60);
    service.process.run_due().await;
    assert_eq!(accounts().await, 1);
}
