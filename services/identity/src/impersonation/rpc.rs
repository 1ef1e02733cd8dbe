//! A staff system asks for a link to an account's portal; a member of staff opens the link.

use chassis::{
    Ctx,
    fields::Fields,
    id::{AccountId, SessionId},
    person::Person,
    secret::ScopedToken,
    typed,
};
use proto::{
    access::v1::Level,
    event::v1::ActorKind,
    identity::v1::{
        ErrorReason, OpenImpersonationRequest, OpenImpersonationResponse, StartImpersonationRequest,
        StartImpersonationResponse,
    },
};
use store::Mode;
use tonic::{Request, Response};

use super::{SESSION_LIFE, table};
use crate::{
    account,
    error::Error,
    organisation,
    session::{self, Session},
    state::State,
};

/// StartImpersonation: returns the link.
pub async fn start(
    state: &State,
    request: Request<StartImpersonationRequest>,
) -> Result<Response<StartImpersonationResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let mut fields = Fields::new("");
    fields.text("impersonator", &request.impersonator, 200);
    let faults = fields.faults();
    if !faults.is_empty() {
        return Err(Error::Fields(faults));
    }
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.account_id.parse().map_err(|_| unknown)?;
    ctx.concerns("account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::table::find(&mut tx, id).await?.ok_or(unknown)?;
    let token = ScopedToken::generate(ctx.organisation);
    table::insert(&mut tx, account.id, &token, &typed::name(&request.impersonator)).await?;
    tx.commit().await?;
    let url = format!("{}/impersonate/{}", settings.base_url, token.expose());
    Ok(Response::new(StartImpersonationResponse { url }))
}

/// OpenImpersonation: starts the session; the link works only once.
pub async fn open(
    state: &State,
    request: Request<OpenImpersonationRequest>,
) -> Result<Response<OpenImpersonationResponse>, Error> {
    let expired = ErrorReason::LinkExpired;
    let token = ScopedToken::parse(&request.get_ref().impersonation_token).ok_or(expired)?;
    let ctx = Ctx::from_request(&request)?.within("identity", token.organisation());
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let (account, impersonator) = table::consume(&mut tx, &token).await?.ok_or(expired)?;
    let session = Session {
        id: SessionId::new(ctx.now),
        account,
        level: Level::Low,
        started_at: ctx.now,
        seen_at: ctx.now,
        ends_at: ctx.now + SESSION_LIFE,
        chosen_client: None,
        impersonator,
        device_name: String::new(),
        last_login_at: None,
    };
    let token = ScopedToken::generate(ctx.organisation);
    session::table::insert(&mut tx, &session, &token, &[]).await?;
    let person = Person { impersonator: session.impersonator.clone(), ..ctx.person.clone() };
    ctx.acted_by(ActorKind::Account, session.account, person);
    ctx.concerns("session", session.id);
    tx.commit().await?;
    Ok(Response::new(OpenImpersonationResponse { session_token: token.expose().to_owned() }))
}
