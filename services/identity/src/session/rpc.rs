//! Resolves, lists and ends sessions.

use chassis::{
    Ctx, Failure,
    secret::ScopedToken,
    time,
    token::{AccountCaller, Caller},
};
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::{
    EndOtherSessionsRequest, EndOtherSessionsResponse, EndSessionRequest, EndSessionResponse, ErrorReason,
    ListSessionsRequest, ListSessionsResponse, RelationKind, ResolveSessionRequest, ResolveSessionResponse,
    SessionSummary,
};
use store::Mode;
use tonic::{Request, Response};

use super::{Session, end as end_session, end_all, table};
use crate::{
    account::{self, own_id},
    error::Error,
    grant::{self, AccessGrant},
    organisation,
    state::State,
};

/// How old `seen_at` may be before it is written again: not every page should cost a write.
const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// ResolveSession.
pub async fn resolve(
    state: &State,
    request: Request<ResolveSessionRequest>,
) -> Result<Response<ResolveSessionResponse>, Error> {
    let request = request.into_inner();
    let ended = ErrorReason::SessionEnded;
    let token = ScopedToken::parse(&request.session_token).ok_or(ended)?;
    let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let mut session = table::find(&mut tx, &token).await?.ok_or(ended)?;
    let organisation = organisation::settings(&mut tx).await?;
    let settings = organisation.session.unwrap_or_default();
    if session.is_over(settings, ctx.now) {
        return Err(ended.into());
    }
    let account = account::table::find(&mut tx, session.account).await?.ok_or(ended)?;
    let current = grant::table::list_current(&mut tx, account.id).await?;
    drop(tx);
    if !request.passive && session.seen_at + TOUCH_INTERVAL <= ctx.now {
        let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
        table::touch(&mut tx, session.id).await?;
        tx.commit().await?;
        session.seen_at = ctx.now;
    }
    let clients = i32::try_from(current.len()).unwrap_or(i32::MAX);
    let grant = session.grant(current);
    let step_up = grant::sections_needing_step_up(&organisation, session.level);
    let from_access = organisation.accounts.is_some_and(|accounts| accounts.history_from_access);
    let since = grant.as_ref().filter(|_| from_access).map(AccessGrant::first_moment);
    let caller = AccountCaller {
        since: since.map(Timestamp::as_second),
        ..caller(&ctx, &session, &account.display_name, grant.as_ref(), step_up)
    };
    Ok(Response::new(ResolveSessionResponse {
        token: state.signer.sign(&Caller::Account(caller.clone()), ctx.now)?,
        session_id: session.id.to_string(),
        organisation_id: ctx.organisation.to_string(),
        account_id: account.id.to_string(),
        display_name: account.display_name,
        username: account.username,
        client_id: caller.client.map(|client| client.to_string()).unwrap_or_default(),
        client_name: grant.as_ref().map(|grant| grant.client_name.clone()).unwrap_or_default(),
        is_client: grant.is_some_and(|grant| grant.relation == RelationKind::Client),
        grants: grant::to_grants(&caller.grants),
        level: session.level.into(),
        idle_until: Some(time::to_proto(session.idle_until(settings))),
        ends_at: Some(time::to_proto(session.ends_at)),
        language: account.language,
        clients,
        impersonator: session.impersonator,
        last_login_at: session.last_login_at.map(time::to_proto),
        text_size: account.text_size,
        history_since: since.map(time::to_proto),
    }))
}

fn caller(
    ctx: &Ctx,
    session: &Session,
    name: &str,
    grant: Option<&AccessGrant>,
    step_up: Vec<i32>,
) -> AccountCaller {
    AccountCaller {
        organisation: ctx.organisation,
        account: session.account,
        session: session.id,
        client: grant.map(|grant| grant.client),
        grants: grant.map(|grant| grant.sections.clone()).unwrap_or_default(),
        level: session.level.into(),
        step_up,
        since: None,
        name: name.to_owned(),
        relation: grant.map(|grant| relation(grant.relation)).unwrap_or_default().to_owned(),
        ground: grant.map(|grant| grant.ground.clone()).unwrap_or_default(),
        impersonator: session.impersonator.clone(),
    }
}

/// The relation as text, for the token and the audit trail.
const fn relation(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Unspecified => "",
        RelationKind::Client => "client",
        RelationKind::Representative => "representative",
        RelationKind::Relative => "relative",
        RelationKind::ThirdParty => "third_party",
    }
}

/// ListSessions.
pub async fn list(
    state: &State,
    request: Request<ListSessionsRequest>,
) -> Result<Response<ListSessionsResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let settings = organisation::settings(&mut tx).await?.session.unwrap_or_default();
    let sessions = table::list(&mut tx, own_id(&ctx)?).await?;
    let sessions = sessions.into_iter().filter(|session| !session.is_over(settings, ctx.now));
    let sessions = sessions.map(|session| SessionSummary {
        is_this: Some(session.id) == ctx.session,
        session_id: session.id.to_string(),
        started_at: Some(time::to_proto(session.started_at)),
        seen_at: Some(time::to_proto(session.seen_at)),
        impersonator: session.impersonator,
        device_name: session.device_name,
    });
    Ok(Response::new(ListSessionsResponse { sessions: sessions.collect() }))
}

/// EndSession: ends the caller's own session, or another of the same account. An ended session is no error.
pub async fn end(
    state: &State,
    request: Request<EndSessionRequest>,
) -> Result<Response<EndSessionResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let own = ctx.session.ok_or_else(Failure::token_refused)?;
    let session = match request.get_ref().session_id.as_str() {
        "" => own,
        other => other.parse().map_err(|_| ErrorReason::SessionEnded)?,
    };
    if session != own && !ctx.person.impersonator.is_empty() {
        return Err(Failure::impersonation_refused().into());
    }
    ctx.concerns("session", session);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    end_session(&mut tx, own_id(&ctx)?, session).await?;
    tx.commit().await?;
    Ok(Response::new(EndSessionResponse {}))
}

/// EndOtherSessions.
pub async fn end_others(
    state: &State,
    request: Request<EndOtherSessionsRequest>,
) -> Result<Response<EndOtherSessionsResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    end_all(&mut tx, own_id(&ctx)?, ctx.session).await?;
    tx.commit().await?;
    Ok(Response::new(EndOtherSessionsResponse {}))
}
