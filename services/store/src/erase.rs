//! Erasing what the event log keeps of somebody who is gone: the sealed fields of events about them.

use chassis::{contract, id::OrganisationId};
use prost::Message;
use proto::event::v1::Event;
use uuid::Uuid;

use crate::{Db, StoreError};

/// Blanks the sealed fields of all published facts of these subjects about one thing, such as a person who is gone. The
/// facts stay, and so does their order. Says whether that was all: none of these subjects waits to be published.
///
/// # Errors
/// When the database is away, or an event cannot be decoded.
pub async fn blank_sealed(
    db: &Db,
    organisation: OrganisationId,
    subjects: &[String],
    aggregate: Uuid,
) -> Result<bool, StoreError> {
    let mut tx = db.as_role("relay").await?;
    // Before the log is read: what is moved there meanwhile is seen.
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM outbox WHERE organisation_id = $1 AND subject = ANY($2)) AS "waits!""#,
        organisation.uuid(),
        subjects,
    )
    .fetch_one(&mut *tx)
    .await?;
    let aggregate = aggregate.to_string();
    // The log has no column for it; the id stands in the event as text. Else all facts would come over for each person.
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
