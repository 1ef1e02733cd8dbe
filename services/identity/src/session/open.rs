//! Opens a session at the end of a login.

use chassis::{id::SessionId, secret::ScopedToken};
use jiff::SignedDuration;
use proto::identity::v1::OrganisationSettings;
use store::Tx;

use super::{Session, table};
use crate::{account, error::Error, login::Login};

/// Opens a session for the account of a login that passed every step. Returns the session's token.
///
/// # Errors
/// If the database cannot be reached.
pub async fn open(tx: &mut Tx, login: &Login, settings: &OrganisationSettings) -> Result<String, Error> {
    let now = tx.ctx().now;
    let absolute = settings.session.unwrap_or_default().absolute_seconds;
    let session = Session {
        id: SessionId::new(now),
        account: login.account,
        level: login.level(),
        started_at: now,
        seen_at: now,
        ends_at: now + SignedDuration::from_secs(i64::from(absolute)),
        chosen_client: None,
        impersonator: String::new(),
        device_name: login.device_name.clone(),
        last_login_at: account::table::record_login(tx, login.account).await?,
    };
    tx.ctx().concerns("session", session.id);
    let token = ScopedToken::generate(tx.ctx().organisation);
    table::insert(tx, &session, &token, &login.amr).await?;
    Ok(token.expose().to_owned())
}
