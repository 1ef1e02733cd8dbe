//! Asks whether the trail takes records, so that a service with a full disk is not ready: without a record there is no
//! answer.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Db, StoreError};

/// Whether a record could be inserted now. The probe's record belongs to no organisation and is rolled back.
pub async fn takes_records(db: &Db, now: Timestamp) -> bool {
    match insert_and_roll_back(db, now).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(cause = chassis::failure::chain(&error), "the trail takes no records");
            false
        }
    }
}

async fn insert_and_roll_back(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let day = now.to_zoned(TimeZone::UTC).date().to_sqlx();
    let mut tx = db.as_role("audit").await?;
    // The month's partition may be the probe's to make: rolled back, the first record makes the partition.
    sqlx::query!("SELECT zp_audit_month($1)", day as _).execute(&mut *tx).await?;
    sqlx::query!(
        "INSERT INTO audit_record (organisation_id, writer_id, day, sequence, record_id, recorded_at, actor_kind,
             actor_id, person_name, person_relation, person_ground, person_impersonator, section, method, outcome,
             correlation_id, object_kind, object_id, event_id, hash)
         VALUES ($1, $2, $3, 0, $2, $4, 0, '', '', '', '', '', 0, 'probe', 0, '', '', '', $2, '')",
        Uuid::nil(),
        chassis::id::v7(now),
        day as _,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    Ok(tx.rollback().await?)
}
