//! The organisations and their settings, as every service keeps them.

use chassis::{Ctx, id::OrganisationId};
use prost::Message;
use proto::identity::v1::{OrganisationConfigured, OrganisationSettings};

use crate::{
    Db, Mode, StoreError, Tx,
    consumer::{Handler, HandlerError},
    event::Received,
};

/// An organisation as a service knows it.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The organisation.
    pub id: OrganisationId,
    /// Rises with every change of the settings.
    pub version: i64,
    /// The settings.
    pub settings: OrganisationSettings,
}

/// Keeps an organisation's settings unless newer ones are known. Says whether they were kept.
///
/// # Errors
/// When the database is away.
pub async fn keep(
    tx: &mut Tx,
    organisation: OrganisationId,
    version: i64,
    settings: &OrganisationSettings,
) -> Result<bool, StoreError> {
    let kept = sqlx::query!(
        "INSERT INTO organisation AS o (organisation_id, key, version, settings) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organisation_id) DO UPDATE
         SET key = excluded.key, version = excluded.version, settings = excluded.settings
         WHERE o.version < excluded.version",
        organisation.uuid(),
        settings.key,
        version,
        settings.encode_to_vec(),
    )
    .execute(tx.connection())
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// The Ctx's organisation; `None` until it was heard of.
///
/// # Errors
/// When the database is away or the settings cannot be read.
pub async fn find(tx: &mut Tx) -> Result<Option<Organisation>, StoreError> {
    let id = tx.ctx().organisation;
    let row =
        sqlx::query!("SELECT version, settings FROM organisation WHERE organisation_id = $1", id.uuid())
            .fetch_optional(tx.connection())
            .await?;
    row.map(|row| {
        Ok(Organisation {
            id,
            version: row.version,
            settings: OrganisationSettings::decode(row.settings.as_slice())?,
        })
    })
    .transpose()
}

/// All organisations, for loops that take them one by one.
///
/// # Errors
/// When the database is away or settings cannot be read.
pub async fn list(db: &Db, ctx: &Ctx) -> Result<Vec<Organisation>, StoreError> {
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let rows =
        sqlx::query!("SELECT organisation_id, version, settings FROM organisation ORDER BY organisation_id")
            .fetch_all(tx.connection())
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Organisation {
                id: OrganisationId(row.organisation_id),
                version: row.version,
                settings: OrganisationSettings::decode(row.settings.as_slice())?,
            })
        })
        .collect()
}

/// Keeps what identity tells of organisations.
pub struct KeepSettings;

impl Handler for KeepSettings {
    type Message = OrganisationConfigured;

    async fn handle(&self, tx: &mut Tx, event: Received<OrganisationConfigured>) -> Result<(), HandlerError> {
        let settings = event.message.settings.unwrap_or_default();
        keep(tx, event.organisation, event.version, &settings).await?;
        Ok(())
    }
}
