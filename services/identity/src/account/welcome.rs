//! What follows a new account: services learn of the account, and the person gets a message with a first password.

use chassis::{secret, time};
use jiff::SignedDuration;
use proto::identity::v1::{AccountRegistered, OrganisationSettings, WelcomeMessage, WelcomeMessageContent};
use store::{About, Tx};

use super::{Account, table};
use crate::{error::Error, state::State};

/// Emits [`AccountRegistered`].
///
/// # Errors
/// When the database cannot be reached.
pub async fn emit_registered(tx: &mut Tx, account: &Account) -> Result<(), Error> {
    let event = AccountRegistered { language: account.language.clone() };
    Ok(tx.emit(About::new(account.id.uuid(), 1), &event).await?)
}

/// Sends a first password. An earlier one-time password stops working.
///
/// # Errors
/// When the database cannot be reached.
pub async fn send_welcome(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<(), Error> {
    let password = secret::one_time_password();
    let days = settings.password.unwrap_or_default().welcome_life_days;
    let expires_at = tx.ctx().now + SignedDuration::from_hours(24 * i64::from(days));
    let one_time = state.hash_one_time_password(account.id, &password, expires_at);
    table::set_one_time_password(tx, account.id, &one_time).await?;
    let content = WelcomeMessageContent {
        recipient: Some(account.recipient()),
        username: account.username.clone(),
        password,
    };
    let welcome = WelcomeMessage {
        content: state.sealed(tx, &content)?,
        expires_at: Some(time::to_proto(expires_at)),
        account_id: account.id.to_string(),
    };
    Ok(tx.deliver(About::new(account.id.uuid(), 1), &welcome, expires_at).await?)
}
