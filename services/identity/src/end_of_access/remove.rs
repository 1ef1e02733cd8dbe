//! Removes an account, also from the event log and the dead letters.

use chassis::{Ctx, id::AccountId};
use proto::identity::v1::AccountRemoved;
use store::{About, Db, Mode, Tx, dead_letter, log};

use super::table;
use crate::{account, error::Error, session};

/// Deletes an account with all data of its person, and emits [`AccountRemoved`] so that other services do so
/// too (R55).
pub async fn remove_account(tx: &mut Tx, account: AccountId) -> Result<(), Error> {
    session::end_all(tx, account, None).await?;
    account::table::delete(tx, account).await?;
    dead_letter::blank_of_account(tx, account.uuid()).await?;
    table::insert_erasure(tx, account).await?;
    Ok(tx.emit(About::new(account.uuid(), i64::MAX), &AccountRemoved {}).await?)
}

/// Blanks the deliveries of removed accounts in the event log. An erasure stays due while a delivery is unpublished.
pub async fn erase_removed(db: &Db, ctx: &Ctx) -> Result<(), Error> {
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let erasures = table::list_erasures(&mut tx).await?;
    drop(tx);
    for account in erasures {
        if log::blank_deliveries(db, ctx.organisation.uuid(), account.uuid()).await? {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            table::delete_erasure(&mut tx, account).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
