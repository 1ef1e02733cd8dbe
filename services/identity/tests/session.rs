use std::time::Duration;

use chassis::token::Caller;
use proto::{
    access::v1::{Action, Level, Section},
    identity::v1::{EndSessionRequest, ErrorReason, ResolveSessionRequest, SessionEnded},
};
use testkit::outbox;

use crate::support::{Service, named, reason};

#[tokio::test]
async fn a_session_token_names_organisation_rights_and_level() {
    let service = Service::start().await;
    let session_token = service.first_login().await;
    let resolved = service
        .gateway()
        .resolve_session(ResolveSessionRequest { session_token, passive: false })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(resolved.display_name, "mevrouw A. de Vries");
    assert_eq!(resolved.level(), Level::Low, "OTP-03: an e-mail code is a weak second factor");
    assert!(resolved.is_client);
    let verifier = service.process.keys.of("identity").verifier();
    let now = service.process.clock.now();
    let Caller::Account(account) = verifier.verify(&resolved.token, now).unwrap() else {
        unreachable!("a session is an account's")
    };
    assert_eq!(account.organisation, service.organisation);
    assert_eq!(account.grants[&i32::from(Section::Reports)], [i32::from(Action::View)]);
    assert_eq!(account.ground, "toestemming van de cliënt");
}

#[tokio::test]
async fn a_session_ends_when_idle_or_after_twelve_hours() {
    let service = Service::start().await;
    let session_token = service.first_login().await;
    let request = ResolveSessionRequest { session_token, passive: false };
    for _ in 0..24 {
        service.process.clock.advance(Duration::from_mins(29));
        service.gateway().resolve_session(request.clone()).await.unwrap();
    }
    // 11 hours and 36 minutes of the 12 hours have passed.
    service.process.clock.advance(Duration::from_mins(24));
    let over = service.gateway().resolve_session(request).await;
    assert_eq!(reason(over), named(ErrorReason::SessionEnded), "SES-01");

    let service = Service::start().await;
    let request = ResolveSessionRequest { session_token: service.first_login().await, passive: false };
    service.process.clock.advance(Duration::from_mins(15));
    let passive = ResolveSessionRequest { passive: true, ..request.clone() };
    service.gateway().resolve_session(passive).await.unwrap();
    service.process.clock.advance(Duration::from_mins(15));
    let idle = service.gateway().resolve_session(request).await;
    assert_eq!(reason(idle), named(ErrorReason::SessionEnded), "an open page alone does not keep it alive");
}

#[tokio::test]
async fn an_ended_session_emits_one_event_and_stays_ended() {
    let service = Service::start().await;
    let request = ResolveSessionRequest { session_token: service.first_login().await, passive: false };
    let resolved = service.gateway().resolve_session(request.clone()).await.unwrap().into_inner();
    let verifier = service.process.keys.of("identity").verifier();
    let caller = verifier.verify(&resolved.token, service.process.clock.now()).unwrap();
    service.call_as(&caller).end_session(EndSessionRequest::default()).await.unwrap();
    service.call_as(&caller).end_session(EndSessionRequest::default()).await.unwrap();
    let ended = service.gateway().resolve_session(request).await;
    assert_eq!(reason(ended), named(ErrorReason::SessionEnded));
    let events = outbox::events::<SessionEnded>(&mut service.process.database.as_superuser().await).await;
    assert_eq!(events.len(), 1, "one event");
    assert_eq!(events[0].1.session_id, resolved.session_id);
}

#[tokio::test]
async fn malformed_and_foreign_session_tokens_count_as_ended() {
    let service = Service::start().await;
    let token = service.first_login().await;
    let other = testkit::caller::organisation(9).0.simple().to_string();
    let moved = format!("{other}.{}", token.split('.').next_back().unwrap());
    for session_token in [String::new(), "x".to_owned(), "a.b".to_owned(), moved, token[..40].to_owned()] {
        let refused =
            service.gateway().resolve_session(ResolveSessionRequest { session_token, passive: false }).await;
        assert_eq!(reason(refused), named(ErrorReason::SessionEnded));
    }
}
