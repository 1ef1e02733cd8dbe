//! A staff system looks along in an account's name (R60): by a link of five minutes, for 30 minutes, with its name on every
//! page and in every audit record. What may not be done so stands in the access rules.

use chassis::{
    Ctx,
    fields::Fields,
    id::{AccountId, SessionId},
    secret::ScopedToken,
};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use proto::{
    access::v1::Level,
    event::v1::AccessOutcome,
    identity::v1::{
        ErrorReason, OpenImpersonationRequest, OpenImpersonationResponse, StartImpersonationRequest,
        StartImpersonationResponse,
    },
};
use store::{Mode, StoreError, Tx};
use tonic::{Request, Response};

use crate::{
    State, account,
    error::Error,
    login::rpc::write_down,
    organisation,
    session::{self, Session},
};

/// How long the link is good.
const LINK: SignedDuration = SignedDuration::from_mins(5);
/// How long the session lasts.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// StartImpersonation.
pub async fn start(
    state: &State,
    request: Request<StartImpersonationRequest>,
) -> Result<Response<StartImpersonationResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let request = request.into_inner();
    let mut fields = Fields::new("");
    fields.text("impersonator", &request.impersonator, 200);
    let faults = fields.faults();
    if !faults.is_empty() {
        return Err(Error::Fields(faults));
    }
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.account_id.parse().map_err(|_| unknown)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::rpc::settings(&mut tx).await?;
    let account = account::store::find(&mut tx, id).await?.ok_or(unknown)?;
    let token = ScopedToken::generate(ctx.organisation);
    sqlx::query!(
        "INSERT INTO impersonation (organisation_id, id, account_id, token_hash, impersonator, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        ctx.organisation.uuid(),
        chassis::id::v7(ctx.now),
        account.id.uuid(),
        token.hash(),
        request.impersonator.trim(),
        (ctx.now + LINK).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    let url = format!("{}/impersonate/{}", settings.base_url, token.expose());
    Ok(Response::new(StartImpersonationResponse { url }))
}

/// Links that nobody opened yet are good no more.
///
/// # Errors
/// When the database is away.
pub async fn forget(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM impersonation WHERE organisation_id = $1 AND account_id = $2",
        organisation,
        account.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// OpenImpersonation: the link is used up.
pub async fn open(
    state: &State,
    request: Request<OpenImpersonationRequest>,
) -> Result<Response<OpenImpersonationResponse>, Error> {
    let expired = ErrorReason::LinkExpired;
    let token = ScopedToken::parse(&request.get_ref().impersonation_token).ok_or(expired)?;
    let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let row = sqlx::query!(
        "DELETE FROM impersonation WHERE organisation_id = $1 AND token_hash = $2 AND expires_at > $3
         RETURNING account_id, impersonator",
        ctx.organisation.uuid(),
        token.hash(),
        ctx.now.to_sqlx() as _,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(expired)?;
    let session = Session {
        id: SessionId::new(ctx.now),
        account: AccountId(row.account_id),
        level: Level::Low,
        started_at: ctx.now,
        seen_at: ctx.now,
        ends_at: ctx.now + LIFE,
        chosen_client: None,
        impersonator: row.impersonator,
        device_name: String::new(),
        last_login_at: None,
    };
    let token = ScopedToken::generate(ctx.organisation);
    session::store::insert(&mut tx, &session, &token, &[]).await?;
    tx.commit().await?;
    let mut by = ctx.clone();
    by.person.impersonator.clone_from(&session.impersonator);
    write_down(state, &by, Some(session.account), "OpenImpersonation", AccessOutcome::Answered).await?;
    Ok(Response::new(OpenImpersonationResponse { session_token: token.expose().to_owned() }))
}
