//! Due work: deletes rows that have expired.

use chassis::{Ctx, id::OrganisationId};
use futures::future::BoxFuture;
use store::{
    Db, Mode,
    due::{DueError, DueWork},
    organisation::Organisation,
};
use uuid::Uuid;

use crate::{code, device, impersonation, login, reset, throttle};

/// Deletes expired sessions, logins, impersonation links, codes, devices and throttle counters.
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
            super::table::delete_expired(&mut tx).await?;
            login::table::delete_expired(&mut tx).await?;
            impersonation::table::delete_expired(&mut tx).await?;
            code::table::delete_expired(&mut tx).await?;
            device::table::delete_expired(&mut tx).await?;
            throttle::table::delete_expired(&mut tx).await?;
            tx.commit().await?;
            // Tries and reset requests for an unknown organisation are stored under the nil id.
            let no_organisation = Ctx { organisation: OrganisationId(Uuid::nil()), ..ctx.clone() };
            let mut tx = db.in_organisation(&no_organisation, Mode::Write).await?;
            throttle::table::delete_expired(&mut tx).await?;
            reset::table::delete_all(&mut tx).await?;
            Ok(tx.commit().await?)
        })
    }
}
