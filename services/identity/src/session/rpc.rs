//! Opening, resolving, listing and ending sessions.

use chassis::{
    Ctx, Failure,
    id::{AccountId, SessionId},
    secret::ScopedToken,
    token::{AccountCaller, Caller},
};
use jiff::SignedDuration;
use proto::identity::v1::{
    EndOtherSessionsRequest, EndOtherSessionsResponse, EndSessionRequest, EndSessionResponse, ErrorReason,
    ListSessionsRequest, ListSessionsResponse, OrganisationSettings, RelationKind, ResolveSessionRequest,
    ResolveSessionResponse, SessionEnded, SessionSummary,
};
use store::{About, Mode, Tx, event::timestamp};
use tonic::{Request, Response};

use super::{Session, store as table};
use crate::{
    State,
    account::{self, rpc::own_id},
    error::Error,
    grant::{self, AccessGrant},
    login::Login,
    organisation,
};

/// How old `seen_at` may be before it is written again: a page need not cost a write.
const TOUCH: SignedDuration = SignedDuration::from_secs(30);

/// Opens a session at the end of a login; gives its token.
///
/// # Errors
/// When the database is away.
pub async fn open(tx: &mut Tx, login: &Login, settings: &OrganisationSettings) -> Result<String, Error> {
    let now = tx.ctx().now;
    let absolute = settings.session.unwrap_or_default().absolute_seconds;
    let session = Session {
        id: SessionId::new(now),
        account: login.account,
        level: login.level(),
        started_at: now,
        seen_at: now,
        ends_at: now + SignedDuration::from_secs(i64::from(absolute)),
        chosen_client: None,
        impersonator: String::new(),
        device_name: login.device_name.clone(),
        last_login_at: account::store::touch_login(tx, login.account).await?,
    };
    let token = ScopedToken::generate(tx.ctx().organisation);
    table::insert(tx, &session, &token, &login.amr).await?;
    Ok(token.expose().to_owned())
}

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
    let organisation = organisation::rpc::settings(&mut tx).await?;
    let settings = organisation.session.unwrap_or_default();
    if session.is_over(settings, ctx.now) {
        return Err(ended.into());
    }
    let account = account::store::find(&mut tx, session.account).await?.ok_or(ended)?;
    let current = grant::store::list_current(&mut tx, account.id).await?;
    drop(tx);
    if !request.passive && session.seen_at + TOUCH <= ctx.now {
        let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
        table::touch(&mut tx, session.id).await?;
        tx.commit().await?;
        session.seen_at = ctx.now;
    }
    let clients = i32::try_from(current.len()).unwrap_or(i32::MAX);
    let grant = session.grant(current);
    let step_up = grant::step_up(&organisation, session.level);
    let caller = caller(&ctx, &session, &account.display_name, grant.as_ref(), step_up);
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
        idle_until: Some(timestamp(session.idle_until(settings))),
        ends_at: Some(timestamp(session.ends_at)),
        language: account.language,
        clients,
        impersonator: session.impersonator,
        last_login_at: session.last_login_at.map(timestamp),
        text_size: account.text_size,
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
        name: name.to_owned(),
        relation: grant.map(|grant| relation(grant.relation)).unwrap_or_default().to_owned(),
        ground: grant.map(|grant| grant.ground.clone()).unwrap_or_default(),
        impersonator: session.impersonator.clone(),
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

/// ListSessions.
pub async fn list(
    state: &State,
    request: Request<ListSessionsRequest>,
) -> Result<Response<ListSessionsResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let settings = organisation::rpc::settings(&mut tx).await?.session.unwrap_or_default();
    let sessions = table::list(&mut tx, own_id(&ctx)?).await?;
    let sessions = sessions.into_iter().filter(|session| !session.is_over(settings, ctx.now));
    let sessions = sessions.map(|session| SessionSummary {
        is_this: Some(session.id) == ctx.session,
        session_id: session.id.to_string(),
        started_at: Some(timestamp(session.started_at)),
        seen_at: Some(timestamp(session.seen_at)),
        impersonator: session.impersonator,
        device_name: session.device_name,
    });
    Ok(Response::new(ListSessionsResponse { sessions: sessions.collect() }))
}

/// EndSession: the caller's own, or another of the same account. A repeat finds it ended, which is what was asked.
pub async fn end(
    state: &State,
    request: Request<EndSessionRequest>,
) -> Result<Response<EndSessionResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let own = ctx.session.ok_or_else(Failure::token_refused)?;
    let session = match request.get_ref().session_id.as_str() {
        "" => own,
        other => other.parse().map_err(|_| ErrorReason::SessionEnded)?,
    };
    if session != own && !ctx.person.impersonator.is_empty() {
        return Err(Failure::impersonation_refused().into());
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    end_one(&mut tx, own_id(&ctx)?, session).await?;
    tx.commit().await?;
    Ok(Response::new(EndSessionResponse {}))
}

/// EndOtherSessions.
pub async fn end_others(
    state: &State,
    request: Request<EndOtherSessionsRequest>,
) -> Result<Response<EndOtherSessionsResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    end_all(&mut tx, own_id(&ctx)?, ctx.session).await?;
    tx.commit().await?;
    Ok(Response::new(EndOtherSessionsResponse {}))
}

/// Ends all sessions of an account but one.
///
/// # Errors
/// When the database is away.
pub async fn end_all(tx: &mut Tx, account: AccountId, but: Option<SessionId>) -> Result<(), Error> {
    for session in table::list(tx, account).await? {
        if Some(session.id) != but {
            end_one(tx, account, session.id).await?;
        }
    }
    Ok(())
}

async fn end_one(tx: &mut Tx, account: AccountId, session: SessionId) -> Result<(), Error> {
    if table::delete(tx, account, session).await? {
        let event = SessionEnded { session_id: session.to_string(), account_id: account.to_string() };
        tx.emit(About::new(session.uuid(), 1), &event).await?;
    }
    Ok(())
}
