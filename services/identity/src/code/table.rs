//! The SQL of codes.

use chassis::id::AccountId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Code, MAX_TRIES};

/// The codes and tries of one attempt so far.
pub struct History {
    /// How many codes were sent.
    pub sent_count: i32,
    /// When the last code was sent.
    pub sent_at: Timestamp,
    /// How many tries were counted.
    pub tries: i32,
}

/// Locks the code of an attempt; returns the codes and tries so far.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<History>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT sent, sent_at, tries FROM code WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        organisation,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| History { sent_count: row.sent, sent_at: row.sent_at.to_jiff(), tries: row.tries }))
}

/// Stores a code in place of the attempt's older code, which becomes void. The count of tries goes on.
pub async fn upsert(
    tx: &mut Tx,
    account: AccountId,
    code: &Code,
    ends_at: Timestamp,
) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "INSERT INTO code AS c (organisation_id, id, account_id, hash, shown_digits, by_sms, expires_at, sent,
             sent_at, tries, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, 0, $9)
         ON CONFLICT (organisation_id, id) DO UPDATE
         SET hash = excluded.hash, shown_digits = excluded.shown_digits, by_sms = excluded.by_sms,
             expires_at = excluded.expires_at, sent = c.sent + 1, sent_at = excluded.sent_at,
             ends_at = greatest(c.ends_at, excluded.ends_at)",
        organisation,
        code.id,
        account.uuid(),
        code.hash,
        code.shown_digits,
        code.by_sms,
        code.expires_at.to_sqlx() as _,
        now as _,
        ends_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A row of `code`.
struct Row {
    hash: Vec<u8>,
    shown_digits: String,
    by_sms: bool,
    expires_at: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_code(self, id: Uuid) -> Code {
        let Self { hash, shown_digits, by_sms, expires_at } = self;
        Code { id, hash, shown_digits, by_sms, expires_at: expires_at.to_jiff() }
    }
}

/// The current code of an attempt, for the page that shows where the code went; counts no try.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Code>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT hash, shown_digits, by_sms, expires_at FROM code WHERE organisation_id = $1 AND id = $2",
        organisation,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.into_code(id)))
}

/// Counts one try and returns the code to judge; `None` when no tries are left or no code exists. Commit
/// before judging: a rollback would take the count back.
pub async fn count_try(tx: &mut Tx, id: Uuid) -> Result<Option<Code>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query_as!(
        Row,
        "UPDATE code SET tries = tries + 1
         WHERE organisation_id = $1 AND id = $2 AND tries < $3 AND ends_at > $4
         RETURNING hash, shown_digits, by_sms, expires_at",
        organisation,
        id,
        MAX_TRIES,
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.into_code(id)))
}

/// Deletes a code that was typed right, so that it works only once. Returns `false` when the code was used or
/// replaced after it was judged.
pub async fn consume(tx: &mut Tx, code: &Code) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let taken = sqlx::query!(
        "DELETE FROM code WHERE organisation_id = $1 AND id = $2 AND hash = $3",
        organisation,
        code.id,
        code.hash,
    )
    .execute(tx.connection())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Deletes the codes that went to an account's address or number, which changes now. The codes of contact
/// changes went to the new address or number and stay.
pub async fn delete_sent(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM code WHERE organisation_id = $1 AND account_id = $2 AND id NOT IN (
             SELECT id FROM contact_change WHERE organisation_id = $1 AND account_id = $2)",
        organisation,
        account.uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes the codes of attempts that have ended.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!("DELETE FROM code WHERE organisation_id = $1 AND ends_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    Ok(())
}
