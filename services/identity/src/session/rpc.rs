//! Opening, resolving and ending sessions.

use chassis::{
    Ctx, Failure,
    id::{AccountId, SessionId},
    secret::ScopedToken,
    token::{AccountCaller, Caller},
};
use jiff::SignedDuration;
use proto::{
    access::v1::{Grant, Level},
    identity::v1::{
        EndSessionRequest, EndSessionResponse, RelationKind, ResolveSessionRequest, ResolveSessionResponse,
        SessionEnded,
    },
};
use store::{About, Mode, Tx, event::timestamp};
use tonic::Request;

use super::{Session, store as table};
use crate::{
    State,
    account::{self, AccessGrant},
    error::Error,
    organisation,
};

/// How old `seen_at` may be before it is written again: a page need not cost a write.
const TOUCH: SignedDuration = SignedDuration::from_secs(30);

/// Opens a session after password and e-mail code; gives its token.
///
/// # Errors
/// When the database is away.
pub async fn open(tx: &mut Tx, account: AccountId) -> Result<String, Error> {
    let now = tx.ctx().now;
    let settings = organisation::rpc::settings(tx).await?.session.unwrap_or_default();
    let token = ScopedToken::generate(tx.ctx().organisation);
    let session = Session {
        id: SessionId::new(now),
        account,
        level: Level::Low,
        seen_at: now,
        ends_at: now + SignedDuration::from_secs(i64::from(settings.absolute_seconds)),
    };
    let amr = ["pwd", "otp", "email"].map(str::to_owned);
    table::insert(tx, &session, &token, &amr).await?;
    Ok(token.expose().to_owned())
}

/// ResolveSession.
pub async fn resolve(
    state: &State,
    request: &ResolveSessionRequest,
) -> Result<ResolveSessionResponse, Error> {
    let token = ScopedToken::parse(&request.session_token).ok_or(Error::SessionEnded)?;
    let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let mut session = table::find(&mut tx, &token).await?.ok_or(Error::SessionEnded)?;
    let settings = organisation::rpc::settings(&mut tx).await?.session.unwrap_or_default();
    if session.is_over(settings, ctx.now) {
        return Err(Error::SessionEnded);
    }
    let account = account::store::find(&mut tx, session.account).await?.ok_or(Error::SessionEnded)?;
    let grant = account::store::current_grant(&mut tx, account.id).await?;
    drop(tx);
    if !request.passive && session.seen_at + TOUCH <= ctx.now {
        let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
        table::touch(&mut tx, session.id).await?;
        tx.commit().await?;
        session.seen_at = ctx.now;
    }
    let caller = caller(&ctx, &session, &account.display_name, grant.as_ref());
    Ok(ResolveSessionResponse {
        token: state.signer.sign(&Caller::Account(caller.clone()), ctx.now)?,
        session_id: session.id.to_string(),
        organisation_id: ctx.organisation.to_string(),
        account_id: account.id.to_string(),
        display_name: account.display_name,
        client_id: caller.client.map(|client| client.to_string()).unwrap_or_default(),
        client_name: grant.as_ref().map(|grant| grant.client_name.clone()).unwrap_or_default(),
        is_client: grant.is_some_and(|grant| grant.relation == RelationKind::Client),
        grants: caller.grants.into_iter().map(|(section, actions)| Grant { section, actions }).collect(),
        level: session.level.into(),
        idle_until: Some(timestamp(session.idle_until(settings))),
        ends_at: Some(timestamp(session.ends_at)),
        language: account.language,
    })
}

fn caller(ctx: &Ctx, session: &Session, name: &str, grant: Option<&AccessGrant>) -> AccountCaller {
    AccountCaller {
        organisation: ctx.organisation,
        account: session.account,
        session: session.id,
        client: grant.map(|grant| grant.client),
        grants: grant.map(|grant| grant.grants.clone()).unwrap_or_default(),
        level: session.level.into(),
        name: name.to_owned(),
        relation: grant.map(|grant| relation(grant.relation)).unwrap_or_default().to_owned(),
        ground: grant.map(|grant| grant.ground.clone()).unwrap_or_default(),
        impersonator: String::new(),
    }
}

/// The relation as it is written down.
const fn relation(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Unspecified => "",
        RelationKind::Client => "client",
        RelationKind::Representative => "representative",
        RelationKind::Relative => "relative",
        RelationKind::ThirdParty => "third_party",
    }
}

/// EndSession: the caller's own. A repeat finds it ended, which is what was asked.
pub async fn end(state: &State, request: &Request<EndSessionRequest>) -> Result<EndSessionResponse, Error> {
    let ctx = Ctx::of(request)?;
    let session = ctx.session.ok_or_else(Failure::token_refused)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    if table::delete(&mut tx, session).await? {
        let event = SessionEnded { session_id: session.to_string(), account_id: ctx.actor.id.clone() };
        tx.emit(About::new(session.uuid(), 1), &event).await?;
    }
    tx.commit().await?;
    Ok(EndSessionResponse {})
}
