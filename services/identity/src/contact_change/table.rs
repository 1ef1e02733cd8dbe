//! The SQL of contact changes.

use chassis::id::AccountId;
use store::{StoreError, Tx};

use super::ContactChange;

/// Stores a change in place of the account's earlier change of the same kind (address or number).
pub async fn upsert(
    tx: &mut Tx,
    account: AccountId,
    is_phone: bool,
    change: &ContactChange,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO contact_change (organisation_id, id, account_id, is_phone, value) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organisation_id, account_id, is_phone) DO UPDATE
         SET id = excluded.id, value = excluded.value",
        organisation,
        change.id,
        account.uuid(),
        is_phone,
        change.value,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Locks the account's unconfirmed change of this kind, if any.
pub async fn lock(
    tx: &mut Tx,
    account: AccountId,
    is_phone: bool,
) -> Result<Option<ContactChange>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        ContactChange,
        "SELECT id, value FROM contact_change
         WHERE organisation_id = $1 AND account_id = $2 AND is_phone = $3 FOR UPDATE",
        organisation,
        account.uuid(),
        is_phone,
    );
    Ok(row.fetch_optional(tx.connection()).await?)
}

/// Deletes the account's change of this kind.
pub async fn delete(tx: &mut Tx, account: AccountId, is_phone: bool) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM contact_change WHERE organisation_id = $1 AND account_id = $2 AND is_phone = $3",
        organisation,
        account.uuid(),
        is_phone,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
