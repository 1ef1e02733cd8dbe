//! The SQL of the counters.

use chassis::keyed_hash::HashKeys;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::{Count, DAY, Kind, Limits, MAX_FAILURES, WAITS};

/// Counts a try as a failure before the try is judged. During a wait nothing is counted and the result is
/// false: the try may not be judged. With `ignores_wait` the try always counts. Commit before judging.
pub async fn count_try(tx: &mut Tx, count: &Count, ignores_wait: bool) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let counted = sqlx::query!(
        "INSERT INTO throttle AS t (organisation_id, kind, key, count, since, until)
         VALUES ($1, $2, $3, 1, $4, $4::timestamptz + make_interval(secs => ($6::float8[])[1]))
         ON CONFLICT (organisation_id, kind, key) DO UPDATE
         SET count = CASE WHEN t.since <= $5 THEN 1 ELSE t.count + 1 END,
             since = CASE WHEN t.since <= $5 THEN $4 ELSE t.since END,
             until = CASE
                 WHEN t.since <= $5 THEN $4::timestamptz + make_interval(secs => ($6::float8[])[1])
                 WHEN t.count + 1 >= $7 THEN t.since + make_interval(days => 1)
                 ELSE $4::timestamptz + make_interval(secs => ($6::float8[])[least(t.count + 1, cardinality($6::float8[]))])
             END
         WHERE t.until <= $4 OR t.since <= $5 OR $8
         RETURNING count",
        organisation,
        count.kind.number(),
        count.key.as_slice(),
        now.to_sqlx() as _,
        (now - DAY).to_sqlx() as _,
        WAITS.as_slice(),
        MAX_FAILURES,
        ignores_wait,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(counted.is_some())
}

/// Takes back the last counted try, because it was no failure. Earlier failures stay, and no wait follows.
pub async fn take_back_try(tx: &mut Tx, count: &Count) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "UPDATE throttle SET count = greatest(count - 1, 0), until = $4
         WHERE organisation_id = $1 AND kind = $2 AND key = $3",
        organisation,
        count.kind.number(),
        count.key.as_slice(),
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes counters, because the person has logged in or may try again at once.
pub async fn clear(tx: &mut Tx, counts: &[Count]) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    for count in counts {
        sqlx::query!(
            "DELETE FROM throttle WHERE organisation_id = $1 AND kind = $2 AND key = $3",
            organisation,
            count.kind.number(),
            count.key.as_slice(),
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Raises each counter by one; returns whether all are within their limit per day. Callers pass the counters
/// in the order of their kinds, so that two transactions cannot deadlock.
pub async fn count_within_limit(tx: &mut Tx, counts: &[Count], limits: Limits) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let mut within = true;
    for Count { kind, key } in counts {
        let number = sqlx::query_scalar!(
            "INSERT INTO throttle AS t (organisation_id, kind, key, count, since, until)
             VALUES ($1, $2, $3, 1, $4, $4)
             ON CONFLICT (organisation_id, kind, key) DO UPDATE
             SET count = CASE WHEN t.since <= $5 THEN 1 ELSE t.count + 1 END,
                 since = CASE WHEN t.since <= $5 THEN $4 ELSE t.since END
             RETURNING count",
            organisation,
            kind.number(),
            key.as_slice(),
            now.to_sqlx() as _,
            (now - DAY).to_sqlx() as _,
        )
        .fetch_one(tx.connection())
        .await?;
        within &= number <= limits.of(*kind);
    }
    Ok(within)
}

/// Deletes counters whose day is over.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    // An hour after a counter may restart, so that deleting and restarting do not wait for the same row.
    let oldest = now - DAY - SignedDuration::from_hours(1);
    sqlx::query!(
        "DELETE FROM throttle WHERE organisation_id = $1 AND since <= $2",
        organisation,
        oldest.to_sqlx() as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Both failure counters of a user name: from unknown and from known devices.
#[must_use]
pub fn failure_counts(keys: &HashKeys, username: &str) -> [Count; 2] {
    [Kind::UnknownDevice, Kind::KnownDevice].map(|kind| Count::of(keys, kind, username))
}
