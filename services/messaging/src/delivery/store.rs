//! The SQL of deliveries.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use prost_types::Any;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Delivery, Outside, back_off};

/// How many deliveries of an organisation are taken at once.
const WINDOW: i64 = 32;

const WAITING: i32 = 1;

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A provider took it.
    Sent,
    /// It never will be.
    Failed,
}

impl End {
    const fn number(self) -> i32 {
        match self {
            Self::Sent => 2,
            Self::Failed => 3,
        }
    }
}

/// Keeps a delivery that came in.
pub async fn insert(tx: &mut Tx, id: Uuid, data: &Any, outside: &Outside) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "INSERT INTO delivery (organisation_id, id, kind, account_id, payload, expires_at, state, attempts,
             next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
        organisation,
        id,
        chassis::contract::type_name(data),
        outside.account,
        data.value,
        outside.expires_at.to_sqlx() as _,
        WAITING,
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes what is due, and counts the attempt: after a crash it is tried again, after the wait.
pub async fn take_due(tx: &mut Tx) -> Result<Vec<Delivery>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let rows = sqlx::query!(
        "SELECT id, kind, account_id, payload, expires_at, attempts FROM delivery
         WHERE organisation_id = $1 AND state = $2 AND next_attempt_at <= $3
         ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED",
        organisation,
        WAITING,
        now.to_sqlx() as _,
        WINDOW,
    )
    .fetch_all(tx.connection())
    .await?;
    let (ids, again): (Vec<Uuid>, Vec<jiff_sqlx::Timestamp>) =
        rows.iter().map(|row| (row.id, Timestamp::to_sqlx(now + back_off(row.attempts + 1)))).unzip();
    sqlx::query!(
        "UPDATE delivery d SET attempts = d.attempts + 1, next_attempt_at = t.again
         FROM unnest($2::uuid[], $3::timestamptz[]) AS t (id, again)
         WHERE d.organisation_id = $1 AND d.id = t.id",
        organisation,
        &ids,
        &again as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Delivery {
            id: row.id,
            kind: row.kind,
            account: row.account_id,
            payload: row.payload,
            expires_at: row.expires_at.to_jiff(),
            attempts: row.attempts + 1,
        })
        .collect())
}

/// Ends a delivery and blanks what it held.
pub async fn end(tx: &mut Tx, id: Uuid, end: End) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "UPDATE delivery SET state = $3, payload = '', ended_at = $4 WHERE organisation_id = $1 AND id = $2",
        organisation,
        id,
        end.number(),
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
