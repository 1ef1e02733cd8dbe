//! Describes the progress of a login to the person, and advances the login to its next step.

use chassis::secret::ScopedToken;
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::{
    ErrorReason, LoginProgress, LoginStep, OrganisationSettings, OwnPasswordCause, SecurityChange, Terms,
};
use store::Tx;

use super::{Login, Needs, State as LoginState, table};
use crate::{
    account::{self, Account},
    code::{self, Destination},
    device,
    error::Error,
    factor, invitation, session,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// The terms for an account: those of its legal entity, else the organisation's first; `None` if the
/// organisation has no terms.
#[must_use]
pub fn terms_of<'a>(account: &Account, settings: &'a OrganisationSettings) -> Option<&'a Terms> {
    let own = settings.terms.iter().find(|terms| terms.entity == account.legal_entity);
    own.or_else(|| settings.terms.first())
}

/// When an account's password expires; `None` if passwords do not expire.
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

/// The progress of a login, as the person sees it. `token` is the login token for the next step.
pub async fn describe(
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
                let medium = factor::from_setting(login_settings.second_factor()).medium;
                // If the person typed the number, show nothing of the registered number: it is a secret.
                let asks_number = login_settings.ask_number;
                let to = if asks_number { Destination::Nowhere } else { Destination::of(account, medium)? };
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

/// Advances a login to the next step that it needs, or opens the session if none is left. Commits `tx`.
pub async fn advance(
    state: &State,
    mut tx: Tx,
    mut login: Login,
    account: &Account,
    settings: &OrganisationSettings,
    old_token: &ScopedToken,
) -> Result<LoginProgress, Error> {
    let next = needs(&mut tx, &login, account, settings).await?.first();
    let token = ScopedToken::generate(tx.ctx().organisation);
    if !table::advance(&mut tx, &login, next, old_token, &token).await? {
        return Err(ErrorReason::LoginEnded.into());
    }
    login.state = next;
    if next == LoginState::Ended {
        return open_session(state, tx, &login, account, settings).await;
    }
    let progress = describe(&mut tx, &login, account, settings, &token).await?;
    tx.commit().await?;
    Ok(progress)
}

/// Ends a login: opens the session, and makes the browser a known device.
async fn open_session(
    state: &State,
    mut tx: Tx,
    login: &Login,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<LoginProgress, Error> {
    let count = Count::of(&state.hash_keys, Kind::of_device(login.known_device), &account.username);
    throttle::clear(&mut tx, &[count]).await?;
    let mut progress = LoginProgress { step: LoginStep::Done.into(), ..LoginProgress::default() };
    let login_settings = settings.login.unwrap_or_default();
    let remembers = factor::from_setting(login_settings.second_factor()).remembers_device;
    if login.had_code() && (remembers || !login.known_device) {
        let days = device::life_days(login_settings);
        let token = device::table::insert(&mut tx, account.id, &login.device_name, remembers, days).await?;
        progress.device_token = token.expose().to_owned();
        progress.device_life_days = days;
        if remembers {
            let (recipient, now) = (account.recipient(), tx.ctx().now);
            account::notify(state, &mut tx, account, recipient, SecurityChange::Device, now).await?;
        }
    }
    progress.session_token = session::open(&mut tx, login, settings).await?;
    tx.commit().await?;
    Ok(progress)
}
