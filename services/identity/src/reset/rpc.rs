//! Accepts requests for a new password, and sets a new password by a link.

use chassis::{
    Ctx,
    id::{AccountId, OrganisationId},
    secret::ScopedToken,
    typed,
};
use proto::identity::v1::{
    ErrorReason, FinishPasswordResetRequest, FinishPasswordResetResponse, GetPasswordResetRequest,
    GetPasswordResetResponse, StartPasswordResetRequest, StartPasswordResetResponse, StartResetRequest,
    StartResetResponse,
};
use store::Mode;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{due::send_reset, is_valid, table};
use crate::{
    account::{self, normalise_username},
    error::Error,
    login::attempt::acted_by,
    organisation, password,
    state::State,
    throttle::{self, Count, Kind, table as counts},
};

/// StartPasswordReset (T27, T30, V13). The work is the same whether the user name and the organisation exist
/// or not: the response time must not show which accounts exist.
pub async fn start(
    state: &State,
    request: Request<StartPasswordResetRequest>,
) -> Result<Response<StartPasswordResetResponse>, Error> {
    // A request for an unknown organisation is stored under the nil id; `session::Purge` deletes it unread.
    let organisation = request.get_ref().organisation_id.parse().unwrap_or(OrganisationId(Uuid::nil()));
    let ctx = Ctx::from_request(&request)?.within("identity", organisation);
    let request = request.into_inner();
    let short = |text: &str| -> String { text.chars().filter(|&c| c != '\0').take(300).collect() };
    let username = normalise_username(&short(&request.username));
    let email = typed::word(&short(&request.email));
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let asked = [
        Count::of(&state.hash_keys, Kind::ResetName, &username),
        Count::of(&state.hash_keys, Kind::ResetFrom, &request.address),
    ];
    // Beyond the limit per day the answer is the same, but the request is not stored.
    if counts::count_within_limit(&mut tx, &asked, state.limits).await? {
        table::insert(&mut tx, &username, &email).await?;
    }
    tx.commit().await?;
    state.wake.notify();
    Ok(Response::new(StartPasswordResetResponse {}))
}

/// GetPasswordReset: a link that is used, too old or made up is refused before the person chooses a password.
pub async fn get(
    state: &State,
    request: Request<GetPasswordResetRequest>,
) -> Result<Response<GetPasswordResetResponse>, Error> {
    let expired = ErrorReason::LinkExpired;
    let token = ScopedToken::parse(&request.get_ref().reset_token).ok_or(expired)?;
    let ctx = Ctx::from_request(&request)?.within("identity", token.organisation());
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let sent = table::find_by_link(&mut tx, &token).await?;
    acted_by(&ctx, sent.as_ref().map(|(id, _)| *id));
    let link = sent.map(|(_, link)| link);
    if !is_valid(link.as_ref(), &token.hash(), ctx.now) {
        return Err(expired.into());
    }
    Ok(Response::new(GetPasswordResetResponse {}))
}

/// FinishPasswordReset (V15–V16). It opens no session: a login still asks for the second factor (REC-03).
pub async fn finish(
    state: &State,
    request: Request<FinishPasswordResetRequest>,
) -> Result<Response<FinishPasswordResetResponse>, Error> {
    let expired = ErrorReason::LinkExpired;
    let token = ScopedToken::parse(&request.get_ref().reset_token).ok_or(expired)?;
    let ctx = Ctx::from_request(&request)?.within("identity", token.organisation());
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let (id, sent) = table::find_by_link(&mut tx, &token).await?.ok_or(expired)?;
    acted_by(&ctx, Some(id));
    let account = account::table::find(&mut tx, id).await?.ok_or(expired)?;
    drop(tx);
    if !is_valid(Some(&sent), &token.hash(), ctx.now) {
        return Err(expired.into());
    }
    if normalise_username(&request.username) != account.username {
        return Err(Error::field("username", ErrorReason::FieldMalformed));
    }
    password::judge(&request.new_password, "", &account, &settings)
        .map_err(|reason| Error::field("new_password", reason))?;
    let place = state.passwords.take_place(&id.to_string())?;
    let hash = state.passwords.hash(&place, id.uuid(), &request.new_password).await?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    // Another request may have used the link while the password was hashed: look the link up again.
    table::lock_by_link(&mut tx, &token).await?.ok_or(expired)?;
    password::replace(state, &mut tx, &account, &hash, None, true).await?;
    counts::clear(&mut tx, &throttle::table::failure_counts(&state.hash_keys, &account.username)).await?;
    tx.commit().await?;
    Ok(Response::new(FinishPasswordResetResponse {}))
}

/// StartReset. A system asks on behalf of a person, and never sees the sent password or link (ASVS 6.4.6).
pub async fn start_for_account(
    state: &State,
    request: Request<StartResetRequest>,
) -> Result<Response<StartResetResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.get_ref().account_id.parse().map_err(|_| unknown)?;
    ctx.concerns("account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::table::lock(&mut tx, id).await?.ok_or(unknown)?;
    send_reset(state, &mut tx, &account, &settings).await?;
    tx.commit().await?;
    Ok(Response::new(StartResetResponse {}))
}
