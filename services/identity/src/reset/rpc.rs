//! Asking for a new password, and setting it by a link.

use chassis::{
    Ctx,
    id::{AccountId, OrganisationId},
    secret::ScopedToken,
};
use proto::identity::v1::{
    ErrorReason, FinishPasswordResetRequest, FinishPasswordResetResponse, StartPasswordResetRequest,
    StartPasswordResetResponse, StartResetRequest, StartResetResponse,
};
use store::Mode;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{due::issue, is_good, table};
use crate::{
    account::{self, normalise_username},
    error::Error,
    organisation, password,
    state::State,
    throttle::{self, Count, Kind, table as counts},
};

/// StartPasswordReset (T27, T30, V13): the same work whoever asks, and whether there is such an organisation or not.
pub async fn start(
    state: &State,
    request: Request<StartPasswordResetRequest>,
) -> Result<Response<StartPasswordResetResponse>, Error> {
    let request = request.into_inner();
    // Requests to an organisation that is not there are taken away unread.
    let organisation = request.organisation_id.parse().unwrap_or(OrganisationId(Uuid::nil()));
    let ctx = Ctx::of_service("identity", organisation, state.clock.now());
    let short = |text: &str| -> String { text.trim().chars().filter(|&c| c != '\0').take(300).collect() };
    let username = normalise_username(&short(&request.username));
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let asked = [
        Count::of(&state.hash_key, Kind::ResetName, &username),
        Count::of(&state.hash_key, Kind::ResetFrom, &request.address),
    ];
    // Beyond the day's limit the answer is the same, and nothing is sent.
    if counts::count(&mut tx, &asked, state.limits).await? {
        table::insert(&mut tx, &username, &short(&request.email)).await?;
    }
    tx.commit().await?;
    state.wake.notify_one();
    Ok(Response::new(StartPasswordResetResponse {}))
}

/// FinishPasswordReset (V15–V16). Nobody is logged in by it: logging in asks for the second factor (REC-03).
pub async fn finish(
    state: &State,
    request: Request<FinishPasswordResetRequest>,
) -> Result<Response<FinishPasswordResetResponse>, Error> {
    let request = request.into_inner();
    let expired = ErrorReason::LinkExpired;
    let token = ScopedToken::parse(&request.reset_token).ok_or(expired)?;
    let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let (id, sent) = table::lock_by_link(&mut tx, &token).await?.ok_or(expired)?;
    let account = account::table::find(&mut tx, id).await?.ok_or(expired)?;
    drop(tx);
    if !is_good(Some(&sent), &token.hash(), ctx.now) {
        return Err(expired.into());
    }
    if normalise_username(&request.username) != account.username {
        return Err(Error::field("username", ErrorReason::FieldMalformed));
    }
    password::judge(&request.new_password, "", &account, &settings)
        .map_err(|reason| Error::field("new_password", reason))?;
    let input = password::peppered(&state.hash_key, id.uuid(), &request.new_password);
    let hash = state.hasher.hash(input).await?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    // Used by somebody else meanwhile: then it is good no more.
    table::lock_by_link(&mut tx, &token).await?.ok_or(expired)?;
    password::replace(state, &mut tx, &account, &hash, None, true).await?;
    counts::lift(&mut tx, &throttle::table::failures(&state.hash_key, &account.username)).await?;
    tx.commit().await?;
    Ok(Response::new(FinishPasswordResetResponse {}))
}

/// StartReset: a system asks on behalf of the person, and never sees what is sent (ASVS 6.4.6).
pub async fn start_for(
    state: &State,
    request: Request<StartResetRequest>,
) -> Result<Response<StartResetResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.get_ref().account_id.parse().map_err(|_| unknown)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::table::lock(&mut tx, id).await?.ok_or(unknown)?;
    issue(state, &mut tx, &account, &settings).await?;
    tx.commit().await?;
    Ok(Response::new(StartResetResponse {}))
}
