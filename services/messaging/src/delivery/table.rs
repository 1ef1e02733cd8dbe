//! The SQL of deliveries.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use prost_types::Any;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Delivery, PlainFields, back_off};
use crate::words::Channel;

/// For how long no other sender takes a delivery that is being sent: longer than an attempt may take.
const CLAIM: SignedDuration = SignedDuration::from_mins(1);

const WAITING: i32 = 1;

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A provider accepted the message.
    Sent,
    /// The message will never be sent.
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

/// Stores a delivery that has arrived.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    data: &Any,
    fields: &PlainFields,
    channel: Channel,
) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "INSERT INTO delivery (organisation_id, id, kind, account_id, payload, expires_at, state, attempts,
             next_attempt_at, traceparent, channel)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)",
        organisation,
        id,
        chassis::contract::type_name(data),
        fields.account,
        data.value,
        fields.expires_at.to_sqlx() as _,
        WAITING,
        now as _,
        chassis::telemetry::traceparent(),
        channel.number(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether a delivery of a channel is due.
pub async fn has_due(tx: &mut Tx, channel: Channel) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM delivery WHERE organisation_id = $1 AND state = $2 AND channel = $3
             AND next_attempt_at <= $4) AS "found!""#,
        organisation,
        WAITING,
        channel.number(),
        now.to_sqlx() as _,
    );
    Ok(found.fetch_one(tx.connection()).await?)
}

/// Takes at most `limit` due deliveries of a channel, those that expire soonest first, and counts the attempt. For a
/// minute no other sender takes them: after a crash they are due again.
pub async fn take_due(tx: &mut Tx, channel: Channel, limit: usize) -> Result<Vec<Delivery>, StoreError> {
    take(tx, channel, limit, false).await
}

/// As [`take_due`], but only what has expired: it needs no provider.
pub async fn take_expired(tx: &mut Tx, channel: Channel, limit: usize) -> Result<Vec<Delivery>, StoreError> {
    take(tx, channel, limit, true).await
}

async fn take(
    tx: &mut Tx,
    channel: Channel,
    limit: usize,
    only_expired: bool,
) -> Result<Vec<Delivery>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let rows = sqlx::query!(
        "SELECT id, kind, account_id, payload, expires_at, attempts, traceparent FROM delivery
         WHERE organisation_id = $1 AND state = $2 AND channel = $3 AND next_attempt_at <= $4
           AND (NOT $5 OR expires_at <= $4)
         ORDER BY expires_at LIMIT $6 FOR UPDATE SKIP LOCKED",
        organisation,
        WAITING,
        channel.number(),
        now.to_sqlx() as _,
        only_expired,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    sqlx::query!(
        "UPDATE delivery SET attempts = attempts + 1, next_attempt_at = $3
         WHERE organisation_id = $1 AND id = ANY($2)",
        organisation,
        &ids,
        (now + CLAIM).to_sqlx() as _,
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
            traceparent: row.traceparent,
        })
        .collect())
}

/// Schedules the next attempt of a delivery that was not accepted.
pub async fn schedule_retry(tx: &mut Tx, delivery: &Delivery) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "UPDATE delivery SET next_attempt_at = $3 WHERE organisation_id = $1 AND id = $2",
        organisation,
        delivery.id,
        (now + back_off(delivery.attempts)).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Hands a delivery over to the other channel.
pub async fn hand_over(tx: &mut Tx, id: Uuid, channel: Channel) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "UPDATE delivery SET channel = $3, next_attempt_at = $4, attempts = 0
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id,
        channel.number(),
        now.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends a delivery and empties its payload.
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

/// How long a delivery that has ended is kept, for questions about what was sent.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Deletes deliveries that ended long ago.
pub async fn delete_ended(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    sqlx::query!(
        "DELETE FROM delivery WHERE organisation_id = $1 AND id IN (
             SELECT id FROM delivery WHERE organisation_id = $1 AND ended_at <= $2 LIMIT 500)",
        organisation,
        (now - KEPT).to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes all deliveries of an account.
pub async fn delete_of_account(tx: &mut Tx, account: Uuid) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM delivery WHERE organisation_id = $1 AND account_id = $2",
        organisation,
        account
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
