//! The SQL of counts.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::{Count, DAY, FAILURES, Kind, Limits, WAITS};

/// Counts a try as a failure before it is judged; says whether it may be judged at all: no wait is on, or it counts
/// `always`. Commit before judging.
pub async fn enter(tx: &mut Tx, count: &Count, always: bool) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    let entered = sqlx::query!(
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
        FAILURES,
        always,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(entered.is_some())
}

/// Takes back the try that was counted last: it was right, as far as it went. Earlier failures stay.
pub async fn take_back(tx: &mut Tx, count: &Count) -> Result<(), StoreError> {
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

/// Begins anew: somebody logged in to the end, or may try again at once.
pub async fn lift(tx: &mut Tx, counts: &[Count]) -> Result<(), StoreError> {
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

/// Counts one of each; says whether all are within their day's limit. Counts are taken in the order of their kinds, so
/// that two who count the same do not wait for each other.
pub async fn count(tx: &mut Tx, counts: &[Count], limits: Limits) -> Result<bool, StoreError> {
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

/// Takes away counts whose day is over.
pub async fn delete_over(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now);
    // A little later than they begin anew, so that neither waits for the other.
    let over = now - DAY - SignedDuration::from_hours(1);
    sqlx::query!(
        "DELETE FROM throttle WHERE organisation_id = $1 AND since <= $2",
        organisation,
        over.to_sqlx() as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Both counts of failures of a user name.
#[must_use]
pub fn failures(key: &chassis::secret::HashKey, username: &str) -> [Count; 2] {
    [Kind::Stranger, Kind::KnownDevice].map(|kind| Count::of(key, kind, username))
}
