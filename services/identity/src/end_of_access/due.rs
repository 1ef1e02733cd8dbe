//! Due work: people are told that access ends, access ends, and whoever has no other client is forgotten.

use chassis::{
    Ctx,
    id::{AccountId, ClientId},
};
use futures::future::BoxFuture;
use prost::Name;
use proto::identity::v1::{AccountContactChanged, AccountRegistered, AccountRemoved, SecurityChange};
use store::{
    About, Db, Mode, Tx,
    due::{DueError, DueWork},
    erase,
    organisation::Organisation,
};

use super::{NOTICE, is_notice_due, table, table::Planned};
use crate::{account, error::Error, grant, invitation, session, state::State};

/// Ends access whose time is over.
pub struct EndAccess(pub(crate) State);

impl EndAccess {
    async fn run_all(&self, db: &Db, ctx: &Ctx) -> Result<(), Error> {
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        for (account, client) in grant::table::list_over(&mut tx).await? {
            // It may have been extended meanwhile.
            let grant = grant::table::lock(&mut tx, account, client).await?;
            if grant.is_some_and(|grant| grant.valid_until.is_some_and(|until| until <= ctx.now)) {
                grant::end(&mut tx, account, client).await?;
            }
        }
        let planned = table::list(&mut tx, ctx.now + NOTICE).await?;
        tx.commit().await?;
        for end in planned {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            // Care may go on meanwhile, or another replica have done it.
            if table::lock(&mut tx, end.client).await?.as_ref() != Some(&end) {
                continue;
            }
            if !end.is_told && is_notice_due(end.ends_at, ctx.now) {
                self.tell_all(&mut tx, &end).await?;
            } else if !end.is_told && end.ends_at <= ctx.now {
                // Nothing ran for a week: nobody is put out untold.
                self.tell_all(&mut tx, &Planned { ends_at: ctx.now + NOTICE, ..end }).await?;
            } else if end.ends_at <= ctx.now {
                end_all(&mut tx, end.client).await?;
            }
            tx.commit().await?;
        }
        let mut tx = db.in_organisation(ctx, Mode::Read).await?;
        let owed = table::list_owed(&mut tx).await?;
        drop(tx);
        for account in owed {
            forget(db, ctx, account).await?;
        }
        Ok(())
    }

    async fn tell_all(&self, tx: &mut Tx, end: &Planned) -> Result<(), Error> {
        for id in grant::table::list_accounts(tx, end.client).await? {
            let active = grant::table::lock(tx, id, end.client).await?.is_some_and(|grant| grant.active);
            let Some(account) = account::table::find(tx, id).await?.filter(|_| active) else { continue };
            let (recipient, change) = (account.recipient(), SecurityChange::AccessEnds);
            account::notify(&self.0, tx, &account, recipient, change, end.ends_at).await?;
        }
        Ok(table::set_told(tx, end.client, end.ends_at).await?)
    }
}

/// Ends all access to a client; whoever has no other is gone by it.
async fn end_all(tx: &mut Tx, client: ClientId) -> Result<(), Error> {
    for account in grant::table::list_accounts(tx, client).await? {
        grant::end(tx, account, client).await?;
        invitation::withdraw_waiting(tx, account, client).await?;
        account::table::lock(tx, account).await?;
        if !grant::table::has_any(tx, account).await? {
            remove(tx, account).await?;
        }
    }
    Ok(table::set_done(tx, client).await?)
}

/// Takes an account away with all that is known of its person, and tells everybody (R55).
async fn remove(tx: &mut Tx, account: AccountId) -> Result<(), Error> {
    session::end_all(tx, account, None).await?;
    account::table::delete(tx, account).await?;
    table::owe(tx, account).await?;
    Ok(tx.emit(About::new(account.uuid(), i64::MAX), &AccountRemoved {}).await?)
}

/// Blanks what the event log keeps of somebody who is gone.
async fn forget(db: &Db, ctx: &Ctx, account: AccountId) -> Result<(), Error> {
    let subjects = [AccountRegistered::full_name(), AccountContactChanged::full_name()];
    let subjects = subjects.map(|name| format!("event.{name}"));
    if !erase::blank_sealed(db, ctx.organisation, &subjects, account.uuid()).await? {
        return Ok(());
    }
    let mut tx = db.in_organisation(ctx, Mode::Write).await?;
    table::set_paid(&mut tx, account).await?;
    Ok(tx.commit().await?)
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
