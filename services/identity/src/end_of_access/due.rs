//! Due work: warns people that access will end, ends access, and removes accounts without another client,
//! also from the event log.

use chassis::{Ctx, id::ClientId};
use futures::future::BoxFuture;
use proto::identity::v1::SecurityChange;
use store::{
    Db, Mode, Tx,
    due::{DueError, DueWork},
    organisation::Organisation,
};

use super::{
    NOTICE_PERIOD, is_notice_due,
    remove::{erase_removed, remove_account},
    table,
    table::PlannedEnd,
};
use crate::{account, error::Error, grant, invitation, state::State};

/// The job that ends access when its end date has passed.
pub struct EndAccess(pub(crate) State);

impl EndAccess {
    async fn run_all(&self, db: &Db, ctx: &Ctx) -> Result<(), Error> {
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        for (account, client) in grant::table::list_expired(&mut tx).await? {
            // The access may have been extended after it was listed.
            let grant = grant::table::lock(&mut tx, account, client).await?;
            if grant.is_some_and(|grant| grant.valid_until.is_some_and(|until| until <= ctx.now)) {
                grant::end(&mut tx, account, client).await?;
            }
        }
        let planned = table::list(&mut tx, ctx.now + NOTICE_PERIOD).await?;
        tx.commit().await?;
        for end in planned {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            // After the list was read, care may have resumed, or another replica may have ended the access.
            if table::lock(&mut tx, end.client).await?.as_ref() != Some(&end) {
                continue;
            }
            if !end.is_announced && is_notice_due(end.ends_at, ctx.now) {
                self.notify_all(&mut tx, &end).await?;
            } else if !end.is_announced && end.ends_at <= ctx.now {
                // If the job was down for a week, send the warning before ending access, and end access a
                // week later.
                self.notify_all(&mut tx, &PlannedEnd { ends_at: ctx.now + NOTICE_PERIOD, ..end }).await?;
            } else if end.ends_at <= ctx.now {
                end_client_access(&mut tx, end.client).await?;
            }
            tx.commit().await?;
        }
        erase_removed(db, ctx).await
    }

    async fn notify_all(&self, tx: &mut Tx, end: &PlannedEnd) -> Result<(), Error> {
        for id in grant::table::list_accounts(tx, end.client).await? {
            let active = grant::table::lock(tx, id, end.client).await?.is_some_and(|grant| grant.active);
            let Some(account) = account::table::find(tx, id).await?.filter(|_| active) else { continue };
            let (recipient, change) = (account.recipient(), SecurityChange::AccessEnds);
            account::notify(&self.0, tx, &account, recipient, change, end.ends_at).await?;
        }
        Ok(table::set_end(tx, end.client, end.ends_at, true).await?)
    }
}

/// Ends all access to a client, and removes the accounts that have no other client.
async fn end_client_access(tx: &mut Tx, client: ClientId) -> Result<(), Error> {
    for account in grant::table::list_accounts(tx, client).await? {
        grant::end(tx, account, client).await?;
        invitation::withdraw_open(tx, account, client).await?;
        account::table::lock(tx, account).await?;
        if !grant::table::has_any(tx, account).await? {
            remove_account(tx, account).await?;
        }
    }
    Ok(table::set_done(tx, client).await?)
}

impl DueWork for EndAccess {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        _organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        Box::pin(async move { Ok(self.run_all(db, ctx).await?) })
    }
}
