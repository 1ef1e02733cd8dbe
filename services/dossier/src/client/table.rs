//! The SQL of clients.

use std::collections::HashMap;

use chassis::id::ClientId;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use proto::dossier::v1::UpsertOutcome;
use store::{StoreError, Tx};

use super::{Client, Origin};

/// Adds a client, or changes a stored client of an older version. Returns the id in the table.
pub async fn upsert(tx: &mut Tx, client: &Client) -> Result<(ClientId, UpsertOutcome), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let written = sqlx::query!(
        r#"INSERT INTO client AS c (organisation_id, client_id, source, external_id, version, name, birth_date)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organisation_id, source, external_id) DO UPDATE
         SET version = excluded.version, name = excluded.name, birth_date = excluded.birth_date
         WHERE c.version < excluded.version
         RETURNING client_id"#,
        organisation,
        client.id.uuid(),
        client.origin.source,
        client.origin.external_id,
        client.origin.version,
        client.name,
        client.birth_date.map(Date::to_sqlx) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(written) = written {
        let id = ClientId(written.client_id);
        let new = id == client.id;
        return Ok((id, if new { UpsertOutcome::Created } else { UpsertOutcome::Updated }));
    }
    let id = sqlx::query_scalar!(
        "SELECT client_id FROM client WHERE organisation_id = $1 AND source = $2 AND external_id = $3",
        organisation,
        client.origin.source,
        client.origin.external_id,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((ClientId(id), UpsertOutcome::Unchanged))
}

/// Finds the ids of clients by (source, external id); unknown clients are left out.
pub async fn find_ids(
    tx: &mut Tx,
    origins: &[(String, String)],
) -> Result<HashMap<(String, String), ClientId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let (sources, external_ids): (Vec<String>, Vec<String>) = origins.iter().cloned().unzip();
    let rows = sqlx::query!(
        "SELECT c.source, c.external_id, c.client_id
         FROM unnest($2::text[], $3::text[]) AS o (source, external_id)
         JOIN client c ON c.organisation_id = $1 AND c.source = o.source AND c.external_id = o.external_id",
        organisation,
        &sources,
        &external_ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| ((row.source, row.external_id), ClientId(row.client_id))).collect())
}

/// Finds a client by its id.
pub async fn find(tx: &mut Tx, id: ClientId) -> Result<Option<Client>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT source, external_id, version, name, birth_date FROM client
         WHERE organisation_id = $1 AND client_id = $2",
        organisation,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Client {
        id,
        origin: Origin { source: row.source, external_id: row.external_id, version: row.version },
        name: row.name,
        birth_date: row.birth_date.map(jiff_sqlx::Date::to_jiff),
    }))
}

/// Locks a client until the end of the transaction. `false`: there is no such client.
pub async fn lock(tx: &mut Tx, id: ClientId) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let found = sqlx::query_scalar!(
        "SELECT client_id FROM client WHERE organisation_id = $1 AND client_id = $2 FOR UPDATE",
        organisation,
        id.uuid(),
    );
    Ok(found.fetch_optional(tx.connection()).await?.is_some())
}

/// Stores when a client's care ended, or `None` when the care goes on. Returns the new version of this fact,
/// or `None` when it was stored already.
pub async fn set_care(
    tx: &mut Tx,
    id: ClientId,
    ended_at: Option<Timestamp>,
) -> Result<Option<i64>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    Ok(sqlx::query_scalar!(
        "UPDATE client SET care_ended_at = $3, care_version = care_version + 1
         WHERE organisation_id = $1 AND client_id = $2 AND care_ended_at IS DISTINCT FROM $3
         RETURNING care_version",
        organisation,
        id.uuid(),
        ended_at.map(Timestamp::to_sqlx) as _,
    )
    .fetch_optional(tx.connection())
    .await?)
}
