//! Erases personal data in the event log: the sealed fields of events about an account that was removed.

use chassis::{contract, id::OrganisationId};
use prost::Message;
use proto::event::v1::Event;
use uuid::Uuid;

use crate::{Db, StoreError};

/// Clears the sealed fields of all published events with these subjects about one aggregate, such as a
/// removed account. The events stay, in their order. Returns whether all events are erased: `false` while an
/// event with one of these subjects waits to be published.
///
/// # Errors
/// When the database cannot be reached, or an event cannot be decoded.
pub async fn blank_sealed(
    db: &Db,
    organisation: OrganisationId,
    subjects: &[String],
    aggregate: Uuid,
) -> Result<bool, StoreError> {
    let mut tx = db.as_role("relay").await?;
    // Look into the outbox before the log: an event that the relay moves meanwhile is then found in the log.
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM outbox WHERE organisation_id = $1 AND subject = ANY($2)) AS "waits!""#,
        organisation.uuid(),
        subjects,
    )
    .fetch_one(&mut *tx)
    .await?;
    let aggregate = aggregate.to_string();
    // The log has no column for the aggregate; its id is a text within the payload. Searching the payload
    // keeps the query from returning every event of the organisation.
    let rows = sqlx::query!(
        "SELECT position, payload FROM event_log
         WHERE organisation_id = $1 AND subject = ANY($2) AND position($3::bytea IN payload) > 0",
        organisation.uuid(),
        subjects,
        aggregate.as_bytes(),
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let mut event = Event::decode(row.payload.as_slice())?;
        if event.aggregate_id != aggregate {
            continue;
        }
        event.data = event.data.as_ref().and_then(contract::without_sealed);
        sqlx::query!(
            "UPDATE event_log SET payload = $2 WHERE position = $1",
            row.position,
            event.encode_to_vec(),
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(!waits)
}
