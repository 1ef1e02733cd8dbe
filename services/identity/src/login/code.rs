//! The second step of a login: sends, resends and checks the code.

use chassis::secret;
use proto::identity::v1::{
    ErrorReason, LoginProgress, ResendCodeRequest, ResendCodeResponse, SendCodeRequest, SendCodeResponse,
    VerifyCodeRequest, VerifyCodeResponse,
};
use store::Mode;
use tonic::{Request, Response};

use super::{Login, State as LoginState, attempt::Attempt, progress, table};
use crate::{
    account::{self, normalise_phone},
    code::{self, Destination, Purpose, Sending, Verdict, judge, normalise},
    error::Error,
    factor, organisation,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// SendCode (P27, R13). A typed number that is not the registered number gets the same answer, but its code
/// goes to nobody: the answer must not show which number is registered.
pub async fn send(
    state: &State,
    request: Request<SendCodeRequest>,
) -> Result<Response<SendCodeResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let mut login = attempt.find_in_state(&mut tx, LoginState::SendCode).await?;
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let mut to = Destination::of(&account, factor::from_setting(login_settings.second_factor()).medium)?;
    if login_settings.ask_number {
        let typed = normalise_phone(&request.phone)
            .ok_or_else(|| Error::field("phone", ErrorReason::PhoneMalformed))?;
        let is_own = secret::constant_time_eq(
            &secret::sha256(&[typed.as_bytes()]),
            &secret::sha256(&[account.phone.as_bytes()]),
        );
        if !is_own {
            to = Destination::Nowhere;
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
    let progress = progress::describe(&mut tx, &login, &account, &settings, &token).await?;
    tx.commit().await?;
    Ok(Response::new(SendCodeResponse { progress: Some(progress) }))
}

/// ResendCode (T18). If the organisation asks for the number, the person must type the number again before a
/// new code is sent.
pub async fn resend(
    state: &State,
    request: Request<ResendCodeRequest>,
) -> Result<Response<ResendCodeResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let mut login = attempt.find(&mut tx).await?;
    let settings = organisation::settings(&mut tx).await?;
    let login_settings = settings.login.unwrap_or_default();
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let purpose = match login.state {
        LoginState::Code if login_settings.ask_number => {
            return return_to_send_code(tx, &attempt, &mut login).await;
        }
        LoginState::Code => Purpose::Login,
        LoginState::DeviceCode => Purpose::Device,
        _ => return Err(ErrorReason::LoginEnded.into()),
    };
    let to = Destination::of(&account, factor::from_setting(login_settings.second_factor()).medium)?;
    let sending = Sending { id: login.id, purpose, to, ends_at: login.expires_at, address: &request.address };
    code::send(state, &mut tx, &settings, &account, sending).await?;
    let progress = progress::describe(&mut tx, &login, &account, &settings, &attempt.token).await?;
    tx.commit().await?;
    Ok(Response::new(ResendCodeResponse { progress: Some(progress) }))
}

/// Returns the login to state SendCode, where the number is typed. The counts of codes and tries stay.
async fn return_to_send_code(
    mut tx: store::Tx,
    attempt: &Attempt,
    login: &mut Login,
) -> Result<Response<ResendCodeResponse>, Error> {
    // Refuse a resend that is too soon now, not after the person has typed the number again.
    code::check_may_send(&mut tx, login.id).await?;
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

/// VerifyCode. The try is counted for the code and for the account, and committed before the code is judged.
pub async fn verify(
    state: &State,
    request: Request<VerifyCodeRequest>,
) -> Result<Response<VerifyCodeResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Count).await?;
    let mut login = attempt.find(&mut tx).await?;
    if !matches!(login.state, LoginState::Code | LoginState::DeviceCode) {
        return Err(ErrorReason::LoginEnded.into());
    }
    let account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    let code = code::table::count_try(&mut tx, login.id).await?.ok_or(ErrorReason::LoginEnded)?;
    let count = Count::of(&state.hash_keys, Kind::of_device(login.known_device), &account.username);
    // Count the try also during a wait: the code has its own limit of five tries.
    throttle::count_try(&mut tx, &count, true).await?;
    tx.commit().await?;

    let typed = normalise(&request.code, &code.shown_digits);
    match judge(&state.hash_keys, &code, &typed, attempt.ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(ErrorReason::CodeExpired.into()),
        Verdict::Wrong => {
            attempt.ctx.deny();
            return Err(Error::field("code", ErrorReason::CodeWrong));
        }
    }
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    if !code::table::consume(&mut tx, &code).await? {
        return Err(ErrorReason::CodeExpired.into());
    }
    let account = account::table::lock(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    throttle::take_back_try(&mut tx, &count).await?;
    let settings = organisation::settings(&mut tx).await?;
    let factor = factor::from_setting(settings.login.unwrap_or_default().second_factor());
    login.amr = factor.amr.iter().map(|&it| it.to_owned()).collect();
    login.device_name = request.device_name.chars().filter(|c| !c.is_control()).take(80).collect();
    let progress = progress::advance(state, tx, login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(VerifyCodeResponse { progress: Some(progress) }))
}
