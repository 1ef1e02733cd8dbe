//! The second step of a login: a code that is asked for, sent again, and checked.

use chassis::{Ctx, secret};
use proto::{
    event::v1::AccessOutcome,
    identity::v1::{
        ErrorReason, LoginProgress, ResendCodeRequest, ResendCodeResponse, SendCodeRequest, SendCodeResponse,
        VerifyCodeRequest, VerifyCodeResponse,
    },
};
use store::Mode;
use tonic::{Request, Response};

use super::{
    Login, State as LoginState,
    attempt::{Attempt, record_step},
    progress, table,
};
use crate::{
    account::{self, Account, normalise_phone},
    code::{self, Purpose, Sending, To, Verdict, judge, normalise},
    error::Error,
    factor, organisation,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// SendCode (P27, R13): a number that is not the registered one looks like it, and what is sent goes to nobody.
pub async fn send(
    state: &State,
    request: Request<SendCodeRequest>,
) -> Result<Response<SendCodeResponse>, Error> {
    let request = request.into_inner();
    let attempt = Attempt::of(state, &request.login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let mut login = attempt.find_at(&mut tx, LoginState::SendCode).await?;
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let mut to = To::of(&account, factor::of(login_settings.second_factor()).medium)?;
    if login_settings.ask_number {
        let typed = normalise_phone(&request.phone)
            .ok_or_else(|| Error::field("phone", ErrorReason::PhoneMalformed))?;
        let is_own =
            secret::same(&secret::sha256(&[typed.as_bytes()]), &secret::sha256(&[account.phone.as_bytes()]));
        if !is_own {
            to = To::Nowhere;
        }
    }
    let sending = Sending {
        id: login.id,
        purpose: Purpose::Login,
        to,
        ends_at: login.expires_at,
        address: &request.address,
    };
    code::send(state, &mut tx, &settings, &account, sending).await?;
    let token = secret::ScopedToken::generate(attempt.ctx.organisation);
    if !table::advance(&mut tx, &login, LoginState::Code, &attempt.token, &token).await? {
        return Err(ErrorReason::LoginEnded.into());
    }
    login.state = LoginState::Code;
    let progress = progress::of(&mut tx, &login, &account, &settings, &token).await?;
    tx.commit().await?;
    Ok(Response::new(SendCodeResponse { progress: Some(progress) }))
}

/// ResendCode (T18). Where the person typed the number, they type it again: a new code goes only there.
pub async fn resend(
    state: &State,
    request: Request<ResendCodeRequest>,
) -> Result<Response<ResendCodeResponse>, Error> {
    let request = request.into_inner();
    let attempt = Attempt::of(state, &request.login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let mut login = attempt.find(&mut tx).await?;
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let purpose = match login.state {
        LoginState::Code if login_settings.ask_number => return back(tx, &attempt, &mut login).await,
        LoginState::Code => Purpose::Login,
        LoginState::DeviceCode => Purpose::Device,
        _ => return Err(ErrorReason::LoginEnded.into()),
    };
    let to = To::of(&account, factor::of(login_settings.second_factor()).medium)?;
    let sending = Sending { id: login.id, purpose, to, ends_at: login.expires_at, address: &request.address };
    code::send(state, &mut tx, &settings, &account, sending).await?;
    let progress = progress::of(&mut tx, &login, &account, &settings, &attempt.token).await?;
    tx.commit().await?;
    Ok(Response::new(ResendCodeResponse { progress: Some(progress) }))
}

/// Back to where the number is typed. The count of codes and tries stays.
async fn back(
    mut tx: store::Tx,
    attempt: &Attempt,
    login: &mut Login,
) -> Result<Response<ResendCodeResponse>, Error> {
    // Too soon is said before the number is asked for again.
    code::check(&mut tx, login.id).await?;
    let token = secret::ScopedToken::generate(attempt.ctx.organisation);
    if !table::advance(&mut tx, login, LoginState::SendCode, &attempt.token, &token).await? {
        return Err(ErrorReason::LoginEnded.into());
    }
    tx.commit().await?;
    let progress = LoginProgress {
        step: LoginState::SendCode.step().into(),
        login_token: token.expose().to_owned(),
        ..LoginProgress::default()
    };
    Ok(Response::new(ResendCodeResponse { progress: Some(progress) }))
}

/// VerifyCode: the try is counted, also for the account, and committed before it is judged.
pub async fn verify(
    state: &State,
    request: Request<VerifyCodeRequest>,
) -> Result<Response<VerifyCodeResponse>, Error> {
    let request = request.into_inner();
    let attempt = Attempt::of(state, &request.login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let mut login = attempt.find(&mut tx).await?;
    if !matches!(login.state, LoginState::Code | LoginState::DeviceCode) {
        return Err(ErrorReason::LoginEnded.into());
    }
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let code = code::table::count_try(&mut tx, login.id).await?.ok_or(ErrorReason::LoginEnded)?;
    let count = Count::of(&state.hash_key, Kind::of_device(login.known_device), &account.username);
    // A wait does not stop it: the code's own five tries do.
    throttle::enter(&mut tx, &count, true).await?;
    tx.commit().await?;

    let typed = normalise(&request.code, &code.shown_digits);
    let typed = state.hash_key.hash("code", login.id, &typed);
    match judge(&code, &typed, attempt.ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(ErrorReason::CodeExpired.into()),
        Verdict::Wrong => return refuse(state, &attempt.ctx, &account).await,
    }
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    if !code::table::take(&mut tx, &code).await? {
        return Err(ErrorReason::CodeExpired.into());
    }
    let account = account::table::lock(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    throttle::take_back(&mut tx, &count).await?;
    let settings = organisation::settings(&mut tx).await?;
    let factor = factor::of(settings.login.unwrap_or_default().second_factor());
    login.amr = factor.amr.iter().map(|&it| it.to_owned()).collect();
    login.device_name = request.device_name.chars().filter(|c| !c.is_control()).take(80).collect();
    let progress = progress::go_on(state, tx, login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(VerifyCodeResponse { progress: Some(progress) }))
}

async fn refuse<T>(state: &State, ctx: &Ctx, account: &Account) -> Result<T, Error> {
    record_step(state, ctx, Some(account.id), "VerifyCode", AccessOutcome::Denied).await?;
    Err(ErrorReason::LoginRefused.into())
}
