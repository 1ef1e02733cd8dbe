//! The steps of a login.

use chassis::{
    Ctx,
    id::{AccountId, OrganisationId},
    secret::{self, ScopedToken},
};
use jiff::SignedDuration;
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, Actor, ActorKind},
    identity::v1::{
        ErrorReason, LoginCode, LoginCodeContent, LoginStep, OrganisationSettings, ResendCodeRequest,
        ResendCodeResponse, SetOwnPasswordRequest, SetOwnPasswordResponse, StartLoginRequest,
        StartLoginResponse, VerifyCodeRequest, VerifyCodeResponse,
    },
};
use store::{About, Mode, StoreError, Tx, audit::Access, event::timestamp};
use uuid::Uuid;

use super::{
    Attempt, DIGITS, State as LoginState, Verdict, judge, normalise_code,
    store::{self as table, Code, NoCode},
};
use crate::{
    State,
    account::{self, Account, mask_email, normalise_username},
    error::Error,
    organisation, password, session,
};

/// StartLogin: exactly one argon2 for everybody, whatever is wrong.
pub async fn start(state: &State, request: StartLoginRequest) -> Result<StartLoginResponse, Error> {
    let ctx = request
        .organisation_id
        .parse()
        .ok()
        .map(|organisation: OrganisationId| Ctx::of_service("identity", organisation, state.clock.now()));
    let known = match &ctx {
        // A name that the database cannot hold is a name that is not there.
        Some(ctx) if !request.username.contains('\0') => {
            let mut tx = state.db.in_organisation(ctx, Mode::Read).await?;
            account::store::find_by_username(&mut tx, &normalise_username(&request.username)).await?
        }
        _ => None,
    };
    let id = known.as_ref().map_or(Uuid::nil(), |account| account.id.uuid());
    let input = password::peppered(&state.hash_key, id, &request.password);
    let stored = known.as_ref().and_then(|account| account.password_hash.clone());
    let own = state.hasher.verify(input, stored).await?;
    let sent = is_one_time(state, known.as_ref(), &request.password);
    let Some(ctx) = ctx else { return Err(Error::LoginRefused) };
    match known {
        Some(account) if own || sent => begin(state, &ctx, &account).await,
        known => {
            let account = known.map(|account| account.id);
            write_down(state, &ctx, account, "StartLogin", AccessOutcome::Denied).await?;
            Err(Error::LoginRefused)
        }
    }
}

/// Whether this is the password that was sent, in time.
fn is_one_time(state: &State, account: Option<&Account>, typed: &str) -> bool {
    let id = account.map_or(AccountId(Uuid::nil()), |account| account.id);
    let typed = account::rpc::one_time_hash(state, id, typed);
    account
        .and_then(|account| account.one_time.as_ref())
        .is_some_and(|sent| secret::same(&typed, &sent.hash) && state.clock.now() < sent.expires_at)
}

async fn begin(state: &State, ctx: &Ctx, account: &Account) -> Result<StartLoginResponse, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let settings = organisation::rpc::settings(&mut tx).await?;
    let token = ScopedToken::generate(ctx.organisation);
    let id = chassis::id::v7(ctx.now);
    let (digits, code) = new_code(state, ctx, id, &settings);
    table::insert(&mut tx, id, account.id, &token, &code).await?;
    send_code(state, &mut tx, id, account, digits, &code).await?;
    tx.commit().await?;
    Ok(StartLoginResponse {
        login_token: token.expose().to_owned(),
        step: LoginStep::Code.into(),
        code_sent_to: mask_email(&account.email),
        code_life_seconds: settings.login.unwrap_or_default().code_life_seconds,
    })
}

fn new_code(state: &State, ctx: &Ctx, login: Uuid, settings: &OrganisationSettings) -> (String, Code) {
    let digits = secret::code(DIGITS);
    let life = settings.login.unwrap_or_default().code_life_seconds;
    let code = Code {
        hash: state.hash_key.hash("login code", login, &digits),
        expires_at: ctx.now + SignedDuration::from_secs(i64::from(life)),
    };
    (digits, code)
}

async fn send_code(
    state: &State,
    tx: &mut Tx,
    login: Uuid,
    account: &Account,
    digits: String,
    code: &Code,
) -> Result<(), Error> {
    let life = code.expires_at.duration_since(tx.ctx().now).as_mins();
    let content = LoginCodeContent {
        email: account.email.clone(),
        phone: String::new(),
        language: account.language.clone(),
        code: digits,
        life_minutes: i32::try_from(life).unwrap_or(i32::MAX),
    };
    let organisation = tx.ctx().organisation;
    let sealed = state.seal.seal("messaging", organisation, &content).map_err(StoreError::from)?;
    let delivery = LoginCode {
        content: Some(sealed),
        expires_at: Some(timestamp(code.expires_at)),
        account_id: account.id.to_string(),
    };
    tx.deliver(About::new(login, 1), &delivery, code.expires_at).await?;
    Ok(())
}

/// ResendCode.
pub async fn resend_code(state: &State, request: &ResendCodeRequest) -> Result<ResendCodeResponse, Error> {
    let (token, ctx) = attempt_of(state, &request.login_token)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let (id, account) = match table::count_code(&mut tx, &token).await? {
        Ok(found) => found,
        Err(NoCode::Ended) => return Err(Error::LoginEnded),
        Err(NoCode::TooMany) => return Err(Error::TooManyCodes),
    };
    let settings = organisation::rpc::settings(&mut tx).await?;
    let account = account::store::find(&mut tx, account).await?.ok_or(Error::LoginEnded)?;
    let (digits, code) = new_code(state, &ctx, id, &settings);
    table::replace_code(&mut tx, id, &code).await?;
    send_code(state, &mut tx, id, &account, digits, &code).await?;
    tx.commit().await?;
    Ok(ResendCodeResponse {
        code_sent_to: mask_email(&account.email),
        code_life_seconds: settings.login.unwrap_or_default().code_life_seconds,
    })
}

/// VerifyCode: the try is counted and committed before it is judged.
pub async fn verify_code(state: &State, request: &VerifyCodeRequest) -> Result<VerifyCodeResponse, Error> {
    let (token, ctx) = attempt_of(state, &request.login_token)?;
    let attempt = count(state, &ctx, &token, LoginState::Code).await?;
    let typed = normalise_code(&request.code);
    let typed = state.hash_key.hash("login code", attempt.id, &typed);
    match judge(&attempt, &typed, ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(Error::CodeExpired),
        Verdict::Wrong => {
            let account = Some(attempt.account);
            write_down(state, &ctx, account, "VerifyCode", AccessOutcome::Denied).await?;
            return Err(Error::LoginRefused);
        }
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let account = account::store::find(&mut tx, attempt.account).await?.ok_or(Error::LoginEnded)?;
    let next = LoginState::after_code(account.password_hash.is_some());
    let token = ScopedToken::generate(ctx.organisation);
    if !table::advance(&mut tx, &attempt, LoginState::Code, next, &token).await? {
        return Err(Error::CodeExpired);
    }
    if next == LoginState::OwnPassword {
        tx.commit().await?;
        return Ok(VerifyCodeResponse {
            step: LoginStep::OwnPassword.into(),
            session_token: String::new(),
            login_token: token.expose().to_owned(),
        });
    }
    let session_token = open_session(state, tx, &account).await?;
    Ok(VerifyCodeResponse { step: LoginStep::Done.into(), session_token, login_token: String::new() })
}

/// SetOwnPassword.
pub async fn set_own_password(
    state: &State,
    request: SetOwnPasswordRequest,
) -> Result<SetOwnPasswordResponse, Error> {
    let (token, ctx) = attempt_of(state, &request.login_token)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let settings = organisation::rpc::settings(&mut tx).await?.password.unwrap_or_default();
    drop(tx);
    // Judged before the try is counted: a password that is too short is no guess.
    password::judge(&request.new_password, &request.current_password, settings)
        .map_err(|reason| Error::field("new_password", reason))?;
    let attempt = count(state, &ctx, &token, LoginState::OwnPassword).await?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let account = account::store::find(&mut tx, attempt.account).await?.ok_or(Error::LoginEnded)?;
    drop(tx);
    if !is_one_time(state, Some(&account), &request.current_password) {
        return Err(Error::field("current_password", ErrorReason::CurrentPasswordWrong));
    }
    let input = password::peppered(&state.hash_key, account.id.uuid(), &request.new_password);
    let hash = state.hasher.hash(input).await?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let void = ScopedToken::generate(ctx.organisation);
    let (from, to) = (LoginState::OwnPassword, LoginState::Ended);
    if !table::advance(&mut tx, &attempt, from, to, &void).await? {
        return Err(Error::LoginEnded);
    }
    account::store::set_password(&mut tx, account.id, &hash).await?;
    let session_token = open_session(state, tx, &account).await?;
    Ok(SetOwnPasswordResponse { session_token })
}

fn attempt_of(state: &State, token: &str) -> Result<(ScopedToken, Ctx), Error> {
    let token = ScopedToken::parse(token).ok_or(Error::LoginEnded)?;
    let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
    Ok((token, ctx))
}

async fn count(state: &State, ctx: &Ctx, token: &ScopedToken, at: LoginState) -> Result<Attempt, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let attempt = table::count_try(&mut tx, token, at).await?.ok_or(Error::LoginEnded)?;
    tx.commit().await?;
    Ok(attempt)
}

/// The end of every login: a session, and a line in the audit trail.
async fn open_session(state: &State, mut tx: Tx, account: &Account) -> Result<String, Error> {
    let ctx = tx.ctx().clone();
    let token = session::rpc::open(&mut tx, account.id).await?;
    tx.commit().await?;
    write_down(state, &ctx, Some(account.id), "Login", AccessOutcome::Answered).await?;
    Ok(token)
}

/// Log-ins and failed ones are kept in the audit trail (ASVS 16.3.1), also for names that do not exist: the same work.
async fn write_down(
    state: &State,
    ctx: &Ctx,
    account: Option<AccountId>,
    step: &str,
    outcome: AccessOutcome,
) -> Result<(), Error> {
    let id = account.map(|account| account.to_string()).unwrap_or_default();
    let ctx = Ctx { actor: Actor { kind: ActorKind::Account.into(), id }, ..ctx.clone() };
    let method = format!("zorgportaal.identity.v1.IdentityService/{step}");
    let access = Access { ctx, client: None, section: Section::Unspecified, method, outcome };
    Ok(state.audit.record(vec![access]).await?)
}
