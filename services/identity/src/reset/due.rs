//! Due work: sends a temporary password or a link for each reset request whose account exists.

use chassis::{Ctx, secret, secret::ScopedToken, time};
use futures::future::BoxFuture;
use jiff::SignedDuration;
use proto::identity::v1::{
    OrganisationSettings, ResetKind, ResetLink, ResetLinkContent, ResetPassword, ResetPasswordContent,
};
use store::{
    About, Db, Mode, Tx,
    due::{DueError, DueWork},
    organisation::Organisation,
};

use super::table;
use crate::{
    account::{self, Account},
    error::Error,
    state::State,
};

/// Handles the stored reset requests of an organisation.
pub struct SendResets(pub(crate) State);

impl SendResets {
    async fn run_all(&self, db: &Db, ctx: &Ctx, settings: &OrganisationSettings) -> Result<(), DueError> {
        loop {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            let Some(request) = table::take(&mut tx).await? else { return Ok(()) };
            let account = account::table::find_by_username(&mut tx, &request.username).await?;
            let asks_email = settings.password.unwrap_or_default().reset_asks_email;
            let account = account.filter(|account| {
                !asks_email || account.email.to_lowercase() == request.email.to_lowercase()
            });
            let id = account.map(|account| account.id);
            if let Some(id) = id
                && let Some(account) = account::table::lock(&mut tx, id).await?
            {
                send_reset(&self.0, &mut tx, &account, settings).await?;
            }
            tx.commit().await?;
        }
    }
}

/// Sends a temporary password or a link, as the organisation has set. The current password stays valid.
///
/// # Errors
/// If the database cannot be reached.
pub async fn send_reset(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<(), Error> {
    let rules = settings.password.unwrap_or_default();
    let life_minutes = rules.reset_life_minutes;
    let expires_at = tx.ctx().now + SignedDuration::from_mins(i64::from(life_minutes));
    let about = About::new(account.id.uuid(), 1);
    let (until, account_id) = (Some(time::to_proto(expires_at)), account.id.to_string());
    let recipient = Some(account.recipient());
    // Without an own password always send a temporary one: a link would skip the steps of the first login.
    if rules.reset() == ResetKind::Link && account.password_hash.is_some() {
        let token = ScopedToken::generate(tx.ctx().organisation);
        table::set_link(tx, account.id, &token, expires_at).await?;
        let content = ResetLinkContent { recipient, token: token.expose().to_owned(), life_minutes };
        let content = state.sealed(tx, &content)?;
        let message = ResetLink { content, expires_at: until, account_id };
        tx.deliver(about, &message, expires_at).await?;
    } else {
        let password = secret::one_time_password();
        // Before the first login, the new password is valid at least as long as the one that it replaces.
        let first = account.one_time.as_ref().filter(|_| account.password_hash.is_none());
        let expires_at = first.map_or(expires_at, |first| first.expires_at.max(expires_at));
        let one_time = state.hash_one_time_password(account.id, &password, expires_at);
        account::table::set_one_time_password(tx, account.id, &one_time).await?;
        let content = state.sealed(tx, &ResetPasswordContent { recipient, password, life_minutes })?;
        let message = ResetPassword { content, expires_at: until, account_id };
        tx.deliver(about, &message, expires_at).await?;
    }
    Ok(())
}

impl DueWork for SendResets {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        Box::pin(self.run_all(db, ctx, &organisation.settings))
    }
}
