//! The SQL of ends of access.

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

/// A planned end of all access to a client.
#[derive(PartialEq, Eq)]
pub struct PlannedEnd {
    /// The client whose care has ended.
    pub client: ClientId,
    /// When access ends.
    pub ends_at: Timestamp,
    /// Whether people got the warning.
    pub is_announced: bool,
}

/// When care has ended, and when access ends.
#[derive(Clone, Copy)]
pub struct EndedCare {
    /// When care ended.
    pub at: Timestamp,
    /// When access ends.
    pub access_ends_at: Timestamp,
}

/// Plans the end of access to a client, or with `None` cancels the plan; an older event changes nothing.
pub async fn upsert(
    tx: &mut Tx,
    client: ClientId,
    ended: Option<EndedCare>,
    version: i64,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO end_of_access AS e (organisation_id, client_id, ends_at, is_told, version, care_ended_at)
         VALUES ($1, $2, $3, false, $4, $5)
         ON CONFLICT (organisation_id, client_id) DO UPDATE
         SET ends_at = excluded.ends_at, is_told = false, version = excluded.version,
             care_ended_at = excluded.care_ended_at
         WHERE e.version < excluded.version",
        organisation,
        client.uuid(),
        ended.map(|ended| ended.access_ends_at.to_sqlx()) as _,
        version,
        ended.map(|ended| ended.at.to_sqlx()) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The planned ends of access up to and including a time.
pub async fn list(tx: &mut Tx, until: Timestamp) -> Result<Vec<PlannedEnd>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query!(
        r#"SELECT client_id, ends_at AS "ends_at!: jiff_sqlx::Timestamp", is_told FROM end_of_access
         WHERE organisation_id = $1 AND ends_at <= $2"#,
        organisation,
        until.to_sqlx() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PlannedEnd {
            client: ClientId(row.client_id),
            ends_at: row.ends_at.to_jiff(),
            is_announced: row.is_told,
        })
        .collect())
}

/// Locks the planned end of access to a client, if any.
pub async fn lock(tx: &mut Tx, client: ClientId) -> Result<Option<PlannedEnd>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        r#"SELECT ends_at AS "ends_at!: jiff_sqlx::Timestamp", is_told FROM end_of_access
         WHERE organisation_id = $1 AND client_id = $2 AND ends_at IS NOT NULL FOR UPDATE"#,
        organisation,
        client.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| PlannedEnd { client, ends_at: row.ends_at.to_jiff(), is_announced: row.is_told }))
}

/// When a client's care ended, where access has ended since: whoever gets access now needs an end too.
pub async fn care_ended_before(tx: &mut Tx, client: ClientId) -> Result<Option<Timestamp>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let ended = sqlx::query_scalar!(
        r#"SELECT care_ended_at AS "at!: jiff_sqlx::Timestamp" FROM end_of_access
         WHERE organisation_id = $1 AND client_id = $2 AND ends_at IS NULL AND care_ended_at IS NOT NULL
         FOR UPDATE"#,
        organisation,
        client.uuid(),
    );
    Ok(ended.fetch_optional(tx.connection()).await?.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Sets when access ends, and whether people got the warning that names this end.
pub async fn set_end(
    tx: &mut Tx,
    client: ClientId,
    ends_at: Timestamp,
    is_announced: bool,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE end_of_access SET is_told = $4, ends_at = $3 WHERE organisation_id = $1 AND client_id = $2",
        organisation,
        client.uuid(),
        ends_at.to_sqlx() as _,
        is_announced,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Stores that access has ended. The row keeps its version, so that an older event changes nothing.
pub async fn set_done(tx: &mut Tx, client: ClientId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE end_of_access SET ends_at = NULL WHERE organisation_id = $1 AND client_id = $2",
        organisation,
        client.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes since when accounts have access to no client, and no open invitation.
pub async fn note_without_access(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!(
        "WITH having_access AS (
             SELECT DISTINCT g.account_id FROM access_grant g
             LEFT JOIN invitation i ON i.organisation_id = g.organisation_id AND i.account_id = g.account_id
                 AND i.client_id = g.client_id
             WHERE g.organisation_id = $1 AND (g.valid_until IS NULL OR g.valid_until > $2)
                 AND (g.active OR (i.state IN (1, 2) AND i.expires_at > $2))
         )
         UPDATE account AS a
         SET without_access_since = CASE WHEN a.without_access_since IS NULL THEN $2 END
         WHERE organisation_id = $1
             AND (a.without_access_since IS NULL) = (a.id NOT IN (SELECT account_id FROM having_access))",
        organisation,
        now as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The accounts that have had access to no client since a time or longer.
pub async fn list_unused(tx: &mut Tx, since: Timestamp) -> Result<Vec<AccountId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query_scalar!(
        "SELECT id FROM account WHERE organisation_id = $1 AND without_access_since <= $2",
        organisation,
        since.to_sqlx() as _,
    );
    Ok(rows.fetch_all(tx.connection()).await?.into_iter().map(AccountId).collect())
}

/// Stores that a removed account must still be erased from the event log.
pub async fn insert_erasure(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO erasure (organisation_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        organisation,
        account.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The removed accounts that must still be erased from the event log.
pub async fn list_erasures(tx: &mut Tx) -> Result<Vec<AccountId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query_scalar!("SELECT account_id FROM erasure WHERE organisation_id = $1", organisation);
    Ok(rows.fetch_all(tx.connection()).await?.into_iter().map(AccountId).collect())
}

/// Stores that a removed account was erased from the event log.
pub async fn delete_erasure(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM erasure WHERE organisation_id = $1 AND account_id = $2",
        organisation,
        account.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
