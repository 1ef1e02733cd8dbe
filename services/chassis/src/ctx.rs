//! On whose behalf work runs. Every request and every handled event has one [`Ctx`].

use std::{collections::BTreeMap, fmt::Display};

use jiff::Timestamp;
use proto::{
    access::v1::{Action, Section},
    event::v1::{Actor, ActorKind},
};
use uuid::Uuid;

use crate::{
    access::Allowed,
    call::{Call, CallSubject, Object},
    failure::Failure,
    id::{ClientId, OrganisationId, SessionId},
    person::Person,
    token::{AccountCaller, Caller, TokenLife},
};

/// On whose behalf work runs: which organisation, which actor, for which client, with which rights, and when.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The tenant: all data that the work may touch is of this organisation.
    pub organisation: OrganisationId,
    /// The chosen client; `None`: the work is about the organisation as a whole (systems, event handlers).
    pub client: Option<ClientId>,
    /// The account, system or service that acts.
    pub actor: Actor,
    /// The session of the person who acts; `None` for systems and services.
    pub session: Option<SessionId>,
    /// The actor in words, for the access log.
    pub person: Person,
    /// The actions that the person's grant allows, by section, as numbers of the contract; empty: no grant.
    pub grants: BTreeMap<i32, Vec<i32>>,
    /// The sections for which the person must prove more, as numbers of the contract.
    pub step_up: Vec<i32>,
    /// The person sees what lasted until this moment or after it (R24); `None`: everything.
    pub since: Option<Timestamp>,
    /// From when to when the caller's token holds; `None`: work without a token.
    pub token: Option<TokenLife>,
    /// When the request began.
    pub now: Timestamp,
    /// The id of the request that started all of this work: its W3C trace id, or a random id without a trace.
    pub correlation_id: String,
    /// The id of the event that caused this work; empty: a request caused it.
    pub causation_id: String,
    /// The call of a method that this work serves; `None`: work without a caller.
    pub call: Option<Call>,
}

impl Ctx {
    /// The Ctx of a service that acts by itself, without a caller, within an organisation.
    #[must_use]
    pub fn of_service(service: &str, organisation: OrganisationId, now: Timestamp) -> Self {
        Self {
            organisation,
            client: None,
            actor: Actor { kind: ActorKind::Service.into(), id: service.to_owned() },
            session: None,
            person: Person { name: service.to_owned(), ..Person::default() },
            grants: BTreeMap::new(),
            step_up: Vec::new(),
            since: None,
            token: None,
            now,
            correlation_id: crate::telemetry::trace_id(),
            causation_id: String::new(),
            call: None,
        }
    }

    /// The numbers of the sections whose data the work may touch: that of the called method's access rule; for the
    /// timeline, all that the person may view at the session's level; none for a person's call of a method without a
    /// section. `None`: systems, operators and services, which see every section.
    #[must_use]
    pub fn sections(&self) -> Option<Vec<i32>> {
        match &self.call.as_ref()?.rule.allowed {
            Allowed::Section { section: Section::Timeline, .. } => {
                let view = i32::from(Action::View);
                let may = |(section, actions): &(&i32, &Vec<i32>)| {
                    actions.contains(&view) && !self.step_up.contains(section)
                };
                Some(self.grants.iter().filter(may).map(|(section, _)| *section).collect())
            }
            Allowed::Section { section, .. } => Some(vec![i32::from(*section)]),
            Allowed::Account => Some(Vec::new()),
            _ => None,
        }
    }

    /// The Ctx of a caller. The operator, the gateway and callers without a token belong to no organisation: the
    /// handler says within which one it works ([`Ctx::within`]).
    #[must_use]
    pub(crate) fn of_caller(caller: Option<&Caller>, now: Timestamp) -> Self {
        let actor = |kind: ActorKind, id: &str| Actor { kind: kind.into(), id: id.to_owned() };
        let of = |actor: Actor, name: &str, organisation| Self {
            actor,
            person: Person { name: name.to_owned(), ..Person::default() },
            ..Self::of_service(name, organisation, now)
        };
        let none = OrganisationId(Uuid::nil());
        match caller {
            Some(Caller::Account(account)) => Self::of_account(account, now),
            Some(Caller::System { organisation, system, name, .. }) => {
                of(actor(ActorKind::System, &system.to_string()), name, *organisation)
            }
            Some(Caller::Operator) => of(actor(ActorKind::Operator, "operator"), "operator", none),
            Some(Caller::Gateway) => of(actor(ActorKind::Service, "gateway"), "gateway", none),
            None => of(actor(ActorKind::Unspecified, ""), "anonymous", none),
        }
    }

    fn of_account(caller: &AccountCaller, now: Timestamp) -> Self {
        Self {
            client: caller.client,
            actor: Actor { kind: ActorKind::Account.into(), id: caller.account.to_string() },
            session: Some(caller.session),
            person: Person {
                name: caller.name.clone(),
                relation: caller.relation.clone(),
                ground: caller.ground.clone(),
                impersonator: caller.impersonator.clone(),
            },
            grants: caller.grants.clone(),
            step_up: caller.step_up.clone(),
            since: caller.since.and_then(|since| Timestamp::from_second(since).ok()),
            ..Self::of_service("", caller.organisation, now)
        }
    }

    /// The Ctx that the access layer added to a request.
    ///
    /// # Errors
    /// "Token refused" where the request has no Ctx: it did not pass the access layer.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, Failure> {
        request.extensions().get::<Self>().cloned().ok_or_else(Failure::token_refused)
    }

    /// The work of a service within an organisation that the request names, for callers who belong to none. The
    /// audit record of the call is of this organisation, and names the operator or else the service.
    #[must_use]
    pub fn within(&self, service: &str, organisation: OrganisationId) -> Self {
        let ctx = Self { call: self.call.clone(), ..Self::of_service(service, organisation, self.now) };
        let by = if self.actor.kind() == ActorKind::Operator { self } else { &ctx };
        ctx.note(|subject| {
            subject.organisation = Some(organisation);
            subject.actor = Some((by.actor.clone(), by.person.clone()));
        });
        ctx
    }

    /// Whether the caller's token or the request names the organisation of the call's audit record.
    #[must_use]
    pub fn names_organisation(&self) -> bool {
        let noted = self.call.as_ref().is_some_and(|call| call.subject().organisation.is_some());
        noted || !self.organisation.uuid().is_nil()
    }

    /// The audit record of the call names this account or system as its actor, where the caller's token does not.
    pub fn acted_by(&self, kind: ActorKind, id: impl Display, person: Person) {
        let actor = Actor { kind: kind.into(), id: id.to_string() };
        self.note(|subject| subject.actor = Some((actor, person)));
    }

    /// The audit record of the call is about this client, where the caller's token does not name the client.
    pub fn concerns_client(&self, client: ClientId) {
        self.note(|subject| subject.client = Some(client));
    }

    /// The audit record of the call is about this thing, such as `account`.
    pub fn concerns(&self, kind: &str, id: impl Display) {
        self.note(|subject| subject.object = Object { kind: kind.to_owned(), id: id.to_string() });
    }

    /// The audit record of the call says that access was denied: a password or code was wrong.
    pub fn deny(&self) {
        self.note(|subject| subject.is_denied = true);
    }

    fn note(&self, note: impl FnOnce(&mut CallSubject)) {
        if let Some(call) = &self.call {
            call.note(note);
        }
    }

    /// The chosen client.
    ///
    /// # Errors
    /// "Not found" where no client is chosen.
    pub fn client(&self) -> Result<ClientId, Failure> {
        self.client.ok_or_else(Failure::not_found)
    }
}
