//! The SQL of step-ups.

use chassis::id::SessionId;
use proto::identity::v1::StepUpPurpose;
use store::{StoreError, Tx};

use super::StepUp;

/// Stores a session's step-up, in place of an earlier one.
pub async fn upsert(tx: &mut Tx, session: SessionId, step_up: &StepUp) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO step_up (organisation_id, id, session_id, purpose, subject) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organisation_id, session_id) DO UPDATE
         SET id = excluded.id, purpose = excluded.purpose, subject = excluded.subject",
        organisation,
        step_up.id,
        session.uuid(),
        i32::from(step_up.purpose),
        step_up.subject,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A session's step-up. Locks the row.
pub async fn lock(tx: &mut Tx, session: SessionId) -> Result<Option<StepUp>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT id, purpose, subject FROM step_up WHERE organisation_id = $1 AND session_id = $2 FOR UPDATE",
        organisation,
        session.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| StepUp {
        id: row.id,
        purpose: StepUpPurpose::try_from(row.purpose).unwrap_or_default(),
        subject: row.subject,
    }))
}

/// Deletes a session's step-up.
pub async fn delete(tx: &mut Tx, session: SessionId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM step_up WHERE organisation_id = $1 AND session_id = $2",
        organisation,
        session.uuid()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
