//! The SQL of accounts and their grants.

use std::collections::BTreeMap;

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::identity::v1::RelationKind;
use store::{StoreError, Tx};

use super::{AccessGrant, Account, OneTime, by_section, convert::Registration};

/// A row of `account`, as far as a login needs it.
struct Row {
    id: uuid::Uuid,
    display_name: String,
    email: String,
    language: String,
    password_hash: Option<String>,
    one_time_hash: Option<Vec<u8>>,
    one_time_expires_at: Option<jiff_sqlx::Timestamp>,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        let one_time = row.one_time_hash.zip(row.one_time_expires_at);
        Self {
            id: AccountId(row.id),
            display_name: row.display_name,
            email: row.email,
            language: row.language,
            password_hash: row.password_hash,
            one_time: one_time.map(|(hash, end)| OneTime { hash, expires_at: end.to_jiff() }),
        }
    }
}

/// The account with a user name, as it is compared.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, display_name, email, language, password_hash, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND username = $2",
        organisation,
        username,
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// The account with an id.
pub async fn find(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, display_name, email, language, password_hash, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// What became of an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is new.
    New,
    /// The same registration was there.
    Repeated,
    /// The id is of another registration.
    IdTaken,
    /// The user name is in use.
    UsernameTaken,
}

/// Adds an account unless it is there.
pub async fn insert(
    tx: &mut Tx,
    registration: &Registration,
    registration_hash: &[u8; 32],
    one_time: &OneTime,
) -> Result<Inserted, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let inserted = sqlx::query!(
        "INSERT INTO account (organisation_id, id, username, display_name, email, language,
             one_time_hash, one_time_expires_at, registration_hash, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT DO NOTHING",
        organisation,
        registration.account.uuid(),
        registration.username,
        registration.display_name,
        registration.email,
        registration.language,
        one_time.hash,
        one_time.expires_at.to_sqlx() as _,
        registration_hash.as_slice(),
    )
    .execute(tx.connection())
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(Inserted::New);
    }
    let known = sqlx::query_scalar!(
        "SELECT registration_hash FROM account WHERE organisation_id = $1 AND id = $2",
        organisation,
        registration.account.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(match known {
        Some(known) if known == registration_hash => Inserted::Repeated,
        Some(_) => Inserted::IdTaken,
        None => Inserted::UsernameTaken,
    })
}

/// Adds the grant of a registration.
pub async fn insert_grant(
    tx: &mut Tx,
    registration: &Registration,
    valid_from: Timestamp,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let pairs: Vec<(i32, i32)> = by_section(&registration.grants)
        .into_iter()
        .flat_map(|(section, actions)| actions.into_iter().map(move |action| (section, action)))
        .collect();
    let (sections, actions): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO access_grant (organisation_id, account_id, client_id, relation, sections, actions,
             given_by, ground, given_at, valid_from, valid_until, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
        organisation,
        registration.account.uuid(),
        registration.client.uuid(),
        i32::from(registration.relation),
        &sections,
        &actions,
        registration.given_by,
        registration.ground,
        registration.given_at.to_sqlx() as _,
        valid_from.to_sqlx() as _,
        registration.valid_until.map(Timestamp::to_sqlx) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The grant that counts now: of the account's clients, the first by name.
pub async fn current_grant(tx: &mut Tx, account: AccountId) -> Result<Option<AccessGrant>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query!(
        r#"SELECT g.client_id, g.relation, g.sections, g.actions, g.ground, coalesce(c.name, '') AS "name!"
         FROM access_grant g
         LEFT JOIN client c ON c.organisation_id = g.organisation_id AND c.client_id = g.client_id
         WHERE g.organisation_id = $1 AND g.account_id = $2
             AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3)
         ORDER BY c.name, g.client_id LIMIT 1"#,
        organisation,
        account.uuid(),
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| {
        let mut grants: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (section, action) in row.sections.into_iter().zip(row.actions) {
            grants.entry(section).or_default().push(action);
        }
        AccessGrant {
            client: ClientId(row.client_id),
            client_name: row.name,
            relation: RelationKind::try_from(row.relation).unwrap_or_default(),
            grants,
            ground: row.ground,
        }
    }))
}

/// Replaces whatever password there was by the person's own.
pub async fn set_password(tx: &mut Tx, id: AccountId, hash: &str) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET password_hash = $3, one_time_hash = NULL, one_time_expires_at = NULL,
             version = version + 1
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        hash,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
