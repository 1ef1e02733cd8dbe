//! The SQL of system accounts.

use chassis::{id::SystemId, secret::ScopedToken};
use store::{StoreError, Tx};

/// The account of a system.
pub struct SystemAccount {
    /// The system's name.
    pub name: String,
    /// The hash of the system's secret.
    pub secret_hash: Vec<u8>,
    /// The scopes that the system may use.
    pub scopes: Vec<String>,
}

/// Stores a system's new secret and scopes. Returns the system's id, which never changes.
pub async fn upsert(
    tx: &mut Tx,
    name: &str,
    secret: &ScopedToken,
    scopes: &[String],
) -> Result<SystemId, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let id = sqlx::query_scalar!(
        "INSERT INTO system_account (organisation_id, id, name, secret_hash, scopes)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organisation_id, name) DO UPDATE
         SET secret_hash = excluded.secret_hash, scopes = excluded.scopes
         RETURNING id",
        organisation,
        SystemId::new(now).uuid(),
        name,
        secret.hash(),
        scopes,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(SystemId(id))
}

/// Finds the account of a system.
pub async fn find(tx: &mut Tx, id: SystemId) -> Result<Option<SystemAccount>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        SystemAccount,
        "SELECT name, secret_hash, scopes FROM system_account WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?)
}
