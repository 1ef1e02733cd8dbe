//! Due work: requests for a new password are looked at, and what helps is sent to those who exist.

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

/// Sends what was asked for.
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
                issue(&self.0, &mut tx, &account, settings).await?;
            }
            tx.commit().await?;
        }
    }
}

/// Sends a temporary password or a link, by the organisation's setting. The password that there is stays.
///
/// # Errors
/// When the database is away.
pub async fn issue(
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
    // Whoever has no own password yet gets one to begin with: a link would pass the first login's steps.
    if rules.reset() == ResetKind::Link && account.password_hash.is_some() {
        let token = ScopedToken::generate(tx.ctx().organisation);
        table::set_link(tx, account.id, &token, expires_at).await?;
        let content = ResetLinkContent { recipient, token: token.expose().to_owned(), life_minutes };
        let content = state.sealed(tx, &content)?;
        let message = ResetLink { content, expires_at: until, account_id };
        tx.deliver(about, &message, expires_at).await?;
    } else {
        let password = secret::one_time_password();
        // Who has no own password yet keeps the time that the first one had.
        let first = account.one_time.as_ref().filter(|_| account.password_hash.is_none());
        let expires_at = first.map_or(expires_at, |first| first.expires_at.max(expires_at));
        let one_time = state.one_time(account.id, &password, expires_at);
        account::table::set_one_time(tx, account.id, &one_time).await?;
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
