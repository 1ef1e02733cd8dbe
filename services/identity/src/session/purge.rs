//! Due work: what ended by time is taken away.

use chassis::{Ctx, id::OrganisationId};
use futures::future::BoxFuture;
use store::{
    Db, Mode,
    due::{DueError, DueWork},
    organisation::Organisation,
};
use uuid::Uuid;

use crate::{code, device, impersonation, login, reset, throttle};

/// Takes away sessions, attempts, links, codes, devices and counts whose time is over.
pub struct Purge;

impl DueWork for Purge {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        _organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        Box::pin(async move {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            super::table::delete_over(&mut tx).await?;
            login::table::delete_over(&mut tx).await?;
            impersonation::table::delete_over(&mut tx).await?;
            code::table::delete_over(&mut tx).await?;
            device::table::delete_over(&mut tx).await?;
            throttle::table::delete_over(&mut tx).await?;
            tx.commit().await?;
            // Where an organisation was typed that is not there, tries and requests stand under none.
            let nowhere = Ctx { organisation: OrganisationId(Uuid::nil()), ..ctx.clone() };
            let mut tx = db.in_organisation(&nowhere, Mode::Write).await?;
            throttle::table::delete_over(&mut tx).await?;
            reset::table::delete_all(&mut tx).await?;
            Ok(tx.commit().await?)
        })
    }
}
