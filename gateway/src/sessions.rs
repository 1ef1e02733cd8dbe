//! Who is there: the session behind a token, resolved by identity and kept for less than a minute.

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
use proto::identity::v1::{EndSessionRequest, ResolveSessionRequest};
use tonic::Code;

use crate::{live::Live, problem::Problem, services::Services, session::Session};

/// The header of a request that a page makes by itself, such as for what is new: the session is not kept alive by it.
pub const PASSIVE: &str = "x-passive";
/// How long an answer of identity is used: less than the token in it is valid.
const LIFE: Duration = Duration::from_secs(45);

/// The sessions that were used lately.
pub struct Sessions {
    services: Services,
    live: Live,
    clock: Clock,
    known: Cache<[u8; 32], Arc<Session>>,
    /// Rises whenever something that is kept may be out of date.
    changes: Arc<AtomicU64>,
}

impl Sessions {
    /// An empty cache; a session leaves it when it ends.
    pub fn new(services: Services, live: Live, clock: Clock) -> Self {
        let known: Cache<[u8; 32], Arc<Session>> =
            Cache::builder().max_capacity(50_000).time_to_live(LIFE).support_invalidation_closures().build();
        let changes = Arc::new(AtomicU64::new(0));
        let (cache, count) = (known.clone(), Arc::clone(&changes));
        live.on_session_change(move |ended| {
            count.fetch_add(1, Ordering::SeqCst);
            let ended = ended.map(str::to_owned);
            // Without closures' support this fails; it is asked for above.
            let _ = cache.invalidate_entries_if(move |_, session| {
                ended.as_ref().is_none_or(|account| session.facts.account_id == *account)
            });
        });
        Self { services, live, clock, known, changes }
    }

    /// The session behind a token; `None` where it has ended. Keeps the session alive.
    pub async fn resolve(&self, token: &str) -> Result<Option<Arc<Session>>, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let before = self.changes.load(Ordering::SeqCst);
        // While the bus is away nobody would tell that a session has ended: nothing is kept.
        let mut found = if self.live.is_connected() {
            self.known
                .try_get_with(key, async { self.ask(token, false).await })
                .await
                .map_err(|problem| Problem::clone(&problem))
        } else {
            self.ask(token, false).await
        };
        if self.changes.load(Ordering::SeqCst) != before {
            // The answer may be older than what was told meanwhile.
            self.known.invalidate(&key).await;
            found = self.ask(token, false).await;
        }
        self.judge(key, found).await
    }

    /// The same for a page that asks by itself: it does not keep the session alive.
    pub async fn resolve_passively(&self, token: &str) -> Result<Option<Arc<Session>>, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let kept = if self.live.is_connected() { self.known.get(&key).await } else { None };
        let found = match kept {
            Some(session) => Ok(session),
            None => self.ask(token, true).await,
        };
        self.judge(key, found).await
    }

    async fn judge(
        &self,
        key: [u8; 32],
        found: Result<Arc<Session>, Problem>,
    ) -> Result<Option<Arc<Session>>, Problem> {
        match found {
            Ok(session) if self.is_over(&session) => {
                self.known.invalidate(&key).await;
                Ok(None)
            }
            Ok(session) => Ok(Some(session)),
            Err(problem) if problem.is_unauthenticated() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn is_over(&self, session: &Session) -> bool {
        let end = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
        self.clock.now().as_second() >= end
    }

    async fn ask(&self, token: &str, passive: bool) -> Result<Arc<Session>, Problem> {
        let request = ResolveSessionRequest { session_token: token.to_owned(), passive };
        let mut facts = self.services.identity()?.resolve_session(request).await?.into_inner();
        let token = std::mem::take(&mut facts.token);
        Ok(Arc::new(Session { token, facts }))
    }

    /// Forgets what is kept of an account's sessions: something about them has changed.
    pub async fn forget(&self, account: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        let account = account.to_owned();
        let _ = self.known.invalidate_entries_if(move |_, known| known.facts.account_id == account);
        self.known.run_pending_tasks().await;
    }

    /// Goes on with a session; gives when it ends if nothing is asked before, in seconds since 1970.
    pub async fn extend(&self, token: &str) -> Result<i64, Problem> {
        let key = sha256(&[token.as_bytes()]);
        let before = self.changes.load(Ordering::SeqCst);
        let session = self.ask(token, false).await?;
        let end = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
        // As above: what may be older than what was told meanwhile is not kept.
        if self.live.is_connected() && self.changes.load(Ordering::SeqCst) == before {
            self.known.insert(key, session).await;
        }
        Ok(end)
    }

    /// Ends a session, here and at identity.
    pub async fn end(&self, session: &Session) -> Result<(), Problem> {
        let ended = self.services.identity_for(session).end_session(EndSessionRequest::default()).await;
        self.changes.fetch_add(1, Ordering::SeqCst);
        let id = session.facts.session_id.clone();
        let _ = self.known.invalidate_entries_if(move |_, known| known.facts.session_id == id);
        self.known.run_pending_tasks().await;
        match ended {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::Unauthenticated => Ok(()),
            Err(status) => Err(status.into()),
        }
    }
}

/// The session of the request. A handler that takes a `Viewer` answers strangers with "log in".
#[derive(Clone)]
pub struct Viewer(pub Arc<Session>);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session = parts.extensions.get::<Arc<Session>>().cloned();
        session.map(Viewer).ok_or_else(Problem::unauthenticated)
    }
}
