//! Every service's copy of the organisations and their settings.

use chassis::{Ctx, id::OrganisationId};
use prost::Message;
use proto::identity::v1::{OrganisationConfigured, OrganisationSettings};

use crate::{
    Db, Mode, StoreError, Tx,
    consumer::{Handler, HandlerError},
    event::Received,
};

/// An organisation with its settings.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The organisation's id.
    pub id: OrganisationId,
    /// Rises with every change of the settings.
    pub version: i64,
    /// The settings.
    pub settings: OrganisationSettings,
}

/// Saves an organisation's settings unless this or a newer version is saved. Returns whether they were saved.
///
/// # Errors
/// When the database cannot be reached.
pub async fn save_if_newer(
    tx: &mut Tx,
    organisation: OrganisationId,
    version: i64,
    settings: &OrganisationSettings,
) -> Result<bool, StoreError> {
    let saved = sqlx::query!(
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
    Ok(saved.rows_affected() == 1)
}

/// The Ctx's organisation; `None` if its settings have not arrived yet.
///
/// # Errors
/// When the database cannot be reached or the settings cannot be read.
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

/// All organisations.
///
/// # Errors
/// When the database cannot be reached or settings cannot be read.
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

/// Saves the settings that identity publishes.
pub struct SaveSettings;

impl Handler for SaveSettings {
    type Message = OrganisationConfigured;

    async fn handle(&self, tx: &mut Tx, event: Received<OrganisationConfigured>) -> Result<(), HandlerError> {
        let settings = event.message.settings.unwrap_or_default();
        save_if_newer(tx, event.organisation, event.version, &settings).await?;
        Ok(())
    }
}
