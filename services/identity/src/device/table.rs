//! The SQL of devices.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Device, MAX_TOKENS, TOKEN_SEPARATOR};

/// Adds a device; returns the token that the browser keeps.
pub async fn insert(
    tx: &mut Tx,
    account: AccountId,
    name: &str,
    remembered: bool,
    life_days: i32,
) -> Result<ScopedToken, StoreError> {
    let (organisation, now) = (tx.ctx().organisation, tx.ctx().now);
    let token = ScopedToken::generate(organisation);
    let expires_at = now + SignedDuration::from_hours(24 * i64::from(life_days));
    sqlx::query!(
        "INSERT INTO device (organisation_id, id, account_id, token_hash, name, remembered, added_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        organisation.uuid(),
        chassis::id::v7(now),
        account.uuid(),
        token.hash(),
        name,
        remembered,
        now.to_sqlx() as _,
        expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(token)
}

struct Row {
    id: Uuid,
    name: String,
    remembered: bool,
    added_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
}

impl From<Row> for Device {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            remembered: row.remembered,
            added_at: row.added_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
        }
    }
}

/// The account's unexpired device that one of the browser's tokens belongs to. For an unknown account the
/// work is the same, so that the answer's time does not reveal who exists.
pub async fn find(tx: &mut Tx, tokens: &str, account: AccountId) -> Result<Option<Device>, StoreError> {
    let organisation = tx.ctx().organisation;
    let tokens = tokens.split(TOKEN_SEPARATOR).take(MAX_TOKENS).filter_map(ScopedToken::parse);
    let tokens = tokens.filter(|token| token.organisation() == organisation);
    let hashes: Vec<Vec<u8>> = tokens.map(|token| token.hash()).collect();
    if hashes.is_empty() {
        return Ok(None);
    }
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, name, remembered, added_at AS "added_at: _", expires_at AS "expires_at: _"
         FROM device WHERE organisation_id = $1 AND token_hash = ANY($2) AND account_id = $3 AND expires_at > $4
         ORDER BY remembered DESC, expires_at DESC LIMIT 1"#,
        organisation.uuid(),
        &hashes,
        account.uuid(),
        tx.ctx().now.to_sqlx() as _,
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Device::from))
}

/// The remembered devices of an account, newest first.
pub async fn list(tx: &mut Tx, account: AccountId) -> Result<Vec<Device>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, name, remembered, added_at AS "added_at: _", expires_at AS "expires_at: _"
         FROM device WHERE organisation_id = $1 AND account_id = $2 AND remembered AND expires_at > $3
         ORDER BY added_at DESC, id"#,
        organisation,
        account.uuid(),
        now as _,
    );
    Ok(rows.fetch_all(tx.connection()).await?.into_iter().map(Device::from).collect())
}

/// Deletes one device of an account, or with `None` all of them; returns whether any existed.
pub async fn delete(tx: &mut Tx, account: AccountId, id: Option<Uuid>) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let gone = sqlx::query!(
        "DELETE FROM device WHERE organisation_id = $1 AND account_id = $2 AND ($3::uuid IS NULL OR id = $3)",
        organisation,
        account.uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected() > 0)
}

/// Deletes the devices that have expired.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "DELETE FROM device WHERE organisation_id = $1 AND expires_at <= $2",
        organisation,
        now as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
