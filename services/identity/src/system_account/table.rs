//! The SQL of system accounts.

use chassis::{
    id::SystemId,
    secret::{ScopedToken, constant_time_eq},
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

/// The account of a system.
pub struct SystemAccount {
    /// The system's name.
    pub name: String,
    /// The hash of the system's secret.
    secret_hash: Vec<u8>,
    /// The hash of the secret before, while that one still works.
    old_secret_hash: Option<Vec<u8>>,
    /// The scopes that the system may use.
    pub scopes: Vec<String>,
}

impl SystemAccount {
    /// Whether this is a secret of the system that works now.
    pub fn accepts(&self, secret: &ScopedToken) -> bool {
        let typed = secret.hash();
        let is_old = self.old_secret_hash.as_ref().is_some_and(|hash| constant_time_eq(hash, &typed));
        constant_time_eq(&self.secret_hash, &typed) || is_old
    }
}

/// A system with its secret and scopes, as CreateSystemAccount stores it.
pub struct Stored {
    /// The system's id, which never changes.
    pub id: SystemId,
    /// Whether the system was known before.
    pub was_known: bool,
}

/// Stores a system's new secret and scopes. Earlier secrets stop working; a disabled system works again.
pub async fn upsert(
    tx: &mut Tx,
    name: &str,
    secret: &ScopedToken,
    scopes: &[String],
) -> Result<Stored, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let new = SystemId::new(now);
    let id = sqlx::query_scalar!(
        "INSERT INTO system_account (organisation_id, id, name, secret_hash, scopes)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organisation_id, name) DO UPDATE
         SET secret_hash = excluded.secret_hash, scopes = excluded.scopes, old_secret_hash = NULL,
             old_secret_ends_at = NULL, disabled_at = NULL
         RETURNING id",
        organisation,
        new.uuid(),
        name,
        secret.hash(),
        scopes,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Stored { id: SystemId(id), was_known: id != new.uuid() })
}

/// Replaces a system's secret; the secret of before works until a time. Returns whether the system exists.
pub async fn replace_secret(
    tx: &mut Tx,
    id: SystemId,
    secret: &ScopedToken,
    old_ends_at: Timestamp,
) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let replaced = sqlx::query!(
        "UPDATE system_account
         SET old_secret_hash = secret_hash, old_secret_ends_at = $4, secret_hash = $3
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        secret.hash(),
        old_ends_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Disables a system. Returns whether the system exists.
pub async fn disable(tx: &mut Tx, id: SystemId) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let disabled = sqlx::query!(
        "UPDATE system_account SET disabled_at = $3 WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(disabled.rows_affected() == 1)
}

/// Finds the account of a system that is not disabled.
pub async fn find(tx: &mut Tx, id: SystemId) -> Result<Option<SystemAccount>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query_as!(
        SystemAccount,
        "SELECT name, secret_hash, scopes,
             CASE WHEN old_secret_ends_at > $3 THEN old_secret_hash END AS old_secret_hash
         FROM system_account WHERE organisation_id = $1 AND id = $2 AND disabled_at IS NULL",
        organisation,
        id.uuid(),
        now as _,
    );
    Ok(row.fetch_optional(tx.connection()).await?)
}
