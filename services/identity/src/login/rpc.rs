//! The first step of a login, and where one stands.

use chassis::{
    Ctx,
    id::{AccountId, OrganisationId},
    secret::ScopedToken,
};
use proto::{
    event::v1::AccessOutcome,
    identity::v1::{
        ErrorReason, GetLoginRequest, GetLoginResponse, LoginProgress, StartLoginRequest, StartLoginResponse,
    },
};
use store::{Mode, Tx};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    LIFE, Login, State as LoginState, after_password,
    attempt::{Attempt, record_step},
    progress, table,
};
use crate::{
    account::{self, Account, is_one_time, normalise_username},
    code::{self, Purpose, Sending, To},
    device,
    error::Error,
    factor, organisation, password,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// What is known of who knocks before the password is judged.
#[expect(clippy::struct_excessive_bools, reason = "four answers to four questions")]
struct Knock {
    account: Option<Account>,
    /// What counts their failures.
    count: Count,
    /// No wait is on.
    may_try: bool,
    /// The password is the one that was sent.
    is_one_time: bool,
    known_device: bool,
    is_remembered: bool,
}

/// StartLogin: exactly one argon2 for everybody, whatever is wrong, and one and the same way to the database.
pub async fn start(
    state: &State,
    request: Request<StartLoginRequest>,
) -> Result<Response<StartLoginResponse>, Error> {
    let request = request.into_inner();
    // An organisation that is not there takes the same way as one that is.
    let organisation = request.organisation_id.parse().unwrap_or(OrganisationId(Uuid::nil()));
    let ctx = Ctx::of_service("identity", organisation, state.clock.now());
    let knock = knock(state, &ctx, &request).await?;
    let id = knock.account.as_ref().map_or(Uuid::nil(), |account| account.id.uuid());
    let input = password::peppered(&state.hash_key, id, &request.password);
    let stored = knock.account.as_ref().and_then(|account| account.password_hash.clone());
    let own = state.hasher.verify(input, stored).await?;
    let is_right = (own && knock.may_try) || knock.is_one_time;
    match &knock.account {
        Some(account) if is_right => {
            let begun = begin(state, &ctx, account, &knock, &request.address).await;
            if begun.is_err() {
                // What failed is not the password: it counts as right, though nothing else of this is kept.
                let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
                believe(state, &mut tx, account, &knock).await?;
                tx.commit().await?;
            }
            let progress = begun?;
            Ok(Response::new(StartLoginResponse { progress: Some(progress) }))
        }
        account => {
            let account = account.as_ref().map(|account| account.id);
            record_step(state, &ctx, account, "StartLogin", AccessOutcome::Denied).await?;
            Err(ErrorReason::LoginRefused.into())
        }
    }
}

/// Counts the try, by the typed name, before it is judged.
async fn knock(state: &State, ctx: &Ctx, request: &StartLoginRequest) -> Result<Knock, Error> {
    // A name that the database cannot hold is a name that is not there.
    let username = normalise_username(&request.username).replace('\0', "\u{fffd}");
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let account = account::table::find_by_username(&mut tx, &username).await?;
    let id = account.as_ref().map_or(AccountId(Uuid::nil()), |account| account.id);
    let device = device::table::find(&mut tx, &request.device_token, id).await?;
    let count = Count::of(&state.hash_key, Kind::of_device(device.is_some()), &username);
    let may_try = throttle::enter(&mut tx, &count, false).await?;
    tx.commit().await?;
    Ok(Knock {
        is_one_time: is_one_time(state, account.as_ref(), &request.password),
        account,
        count,
        may_try,
        known_device: device.is_some(),
        is_remembered: device.is_some_and(|device| device.remembered),
    })
}

/// The password was right: the try is no failure. A right temporary password passes a wait and lifts it (THR-01).
async fn believe(state: &State, tx: &mut Tx, account: &Account, knock: &Knock) -> Result<(), Error> {
    if knock.is_one_time {
        Ok(throttle::lift(tx, &throttle::failures(&state.hash_key, &account.username)).await?)
    } else {
        Ok(throttle::take_back(tx, &knock.count).await?)
    }
}

/// The password was right: the attempt begins.
async fn begin(
    state: &State,
    ctx: &Ctx,
    judged: &Account,
    knock: &Knock,
    address: &str,
) -> Result<LoginProgress, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    // What was judged may have been replaced while it was: then it was the former password.
    let there = account::table::lock(&mut tx, judged.id).await?.filter(|there| {
        let sent = |account: &Account| account.one_time.as_ref().map(|it| it.hash.clone());
        there.password_hash == judged.password_hash && (!knock.is_one_time || sent(there) == sent(judged))
    });
    // Nor is a code sent to where the person was reached then.
    let account = &there.ok_or(ErrorReason::LoginRefused)?;
    believe(state, &mut tx, account, knock).await?;
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let token = ScopedToken::generate(ctx.organisation);
    let mut login = Login {
        id: chassis::id::v7(ctx.now),
        account: account.id,
        state: LoginState::Ended,
        one_time: knock.is_one_time,
        known_device: knock.known_device,
        amr: vec!["pwd".to_owned()],
        device_name: String::new(),
        expires_at: ctx.now + LIFE,
    };
    match after_password(login_settings, knock.is_remembered, knock.is_one_time) {
        Ok(factor) => {
            login.amr = factor.amr.iter().map(|&it| it.to_owned()).collect();
            // Kept where it waits for a code, moved on from there at once.
            login.state = LoginState::DeviceCode;
            table::insert(&mut tx, &login, &token).await?;
            progress::go_on(state, tx, login, account, &settings, &token).await
        }
        Err(first) => {
            login.state = first;
            table::insert(&mut tx, &login, &token).await?;
            if first != LoginState::SendCode {
                let factor = factor::of(login_settings.second_factor());
                let purpose = if first == LoginState::DeviceCode { Purpose::Device } else { Purpose::Login };
                let to = To::of(account, factor.medium)?;
                let sending = Sending { id: login.id, purpose, to, ends_at: login.expires_at, address };
                code::send(state, &mut tx, &settings, account, sending).await?;
            }
            let progress = progress::of(&mut tx, &login, account, &settings, &token).await?;
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
    let attempt = Attempt::of(state, &request.get_ref().login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Read).await?;
    let login = attempt.find(&mut tx).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let progress = progress::of(&mut tx, &login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(GetLoginResponse { progress: Some(progress) }))
}
