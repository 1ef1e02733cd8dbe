//! The SQL of links to look along.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::LINK;

/// Keeps a link that was asked for.
pub async fn insert(
    tx: &mut Tx,
    account: AccountId,
    token: &ScopedToken,
    impersonator: &str,
) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "INSERT INTO impersonation (organisation_id, id, account_id, token_hash, impersonator, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        organisation,
        chassis::id::v7(now),
        account.uuid(),
        token.hash(),
        impersonator,
        (now + LINK).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Uses a link up: in whose name, and by whom; `None` where it is good no more.
pub async fn take(tx: &mut Tx, token: &ScopedToken) -> Result<Option<(AccountId, String)>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query!(
        "DELETE FROM impersonation WHERE organisation_id = $1 AND token_hash = $2 AND expires_at > $3
         RETURNING account_id, impersonator",
        organisation,
        token.hash(),
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (AccountId(row.account_id), row.impersonator)))
}

/// Links that nobody opened yet are good no more.
pub async fn delete_all(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM impersonation WHERE organisation_id = $1 AND account_id = $2",
        organisation,
        account.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes away links that nobody opened in time.
pub async fn delete_over(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "DELETE FROM impersonation WHERE organisation_id = $1 AND expires_at <= $2",
        organisation,
        now as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
