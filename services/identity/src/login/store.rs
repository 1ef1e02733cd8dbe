//! The SQL of login attempts.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Attempt, CODES, LIFE, State, TRIES};

/// A code that was sent.
pub struct Code {
    /// Its keyed hash.
    pub hash: [u8; 32],
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Begins an attempt whose first code was sent.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    account: AccountId,
    token: &ScopedToken,
    code: &Code,
) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "INSERT INTO login (organisation_id, id, account_id, token_hash, state, code_hash, code_expires_at,
             codes_sent, tries, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0, $8)",
        organisation,
        id,
        account.uuid(),
        token.hash(),
        State::Code.number(),
        code.hash.as_slice(),
        code.expires_at.to_sqlx() as _,
        (now + LIFE).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Counts one try at an attempt in this state; `None` where it has no tries left, is over, or is in another state.
/// Commit before judging: what is judged has been counted.
pub async fn count_try(
    tx: &mut Tx,
    token: &ScopedToken,
    state: State,
) -> Result<Option<Attempt>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query!(
        "UPDATE login SET tries = tries + 1
         WHERE organisation_id = $1 AND token_hash = $2 AND state = $3 AND tries < $4 AND expires_at > $5
         RETURNING id, account_id, code_hash, code_expires_at",
        organisation,
        token.hash(),
        state.number(),
        TRIES,
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Attempt {
        id: row.id,
        account: AccountId(row.account_id),
        code_hash: row.code_hash,
        code_expires_at: row.code_expires_at.to_jiff(),
    }))
}

/// Why there is no new code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    /// The attempt is over.
    Ended,
    /// It asked for too many.
    TooMany,
}

/// The attempt that asks for another code, locked, with one more counted.
pub async fn count_code(
    tx: &mut Tx,
    token: &ScopedToken,
) -> Result<Result<(Uuid, AccountId), NoCode>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query!(
        "SELECT id, account_id, codes_sent FROM login
         WHERE organisation_id = $1 AND token_hash = $2 AND state = $3 AND tries < $4 AND expires_at > $5
         FOR UPDATE",
        organisation,
        token.hash(),
        State::Code.number(),
        TRIES,
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(Err(NoCode::Ended)) };
    if row.codes_sent >= CODES {
        return Ok(Err(NoCode::TooMany));
    }
    Ok(Ok((row.id, AccountId(row.account_id))))
}

/// Makes a new code the one that counts; older ones are void. The count of tries stays (OTP-02).
pub async fn replace_code(tx: &mut Tx, id: Uuid, code: &Code) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE login SET code_hash = $3, code_expires_at = $4, codes_sent = codes_sent + 1
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id,
        code.hash.as_slice(),
        code.expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Moves an attempt on; says whether it was still where the caller saw it, with the same code: a step is taken once.
/// From then on it answers to another token.
pub async fn advance(
    tx: &mut Tx,
    attempt: &Attempt,
    from: State,
    to: State,
    token: &ScopedToken,
) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let moved = sqlx::query!(
        "UPDATE login SET state = $5, token_hash = $6, tries = 0
         WHERE organisation_id = $1 AND id = $2 AND state = $3 AND code_hash = $4",
        organisation,
        attempt.id,
        from.number(),
        attempt.code_hash,
        to.number(),
        token.hash(),
    )
    .execute(tx.connection())
    .await?;
    Ok(moved.rows_affected() == 1)
}
