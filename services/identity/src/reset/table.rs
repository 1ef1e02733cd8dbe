//! The SQL of password resets.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::SentLink;

/// A stored request for a new password.
pub struct Request {
    /// The user name in normalised form.
    pub username: String,
    /// The e-mail address as typed.
    pub email: String,
}

/// Stores a request.
pub async fn insert(tx: &mut Tx, username: &str, email: &str) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "INSERT INTO reset_request (organisation_id, id, username, email) VALUES ($1, $2, $3, $4)",
        organisation,
        chassis::id::v7(now),
        username,
        email,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes the oldest request and returns it.
pub async fn take(tx: &mut Tx) -> Result<Option<Request>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Request,
        "DELETE FROM reset_request WHERE organisation_id = $1 AND id = (
             SELECT id FROM reset_request WHERE organisation_id = $1 ORDER BY id LIMIT 1 FOR UPDATE)
         RETURNING username, email",
        organisation,
    );
    Ok(row.fetch_optional(tx.connection()).await?)
}

/// Deletes all requests.
pub async fn delete_all(tx: &mut Tx) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!("DELETE FROM reset_request WHERE organisation_id = $1", organisation)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Stores the hash of a link's token, in place of an earlier one.
pub async fn set_link(
    tx: &mut Tx,
    account: AccountId,
    token: &ScopedToken,
    expires_at: jiff::Timestamp,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET reset_hash = $3, reset_expires_at = $4 WHERE organisation_id = $1 AND id = $2",
        organisation,
        account.uuid(),
        token.hash(),
        expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The account of a link's token, with the link.
pub async fn find_by_link(
    tx: &mut Tx,
    token: &ScopedToken,
) -> Result<Option<(AccountId, SentLink)>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        r#"SELECT id, reset_hash AS "hash!", reset_expires_at AS "expires_at!: jiff_sqlx::Timestamp" FROM account
         WHERE organisation_id = $1 AND reset_hash = $2"#,
        organisation,
        token.hash(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (AccountId(row.id), SentLink { hash: row.hash, expires_at: row.expires_at.to_jiff() })))
}

/// The same, and locks the account's row.
pub async fn lock_by_link(
    tx: &mut Tx,
    token: &ScopedToken,
) -> Result<Option<(AccountId, SentLink)>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let Some(found) = find_by_link(tx, token).await? else { return Ok(None) };
    let locked = sqlx::query!(
        "SELECT id FROM account WHERE organisation_id = $1 AND id = $2 AND reset_hash = $3 FOR UPDATE",
        organisation,
        found.0.uuid(),
        token.hash(),
    );
    Ok(locked.fetch_optional(tx.connection()).await?.map(|_| found))
}
