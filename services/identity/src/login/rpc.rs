//! StartLogin, the first step of a login, and GetLogin, which reads its progress.

use chassis::{
    Ctx,
    id::{AccountId, OrganisationId},
    network,
    secret::ScopedToken,
};
use proto::identity::v1::{
    ErrorReason, GetLoginRequest, GetLoginResponse, LoginProgress, StartLoginRequest, StartLoginResponse,
};
use store::{Mode, Tx};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    LIFE, Login, State as LoginState, after_password,
    attempt::{Attempt, acted_by},
    progress, table,
};
use crate::{
    account::{self, Account, is_one_time_password, normalise_username},
    code::{self, Destination, Purpose, Sending},
    device,
    error::Error,
    factor, organisation,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// What is known about a StartLogin request before its password is judged.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
struct TriedLogin {
    account: Option<Account>,
    /// The count of failed logins for this user name, kept apart for browsers that the account knows and for
    /// browsers that the account does not know.
    count: Count,
    /// No wait after earlier failures blocks this try.
    may_try: bool,
    /// The typed password is the sent (welcome or temporary) password.
    is_one_time: bool,
    known_device: bool,
    is_remembered: bool,
    /// The typed password, hashed anew because its stored hash is outdated (PW-05).
    renewed_hash: Option<String>,
}

/// StartLogin. Every call costs exactly one argon2 hash and the same queries, whatever is wrong: the response
/// time must not show which accounts exist.
pub async fn start(
    state: &State,
    request: Request<StartLoginRequest>,
) -> Result<Response<StartLoginResponse>, Error> {
    // An unknown organisation becomes the nil id, and takes the same path as a known one.
    let organisation = request.get_ref().organisation_id.parse().unwrap_or(OrganisationId(Uuid::nil()));
    let ctx = Ctx::from_request(&request)?.within("identity", organisation);
    let request = request.into_inner();
    let visitor = request.address.parse().map(network::of_visitor).map(|network| network.to_string());
    let place = state.passwords.take_place(&visitor.unwrap_or_default())?;
    let mut tried = count_try(state, &ctx, &request).await?;
    let id = tried.account.as_ref().map_or(Uuid::nil(), |account| account.id.uuid());
    let stored = tried.account.as_ref().and_then(|account| account.password_hash.as_deref());
    let is_own_right = state.passwords.verify(&place, id, &request.password, stored).await?;
    if is_own_right && tried.may_try && stored.is_some_and(|stored| state.passwords.is_outdated(stored)) {
        // A hash that fails must not refuse the login: the next login renews the hash.
        tried.renewed_hash = state.passwords.hash(&place, id, &request.password).await.ok();
    }
    drop(place);
    let is_right = (is_own_right && tried.may_try) || tried.is_one_time;
    match &tried.account {
        Some(account) if is_right => {
            let created = create_login(state, &ctx, account, &tried, &request.address).await;
            if created.is_err() {
                // The password was right and a later step failed: take the counted try back.
                let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
                take_back_failure(state, &mut tx, account, &tried).await?;
                tx.commit().await?;
            }
            let progress = created?;
            Ok(Response::new(StartLoginResponse { progress: Some(progress) }))
        }
        _ => {
            ctx.deny();
            Err(ErrorReason::LoginRefused.into())
        }
    }
}

/// Counts the try for the typed user name, before the password is judged.
async fn count_try(state: &State, ctx: &Ctx, request: &StartLoginRequest) -> Result<TriedLogin, Error> {
    // Postgres cannot store NUL in text: replace NUL, so that such a name is an unknown name.
    let username = normalise_username(&request.username).replace('\0', "\u{fffd}");
    let mut tx = state.db.in_organisation(ctx, Mode::Count).await?;
    let account = account::table::find_by_username(&mut tx, &username).await?;
    acted_by(ctx, account.as_ref().map(|account| account.id));
    let id = account.as_ref().map_or(AccountId(Uuid::nil()), |account| account.id);
    let device = device::table::find(&mut tx, &request.device_token, id).await?;
    let count = Count::of(&state.hash_keys, Kind::of_device(device.is_some()), &username);
    let may_try = throttle::count_try(&mut tx, &count, false).await?;
    tx.commit().await?;
    Ok(TriedLogin {
        is_one_time: is_one_time_password(state, account.as_ref(), &request.password),
        account,
        count,
        may_try,
        known_device: device.is_some(),
        is_remembered: device.is_some_and(|device| device.remembered),
        renewed_hash: None,
    })
}

/// Takes the counted failure back, because the password was right. A right sent password is accepted during a
/// wait, and ends the wait (THR-01).
async fn take_back_failure(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    tried: &TriedLogin,
) -> Result<(), Error> {
    if tried.is_one_time {
        Ok(throttle::clear(tx, &throttle::failure_counts(&state.hash_keys, &account.username)).await?)
    } else {
        Ok(throttle::take_back_try(tx, &tried.count).await?)
    }
}

/// Creates the login after the right password, and sends its code if the login needs one at once.
async fn create_login(
    state: &State,
    ctx: &Ctx,
    checked: &Account,
    tried: &TriedLogin,
    address: &str,
) -> Result<LoginProgress, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    // If the password was replaced while argon2 ran, the typed password is the old one: refuse the login.
    let unchanged = account::table::lock(&mut tx, checked.id).await?.filter(|current| {
        let sent_hash = |account: &Account| account.one_time.as_ref().map(|sent| sent.hash.clone());
        current.password_version == checked.password_version
            && (!tried.is_one_time || sent_hash(current) == sent_hash(checked))
    });
    // Use the locked row from here: a code must not go to an address that was replaced meanwhile.
    let account = &unchanged.ok_or(ErrorReason::LoginRefused)?;
    take_back_failure(state, &mut tx, account, tried).await?;
    if let Some(hash) = &tried.renewed_hash {
        account::table::renew_password_hash(&mut tx, account, hash).await?;
    }
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let token = ScopedToken::generate(ctx.organisation);
    let mut login = Login {
        id: chassis::id::v7(ctx.now),
        account: account.id,
        state: LoginState::Ended,
        one_time: tried.is_one_time,
        known_device: tried.known_device,
        amr: vec!["pwd".to_owned()],
        device_name: String::new(),
        expires_at: ctx.now + LIFE,
    };
    match after_password(login_settings, tried.is_remembered, tried.is_one_time) {
        Ok(factor) => {
            login.amr = factor.amr.iter().map(|&it| it.to_owned()).collect();
            // Insert it in state DeviceCode; `progress::advance` moves the login on in this transaction.
            login.state = LoginState::DeviceCode;
            table::insert(&mut tx, &login, &token).await?;
            progress::advance(state, tx, login, account, &settings, &token).await
        }
        Err(first) => {
            login.state = first;
            table::insert(&mut tx, &login, &token).await?;
            if first != LoginState::SendCode {
                let factor = factor::from_setting(login_settings.second_factor());
                let purpose = if first == LoginState::DeviceCode { Purpose::Device } else { Purpose::Login };
                let to = Destination::of(account, factor.medium)?;
                let sending = Sending { id: login.id, purpose, to, ends_at: login.expires_at, address };
                code::send(state, &mut tx, &settings, account, sending).await?;
            }
            let progress = progress::describe(&mut tx, &login, account, &settings, &token).await?;
            tx.commit().await?;
            Ok(progress)
        }
    }
}

/// GetLogin.
pub async fn get(
    state: &State,
    request: Request<GetLoginRequest>,
) -> Result<Response<GetLoginResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Read).await?;
    let login = attempt.find(&mut tx).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let progress = progress::describe(&mut tx, &login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(GetLoginResponse { progress: Some(progress) }))
}
