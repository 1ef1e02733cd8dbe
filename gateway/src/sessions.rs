//! The session behind a session token: identity resolves it, and the gateway caches it for 45 seconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{extract::FromRequestParts, http::request::Parts};
use chassis::{Clock, secret::sha256};
use moka::future::Cache;
use proto::{
    access::v1::ErrorReason,
    identity::v1::{EndSessionRequest, ResolveSessionRequest},
};
use tonic::Code;

use crate::{live::Live, problem::Problem, services::Services, session::Session};

/// The header of a request that a page makes by itself, such as a live update: the request does not keep the
/// session alive.
pub const PASSIVE: &str = "x-passive";
/// How long a session is cached: shorter than the 60 seconds for which its token is valid.
const CACHE_LIFE: Duration = Duration::from_secs(45);

/// A cache of sessions, by the hash of the session token.
pub struct Sessions {
    services: Services,
    live: Live,
    clock: Clock,
    cache: Cache<[u8; 32], Arc<Session>>,
    /// How often something in the cache was invalidated. A session that was resolved before may be out of
    /// date.
    invalidations: Arc<AtomicU64>,
}

impl Sessions {
    /// An empty cache. A session leaves the cache when the session ends or its rights change.
    pub fn new(services: Services, live: Live, clock: Clock) -> Self {
        let cache: Cache<[u8; 32], Arc<Session>> = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(CACHE_LIFE)
            .support_invalidation_closures()
            .build();
        let invalidations = Arc::new(AtomicU64::new(0));
        let (invalidated, count) = (cache.clone(), Arc::clone(&invalidations));
        live.on_session_change(move |account| {
            count.fetch_add(1, Ordering::SeqCst);
            let account = account.map(str::to_owned);
            // This fails only in a cache without `support_invalidation_closures`, which is set above.
            let _ = invalidated.invalidate_entries_if(move |_, session| {
                account.as_ref().is_none_or(|account| session.facts.account_id == *account)
            });
        });
        Self { services, live, clock, cache, invalidations }
    }

    /// The session behind a token; `None` where it has ended. Keeps the session alive.
    pub async fn resolve(&self, token: &str) -> Result<Option<Arc<Session>>, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let invalidations_before = self.invalidations.load(Ordering::SeqCst);
        // While NATS cannot be reached, no event reports that a session has ended: nothing is cached.
        let mut found = if self.live.is_connected() {
            self.cache
                .try_get_with(key, async { self.ask_identity(token, false).await })
                .await
                .map_err(|problem| Problem::clone(&problem))
        } else {
            self.ask_identity(token, false).await
        };
        if self.invalidations.load(Ordering::SeqCst) != invalidations_before {
            // An event came in meanwhile, and the answer may be older than the event: ask again.
            self.cache.invalidate(&key).await;
            found = self.ask_identity(token, false).await;
        }
        self.unless_ended(key, found).await
    }

    /// The session behind a token, for a request that a page makes by itself. Does not keep the session
    /// alive.
    pub async fn resolve_passively(&self, token: &str) -> Result<Option<Arc<Session>>, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let kept = if self.live.is_connected() { self.cache.get(&key).await } else { None };
        let found = match kept {
            Some(session) => Ok(session),
            None => self.ask_identity(token, true).await,
        };
        self.unless_ended(key, found).await
    }

    async fn unless_ended(
        &self,
        key: [u8; 32],
        found: Result<Arc<Session>, Problem>,
    ) -> Result<Option<Arc<Session>>, Problem> {
        match found {
            Ok(session) if self.has_ended(&session) => {
                self.cache.invalidate(&key).await;
                Ok(None)
            }
            Ok(session) => Ok(Some(session)),
            Err(problem) if problem.is_unauthenticated() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn has_ended(&self, session: &Session) -> bool {
        let end = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
        self.clock.now().as_second() >= end
    }

    async fn ask_identity(&self, token: &str, passive: bool) -> Result<Arc<Session>, Problem> {
        let request = ResolveSessionRequest { session_token: token.to_owned(), passive };
        let mut facts = self.services.identity()?.resolve_session(request).await?.into_inner();
        let token = std::mem::take(&mut facts.token);
        Ok(Arc::new(Session { token, facts }))
    }

    /// Drops the cached sessions of an account, because something about them has changed.
    pub async fn forget(&self, account: &str) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        let account = account.to_owned();
        let _ = self.cache.invalidate_entries_if(move |_, cached| cached.facts.account_id == account);
        self.cache.run_pending_tasks().await;
    }

    /// Keeps a session alive. Returns when the session ends if no request follows, in seconds since 1970.
    pub async fn extend(&self, token: &str) -> Result<i64, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let invalidations_before = self.invalidations.load(Ordering::SeqCst);
        let session = self.ask_identity(token, false).await?;
        let end = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
        // As in `resolve`: an answer that may be older than an event is not cached.
        if self.live.is_connected() && self.invalidations.load(Ordering::SeqCst) == invalidations_before {
            self.cache.insert(key, session).await;
        }
        Ok(end)
    }

    /// Ends a session at identity, and drops it from the cache.
    pub async fn end(&self, session: &Session) -> Result<(), Problem> {
        let ended = self.services.identity_for(session).end_session(EndSessionRequest::default()).await;
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        let id = session.facts.session_id.clone();
        let _ = self.cache.invalidate_entries_if(move |_, cached| cached.facts.session_id == id);
        self.cache.run_pending_tasks().await;
        match ended {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::Unauthenticated => Ok(()),
            Err(status) => Err(status.into()),
        }
    }
}

/// The session of the request. A handler that takes a `Viewer` refuses requests without a session: log in
/// first.
#[derive(Clone)]
pub struct Viewer(pub Arc<Session>);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session = parts.extensions.get::<Arc<Session>>().cloned();
        session.map(Viewer).ok_or_else(Problem::unauthenticated)
    }
}

/// The session of the person, not of somebody who looks along: pages whose form the services refuse to an impersonator
/// are refused before anything is typed.
pub struct OwnViewer(pub Arc<Session>);

impl<S: Sync> FromRequestParts<S> for OwnViewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Viewer(session) = Viewer::from_request_parts(parts, state).await?;
        if session.facts.impersonator.is_empty() {
            Ok(Self(session))
        } else {
            Err(Problem::new(ErrorReason::ImpersonationRefused))
        }
    }
}
