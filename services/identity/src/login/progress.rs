//! Where an attempt stands, as the person is told; and how it goes on to the next step.

use chassis::secret::ScopedToken;
use jiff::{SignedDuration, Timestamp};
use proto::{
    event::v1::AccessOutcome,
    identity::v1::{
        ErrorReason, LoginProgress, LoginStep, OrganisationSettings, OwnPasswordCause, SecurityChange, Terms,
    },
};
use store::Tx;

use super::{Login, Needs, State as LoginState, attempt::record_step, table};
use crate::{
    account::{self, Account},
    code::{self, To},
    device,
    error::Error,
    factor, invitation, session,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// The terms that count for an account; `None` where the organisation has none.
#[must_use]
pub fn terms_of<'a>(account: &Account, settings: &'a OrganisationSettings) -> Option<&'a Terms> {
    let own = settings.terms.iter().find(|terms| terms.entity == account.legal_entity);
    own.or_else(|| settings.terms.first())
}

/// Until when an account's password is good; `None` where it has no end.
#[must_use]
pub fn password_until(account: &Account, settings: &OrganisationSettings) -> Option<Timestamp> {
    let days = settings.password.unwrap_or_default().life_days;
    let life = SignedDuration::from_hours(24 * i64::from(days));
    account.password_set_at.filter(|_| days > 0).map(|set| set + life)
}

async fn needs(
    tx: &mut Tx,
    login: &Login,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<Needs, Error> {
    let expired = password_until(account, settings).is_some_and(|until| until <= tx.ctx().now);
    let own_password = if account.password_hash.is_none() {
        Some(OwnPasswordCause::First)
    } else if login.one_time {
        Some(OwnPasswordCause::Temporary)
    } else {
        expired.then_some(OwnPasswordCause::Expired)
    };
    let terms = terms_of(account, settings)
        .is_some_and(|terms| account.legal_entity != terms.entity || account.terms_version != terms.version);
    let invitation = !invitation::table::list_pending(tx, account.id).await?.is_empty();
    Ok(Needs { own_password, terms, invitation })
}

/// What a person is told about an attempt that answers to a token.
pub async fn of(
    tx: &mut Tx,
    login: &Login,
    account: &Account,
    settings: &OrganisationSettings,
    token: &ScopedToken,
) -> Result<LoginProgress, Error> {
    let mut progress = LoginProgress {
        step: login.state.step().into(),
        login_token: token.expose().to_owned(),
        ..LoginProgress::default()
    };
    let login_settings = settings.login.unwrap_or_default();
    match login.state {
        LoginState::Code | LoginState::DeviceCode => {
            if let Some(code) = code::table::find(tx, login.id).await? {
                let medium = factor::of(login_settings.second_factor()).medium;
                // Where the person typed the number, nothing is told about it.
                let asks = login_settings.ask_number;
                let to = if asks { To::Nowhere } else { To::of(account, medium)? };
                progress.code = Some(code::sent_code(&code, &to, login_settings.code_life_seconds));
            }
        }
        LoginState::OwnPassword => {
            let cause = needs(tx, login, account, settings).await?.own_password.unwrap_or_default();
            progress.own_password_cause = cause.into();
        }
        LoginState::Terms => progress.terms = terms_of(account, settings).cloned(),
        LoginState::Invitation => {
            let pending = invitation::table::list_pending(tx, account.id).await?;
            progress.invitations = pending.into_iter().map(|(_, pending)| pending).collect();
        }
        LoginState::SendCode | LoginState::Ended => {}
    }
    Ok(progress)
}

/// Takes the step after the one that was passed, whatever is needed; at the end stands a session. Commits.
pub async fn go_on(
    state: &State,
    mut tx: Tx,
    mut login: Login,
    account: &Account,
    settings: &OrganisationSettings,
    from: &ScopedToken,
) -> Result<LoginProgress, Error> {
    let to = needs(&mut tx, &login, account, settings).await?.first();
    let token = ScopedToken::generate(tx.ctx().organisation);
    if !table::advance(&mut tx, &login, to, from, &token).await? {
        return Err(ErrorReason::LoginEnded.into());
    }
    login.state = to;
    if to == LoginState::Ended {
        return open_session(state, tx, &login, account, settings).await;
    }
    let progress = of(&mut tx, &login, account, settings, &token).await?;
    tx.commit().await?;
    Ok(progress)
}

/// The end of every login: a session, a line in the audit trail, and a browser that is known from now on.
async fn open_session(
    state: &State,
    mut tx: Tx,
    login: &Login,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<LoginProgress, Error> {
    let ctx = tx.ctx().clone();
    let count = Count::of(&state.hash_key, Kind::of_device(login.known_device), &account.username);
    throttle::lift(&mut tx, &[count]).await?;
    let mut progress = LoginProgress { step: LoginStep::Done.into(), ..LoginProgress::default() };
    let login_settings = settings.login.unwrap_or_default();
    let remembers = factor::of(login_settings.second_factor()).remembers;
    if login.had_code() && (remembers || !login.known_device) {
        let days = device::life_days(login_settings);
        let token = device::table::insert(&mut tx, account.id, &login.device_name, remembers, days).await?;
        progress.device_token = token.expose().to_owned();
        progress.device_life_days = days;
        if remembers {
            let recipient = account.recipient();
            account::notify(state, &mut tx, account, recipient, SecurityChange::Device, ctx.now).await?;
        }
    }
    progress.session_token = session::open(&mut tx, login, settings).await?;
    tx.commit().await?;
    record_step(state, &ctx, Some(account.id), "Login", AccessOutcome::Answered).await?;
    Ok(progress)
}
