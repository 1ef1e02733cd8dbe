//! Due work: what ended by time is taken away.

use chassis::Ctx;
use futures::future::BoxFuture;
use store::{Db, Mode, StoreError, due::DueWork, organisation::Organisation};

/// Takes away sessions and attempts whose time is over.
pub struct Purge;

impl DueWork for Purge {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        _organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            super::store::delete_over(&mut tx).await?;
            tx.commit().await
        })
    }
}
