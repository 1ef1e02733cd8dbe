//! The person's own account, and the accounts that a system of the organisation lists or unlocks.

use chassis::{
    Ctx,
    id::{AccountId, ClientId, SessionId},
    time,
};
use proto::identity::v1::{
    AccountSummary, ChangePasswordRequest, ChangePasswordResponse, ErrorReason, GetAccountRequest,
    GetAccountResponse, ListAccountsRequest, ListAccountsResponse, SetPreferencesRequest,
    SetPreferencesResponse, UnlockAccountRequest, UnlockAccountResponse,
};
use store::Mode;
use tonic::{Request, Response};

use super::{find_own, own_id, table};
use crate::{
    code,
    error::Error,
    login::progress,
    organisation, password,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// GetAccount.
pub async fn get(
    state: &State,
    request: Request<GetAccountRequest>,
) -> Result<Response<GetAccountResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = find_own(&mut tx).await?;
    Ok(Response::new(GetAccountResponse {
        password_until: progress::password_until(&account, &settings).map(time::to_proto),
        username: account.username,
        display_name: account.display_name,
        email: account.email,
        phone: account.phone,
        language: account.language,
        text_size: account.text_size,
        legal_entity: account.legal_entity,
    }))
}

/// ChangePassword: the current password is required although the person is logged in (T87). Wrong guesses
/// count as failed logins.
pub async fn change_password(
    state: &State,
    request: Request<ChangePasswordRequest>,
) -> Result<Response<ChangePasswordResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = find_own(&mut tx).await?;
    password::judge(&request.new_password, &request.current_password, &account, &settings)
        .map_err(|reason| Error::field("new_password", reason))?;
    let id = account.id.uuid();
    let place = state.passwords.take_place(&id.to_string())?;
    let count = Count::of(&state.hash_keys, Kind::KnownDevice, &account.username);
    let may_try = throttle::count_try(&mut tx, &count, false).await?;
    tx.commit().await?;
    let stored = account.password_hash.as_deref();
    let is_current = state.passwords.verify(&place, id, &request.current_password, stored).await?;
    if !is_current || !may_try {
        ctx.deny();
        return Err(Error::field("current_password", ErrorReason::CurrentPasswordWrong));
    }
    let hash = state.passwords.hash(&place, id, &request.new_password).await?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    password::replace(state, &mut tx, &account, &hash, ctx.session.map(SessionId::uuid), false).await?;
    throttle::clear(&mut tx, &[count]).await?;
    tx.commit().await?;
    Ok(Response::new(ChangePasswordResponse {}))
}

/// SetPreferences.
pub async fn set_preferences(
    state: &State,
    request: Request<SetPreferencesRequest>,
) -> Result<Response<SetPreferencesResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    for (name, value, known) in [
        ("language", &request.language, ["nl", "en"].as_slice()),
        ("text_size", &request.text_size, &["normal", "large", "largest"]),
    ] {
        if !known.contains(&value.as_str()) {
            return Err(Error::field(name, ErrorReason::FieldMalformed));
        }
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    table::set_preferences(&mut tx, own_id(&ctx)?, &request.language, &request.text_size).await?;
    tx.commit().await?;
    Ok(Response::new(SetPreferencesResponse {}))
}

/// ListAccounts.
pub async fn list(
    state: &State,
    request: Request<ListAccountsRequest>,
) -> Result<Response<ListAccountsResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let client: ClientId =
        request.get_ref().client_id.parse().map_err(|_| Error::from(ErrorReason::ClientUnknown))?;
    ctx.concerns_client(client);
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let accounts = table::list(&mut tx, client).await?;
    let accounts = accounts.into_iter().map(|account| AccountSummary {
        account_id: account.account.to_string(),
        username: account.username,
        display_name: account.display_name,
        relation: account.relation,
        valid_from: Some(time::to_proto(account.valid_from)),
        valid_until: account.valid_until.map(time::to_proto),
        has_logged_in: account.has_password,
    });
    Ok(Response::new(ListAccountsResponse { accounts: accounts.collect() }))
}

/// UnlockAccount: lifts the limits after failed logins, sent codes and requests for a new password.
pub async fn unlock(
    state: &State,
    request: Request<UnlockAccountRequest>,
) -> Result<Response<UnlockAccountResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.get_ref().account_id.parse().map_err(|_| unknown)?;
    ctx.concerns("account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let account = table::find(&mut tx, id).await?.ok_or(unknown)?;
    throttle::clear(&mut tx, &throttle::failure_counts(&state.hash_keys, &account.username)).await?;
    throttle::clear(&mut tx, &code::account_counts(&state.hash_keys, &account)).await?;
    throttle::clear(&mut tx, &[Count::of(&state.hash_keys, Kind::ResetName, &account.username)]).await?;
    tx.commit().await?;
    Ok(Response::new(UnlockAccountResponse {}))
}
