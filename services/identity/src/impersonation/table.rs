//! The SQL of impersonation links.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::LINK_LIFE;

/// Stores a link; of its token only the hash is stored.
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
        (now + LINK_LIFE).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes a link that is opened, so that it works only once. Returns the account and the name of the person
/// who looks; `None` when the link is unknown, used or expired.
pub async fn consume(tx: &mut Tx, token: &ScopedToken) -> Result<Option<(AccountId, String)>, StoreError> {
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

/// Deletes the unopened links of an account, so that they stop working.
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

/// Deletes the links that nobody opened in time.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
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
