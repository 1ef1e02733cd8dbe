//! The SQL of accounts.

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::{Account, OneTime};

/// A row of `account`.
struct Row {
    id: uuid::Uuid,
    username: String,
    display_name: String,
    email: String,
    phone: String,
    language: String,
    text_size: String,
    legal_entity: String,
    terms_version: i32,
    password_hash: Option<String>,
    password_set_at: Option<jiff_sqlx::Timestamp>,
    one_time_hash: Option<Vec<u8>>,
    one_time_expires_at: Option<jiff_sqlx::Timestamp>,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        let one_time = row.one_time_hash.zip(row.one_time_expires_at);
        Self {
            id: AccountId(row.id),
            username: row.username,
            display_name: row.display_name,
            email: row.email,
            phone: row.phone,
            language: row.language,
            text_size: row.text_size,
            legal_entity: row.legal_entity,
            terms_version: row.terms_version,
            password_hash: row.password_hash,
            password_set_at: row.password_set_at.map(jiff_sqlx::Timestamp::to_jiff),
            one_time: one_time.map(|(hash, end)| OneTime { hash, expires_at: end.to_jiff() }),
        }
    }
}

/// The account with a user name, as it is compared.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_set_at, one_time_hash, one_time_expires_at
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
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_set_at, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// The account with an id; nobody else changes it, or gives it access, until the end of the transaction.
pub async fn lock(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_set_at, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// A new account: who, without rights.
pub struct NewAccount<'a> {
    /// The id.
    pub id: AccountId,
    /// The user name, as it is compared.
    pub username: &'a str,
    /// The name to show.
    pub display_name: &'a str,
    /// Where messages go.
    pub email: &'a str,
    /// The mobile number as E.164; empty: none is known.
    pub phone: &'a str,
    /// `nl` or `en`.
    pub language: &'a str,
    /// Whose terms count.
    pub legal_entity: &'a str,
}

/// Adds an account; says whether it is new: else its id or its user name is there already.
pub async fn insert(tx: &mut Tx, account: &NewAccount<'_>) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let inserted = sqlx::query!(
        "INSERT INTO account (organisation_id, id, username, display_name, email, phone, language,
             legal_entity, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT DO NOTHING",
        organisation,
        account.id.uuid(),
        account.username,
        account.display_name,
        account.email,
        account.phone,
        account.language,
        account.legal_entity,
    )
    .execute(tx.connection())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The accounts of people with an e-mail address, however it is written.
pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<AccountId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let id = sqlx::query_scalar!(
        "SELECT id FROM account WHERE organisation_id = $1 AND lower(email) = lower($2) ORDER BY id LIMIT 1",
        organisation,
        email,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(AccountId))
}

/// Sends a password: keeps its hash beside the one that there is, in place of an earlier one that was sent.
pub async fn set_one_time(tx: &mut Tx, id: AccountId, one_time: &OneTime) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET one_time_hash = $3, one_time_expires_at = $4, version = version + 1
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        one_time.hash,
        one_time.expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Replaces the password that an account was read with by the person's own; whatever was sent counts no more. Says
/// whether it was still that one.
pub async fn set_password(tx: &mut Tx, account: &Account, hash: &str) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let replaced = sqlx::query!(
        "UPDATE account SET password_hash = $3, password_set_at = $4, one_time_hash = NULL,
             one_time_expires_at = NULL, reset_hash = NULL, reset_expires_at = NULL, version = version + 1
         WHERE organisation_id = $1 AND id = $2 AND password_hash IS NOT DISTINCT FROM $5",
        organisation,
        account.id.uuid(),
        hash,
        now as _,
        account.password_hash,
    )
    .execute(tx.connection())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Notes which terms were accepted.
pub async fn set_terms(tx: &mut Tx, id: AccountId, entity: &str, version: i32) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET legal_entity = $3, terms_version = $4, version = version + 1
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        entity,
        version,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that somebody logged in now; gives when that was before.
pub async fn touch_login(tx: &mut Tx, id: AccountId) -> Result<Option<Timestamp>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let before = sqlx::query_scalar!(
        r#"UPDATE account AS a SET last_login_at = $3 FROM account AS before
         WHERE a.organisation_id = $1 AND a.id = $2
             AND before.organisation_id = a.organisation_id AND before.id = a.id
         RETURNING before.last_login_at AS "before: jiff_sqlx::Timestamp""#,
        organisation,
        id.uuid(),
        now as _,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(before.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Keeps what the person prefers.
pub async fn set_preferences(
    tx: &mut Tx,
    id: AccountId,
    language: &str,
    text_size: &str,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET language = $3, text_size = $4, version = version + 1
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
        language,
        text_size,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Replaces where an account is reached; gives its new version, or `None` where the user name is in use. What was sent to
/// another e-mail address is good no more.
pub async fn set_contact(tx: &mut Tx, account: &Account) -> Result<Option<i64>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let written = sqlx::query_scalar!(
        "UPDATE account AS a SET username = $3, email = $4, phone = $5, version = version + 1,
             one_time_hash = CASE WHEN a.email = $4 THEN one_time_hash END,
             one_time_expires_at = CASE WHEN a.email = $4 THEN one_time_expires_at END,
             reset_hash = CASE WHEN a.email = $4 THEN reset_hash END,
             reset_expires_at = CASE WHEN a.email = $4 THEN reset_expires_at END
         WHERE organisation_id = $1 AND id = $2 AND NOT EXISTS (
             SELECT FROM account other WHERE other.organisation_id = $1 AND other.username = $3 AND other.id <> $2)
         RETURNING version",
        organisation,
        account.id.uuid(),
        account.username,
        account.email,
        account.phone,
    )
    .fetch_optional(tx.connection())
    .await;
    match written {
        // Taken between the look and the write.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        written => Ok(written?),
    }
}

/// An account of a client, as systems see it.
pub struct Summary {
    /// The account.
    pub account: AccountId,
    /// The user name.
    pub username: String,
    /// The name.
    pub display_name: String,
    /// What the person is to the client, as number of the contract.
    pub relation: i32,
    /// From when access holds.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// Whether the person has chosen a password.
    pub has_password: bool,
}

/// The accounts of a client whose access has not ended, oldest first.
pub async fn list(tx: &mut Tx, client: ClientId) -> Result<Vec<Summary>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query!(
        r#"SELECT a.id, a.username, a.display_name, a.password_hash IS NOT NULL AS "has_password!",
             g.relation, g.valid_from, g.valid_until
         FROM access_grant g JOIN account a ON a.organisation_id = g.organisation_id AND a.id = g.account_id
         WHERE g.organisation_id = $1 AND g.client_id = $2 AND g.active
             AND (g.valid_until IS NULL OR g.valid_until > $3)
         ORDER BY g.given_at, a.id"#,
        organisation,
        client.uuid(),
        now as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Summary {
            account: AccountId(row.id),
            username: row.username,
            display_name: row.display_name,
            relation: row.relation,
            valid_from: row.valid_from.to_jiff(),
            valid_until: row.valid_until.map(jiff_sqlx::Timestamp::to_jiff),
            has_password: row.has_password,
        })
        .collect())
}

/// Takes an account away with all that hangs on it.
pub async fn delete(tx: &mut Tx, id: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!("DELETE FROM account WHERE organisation_id = $1 AND id = $2", organisation, id.uuid())
        .execute(tx.connection())
        .await?;
    Ok(())
}
