//! The SQL of codes.

use chassis::id::AccountId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Code, TRIES};

/// How often codes were sent under an id, and when last.
pub struct History {
    /// How often.
    pub sent: i32,
    /// When last.
    pub sent_at: Timestamp,
    /// How many tries were made.
    pub tries: i32,
}

/// What was sent under an id so far; locked.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<History>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT sent, sent_at, tries FROM code WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        organisation,
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| History { sent: row.sent, sent_at: row.sent_at.to_jiff(), tries: row.tries }))
}

/// Makes a code the one that counts; older ones are void. The count of tries stays.
pub async fn put(tx: &mut Tx, account: AccountId, code: &Code, ends_at: Timestamp) -> Result<(), StoreError> {
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
    fn code(self, id: Uuid) -> Code {
        let Self { hash, shown_digits, by_sms, expires_at } = self;
        Code { id, hash, shown_digits, by_sms, expires_at: expires_at.to_jiff() }
    }
}

/// The code under an id, as a page shows it.
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
    Ok(row.map(|row| row.code(id)))
}

/// Counts one try; `None` where there are no tries left, or no code. Commit before judging.
pub async fn count_try(tx: &mut Tx, id: Uuid) -> Result<Option<Code>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query_as!(
        Row,
        "UPDATE code SET tries = tries + 1
         WHERE organisation_id = $1 AND id = $2 AND tries < $3 AND ends_at > $4
         RETURNING hash, shown_digits, by_sms, expires_at",
        organisation,
        id,
        TRIES,
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.code(id)))
}

/// Uses a code up; says whether it was still the one that was judged: it leads on once.
pub async fn take(tx: &mut Tx, code: &Code) -> Result<bool, StoreError> {
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

/// Takes away the codes that went to where an account is reached: it changes. Those to a new address or number stay.
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

/// Takes away codes that nobody can ask for any more.
pub async fn delete_over(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!("DELETE FROM code WHERE organisation_id = $1 AND ends_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    Ok(())
}
