//! The SQL of sessions.

use chassis::{
    id::{AccountId, ClientId, SessionId},
    secret::ScopedToken,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::access::v1::Level;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::Session;

/// Inserts a session with the hash of its token.
pub async fn insert(
    tx: &mut Tx,
    session: &Session,
    token: &ScopedToken,
    amr: &[String],
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO session (organisation_id, id, account_id, token_hash, amr, level, started_at, seen_at,
             ends_at, impersonator, device_name, last_login_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11)",
        organisation,
        session.id.uuid(),
        session.account.uuid(),
        token.hash(),
        amr,
        i32::from(session.level),
        session.seen_at.to_sqlx() as _,
        session.ends_at.to_sqlx() as _,
        session.impersonator,
        session.device_name,
        session.last_login_at.map(Timestamp::to_sqlx) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    level: i32,
    started_at: jiff_sqlx::Timestamp,
    seen_at: jiff_sqlx::Timestamp,
    ends_at: jiff_sqlx::Timestamp,
    chosen_client: Option<Uuid>,
    impersonator: String,
    device_name: String,
    last_login_at: Option<jiff_sqlx::Timestamp>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: SessionId(row.id),
            account: AccountId(row.account_id),
            level: Level::try_from(row.level).unwrap_or_default(),
            started_at: row.started_at.to_jiff(),
            seen_at: row.seen_at.to_jiff(),
            ends_at: row.ends_at.to_jiff(),
            chosen_client: row.chosen_client.map(ClientId),
            impersonator: row.impersonator,
            device_name: row.device_name,
            last_login_at: row.last_login_at.map(jiff_sqlx::Timestamp::to_jiff),
        }
    }
}

/// The session of a token.
pub async fn find(tx: &mut Tx, token: &ScopedToken) -> Result<Option<Session>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, account_id, level, started_at AS "started_at: _", seen_at AS "seen_at: _",
             ends_at AS "ends_at: _", chosen_client, impersonator, device_name,
             last_login_at AS "last_login_at: _"
         FROM session WHERE organisation_id = $1 AND token_hash = $2"#,
        organisation,
        token.hash(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Session::from))
}

/// The sessions of an account, newest first.
pub async fn list(tx: &mut Tx, account: AccountId) -> Result<Vec<Session>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, account_id, level, started_at AS "started_at: _", seen_at AS "seen_at: _",
             ends_at AS "ends_at: _", chosen_client, impersonator, device_name,
             last_login_at AS "last_login_at: _"
         FROM session WHERE organisation_id = $1 AND account_id = $2 ORDER BY started_at DESC, id"#,
        organisation,
        account.uuid(),
    );
    Ok(rows.fetch_all(tx.connection()).await?.into_iter().map(Session::from).collect())
}

/// Sets the time of a session's last use to now.
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

/// Stores which client's dossier a session has open.
pub async fn choose(tx: &mut Tx, id: SessionId, client: ClientId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE session SET chosen_client = $3 WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        client.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Raises a session's level and replaces its token. The level never goes down.
pub async fn raise_level(
    tx: &mut Tx,
    id: SessionId,
    level: Level,
    amr: &[String],
    token: &ScopedToken,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE session SET level = greatest(level, $3), amr = $4, token_hash = $5
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        i32::from(level),
        amr,
        token.hash(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes a session of an account; returns whether the session existed.
pub async fn delete(tx: &mut Tx, account: AccountId, id: SessionId) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let gone = sqlx::query!(
        "DELETE FROM session WHERE organisation_id = $1 AND account_id = $2 AND id = $3",
        organisation,
        account.uuid(),
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Deletes sessions that have reached their longest time.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!("DELETE FROM session WHERE organisation_id = $1 AND ends_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    Ok(())
}
