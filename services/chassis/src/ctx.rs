//! On whose behalf work runs. Every request and every handled event has one [`Ctx`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use proto::event::v1::{Actor, ActorKind};

use crate::{
    failure::Failure,
    id::{ClientId, OrganisationId, SessionId},
    token::{AccountCaller, Caller},
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
    /// When the request began.
    pub now: Timestamp,
    /// The id of the request that started all of this work: its W3C trace id, or a random id without a trace.
    pub correlation_id: String,
    /// The id of the event that caused this work; empty: a request caused it.
    pub causation_id: String,
}

/// How the access log describes the actor: the words that the client reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The person's or system's name.
    pub name: String,
    /// The person's relation to the client, such as `relative`; empty for systems and services.
    pub relation: String,
    /// The ground on which access was given, in the organisation's words; empty for systems and services.
    pub ground: String,
    /// The name of the impersonator who acts as this person; empty: the person acts.
    pub impersonator: String,
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
            now,
            correlation_id: crate::telemetry::trace_id(),
            causation_id: String::new(),
        }
    }

    /// The Ctx of a caller; `None` for the operator and the gateway, who belong to no organisation.
    #[must_use]
    pub(crate) fn of_caller(caller: &Caller, now: Timestamp) -> Option<Self> {
        match caller {
            Caller::Account(account) => Some(Self::of_account(account, now)),
            Caller::System { organisation, system, name, .. } => Some(Self {
                actor: Actor { kind: ActorKind::System.into(), id: system.to_string() },
                person: Person { name: name.clone(), ..Person::default() },
                ..Self::of_service(name, *organisation, now)
            }),
            Caller::Operator | Caller::Gateway => None,
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
            ..Self::of_service("", caller.organisation, now)
        }
    }

    /// The Ctx that the access layer added to a request.
    ///
    /// # Errors
    /// "Token refused" where the request has no Ctx, because its caller belongs to no organisation.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, Failure> {
        request.extensions().get::<Self>().cloned().ok_or_else(Failure::token_refused)
    }

    /// The chosen client.
    ///
    /// # Errors
    /// "Not found" where no client is chosen.
    pub fn client(&self) -> Result<ClientId, Failure> {
        self.client.ok_or_else(Failure::not_found)
    }
}
