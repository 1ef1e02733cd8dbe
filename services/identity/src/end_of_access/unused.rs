//! Due work: removes accounts that have had access to no client for as long as the organisation sets.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chassis::{Ctx, id::OrganisationId};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use store::{
    Db, Mode,
    due::{DueError, DueWork},
    organisation::Organisation,
};

use super::{remove::remove_account, table};
use crate::{account, error::Error, grant};

/// How often the accounts of an organisation are looked at: looking reads all of them.
const PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// The job that removes unused accounts.
#[derive(Default)]
pub struct RemoveUnused {
    looked_at: Mutex<HashMap<OrganisationId, Timestamp>>,
}

impl RemoveUnused {
    /// Whether the accounts of the organisation are to be looked at now.
    fn begins(&self, ctx: &Ctx) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = looked_at.get(&ctx.organisation).is_none_or(|at| ctx.now >= *at + PERIOD);
        if is_due {
            looked_at.insert(ctx.organisation, ctx.now);
        }
        is_due
    }

    async fn run_all(&self, db: &Db, ctx: &Ctx, days: i32) -> Result<(), Error> {
        // Settings that were stored before this setting existed hold 0.
        if days == 0 || !self.begins(ctx) {
            return Ok(());
        }
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        table::note_without_access(&mut tx).await?;
        tx.commit().await?;
        let since = ctx.now - SignedDuration::from_hours(24 * i64::from(days));
        let mut tx = db.in_organisation(ctx, Mode::Read).await?;
        let unused = table::list_unused(&mut tx, since).await?;
        drop(tx);
        for account in unused {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            // Access may have been given after the list was read.
            account::table::lock(&mut tx, account).await?;
            if !grant::table::has_any(&mut tx, account).await? {
                remove_account(&mut tx, account).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

impl DueWork for RemoveUnused {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        let days = organisation.settings.accounts.unwrap_or_default().days_without_access;
        Box::pin(async move { Ok(self.run_all(db, ctx, days).await?) })
    }
}
