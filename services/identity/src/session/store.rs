//! The SQL of sessions.

use chassis::{
    id::{AccountId, SessionId},
    secret::ScopedToken,
};
use jiff_sqlx::ToSqlx;
use proto::access::v1::Level;
use store::{StoreError, Tx};

use super::Session;

/// Adds a session that answers to a token.
pub async fn insert(
    tx: &mut Tx,
    session: &Session,
    token: &ScopedToken,
    amr: &[String],
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO session (organisation_id, id, account_id, token_hash, amr, level, started_at, seen_at,
             ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        organisation,
        session.id.uuid(),
        session.account.uuid(),
        token.hash(),
        amr,
        i32::from(session.level),
        session.seen_at.to_sqlx() as _,
        session.ends_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The session that answers to a token.
pub async fn find(tx: &mut Tx, token: &ScopedToken) -> Result<Option<Session>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT id, account_id, level, seen_at, ends_at FROM session
         WHERE organisation_id = $1 AND token_hash = $2",
        organisation,
        token.hash(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Session {
        id: SessionId(row.id),
        account: AccountId(row.account_id),
        level: Level::try_from(row.level).unwrap_or_default(),
        seen_at: row.seen_at.to_jiff(),
        ends_at: row.ends_at.to_jiff(),
    }))
}

/// Notes that a session is used now.
pub async fn touch(tx: &mut Tx, id: SessionId) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "UPDATE session SET seen_at = greatest(seen_at, $3) WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes a session away; says whether it was there.
pub async fn delete(tx: &mut Tx, id: SessionId) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let gone =
        sqlx::query!("DELETE FROM session WHERE organisation_id = $1 AND id = $2", organisation, id.uuid())
            .execute(tx.connection())
            .await?;
    Ok(gone.rows_affected() == 1)
}

/// Takes away what ended by time: sessions and attempts.
pub async fn delete_over(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!("DELETE FROM session WHERE organisation_id = $1 AND ends_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    sqlx::query!("DELETE FROM login WHERE organisation_id = $1 AND expires_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    Ok(())
}
