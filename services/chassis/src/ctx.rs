//! On whose behalf a request runs. Every request and every handled event has one [`Ctx`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use proto::event::v1::{Actor, ActorKind};

use crate::{
    failure::Failure,
    id::{ClientId, OrganisationId, SessionId},
    token::{AccountCaller, Caller},
};

/// Organisation, who, for which client, with which rights, when.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The tenant.
    pub organisation: OrganisationId,
    /// The one client that this is about; `None`: the organisation as a whole (systems, handlers).
    pub client: Option<ClientId>,
    /// Who acts.
    pub actor: Actor,
    /// The session, where a person acts.
    pub session: Option<SessionId>,
    /// Who acts, in words for the access log.
    pub person: Person,
    /// Actions by section; empty where no person acts.
    pub grants: BTreeMap<i32, Vec<i32>>,
    /// When the request began.
    pub now: Timestamp,
    /// The request that all of this began with: a W3C trace id where there is one.
    pub correlation_id: String,
    /// The event that caused this; empty where a request did.
    pub causation_id: String,
}

/// What the access log says of who looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The person's or system's name.
    pub name: String,
    /// What the person is to the client.
    pub relation: String,
    /// On what ground access was given.
    pub ground: String,
    /// Who acts in that name; empty: the person itself.
    pub impersonator: String,
}

impl Ctx {
    /// The Ctx of a service that acts by itself within an organisation.
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

    /// The Ctx of a caller; `None` for callers that are of no organisation.
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

    /// The Ctx that the access layer put beside a request.
    ///
    /// # Errors
    /// The token is refused where there is none: the method's rule lets in callers without an organisation.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Failure> {
        request.extensions().get::<Self>().cloned().ok_or_else(Failure::token_refused)
    }

    /// The one client that this is about.
    ///
    /// # Errors
    /// Not found where no client is chosen.
    pub fn client(&self) -> Result<ClientId, Failure> {
        self.client.ok_or_else(Failure::not_found)
    }
}
