//! The SQL of accounts.

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};

use super::{Account, OneTimePassword};

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
    password_version: i64,
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
            password_version: row.password_version,
            password_set_at: row.password_set_at.map(jiff_sqlx::Timestamp::to_jiff),
            one_time: one_time.map(|(hash, end)| OneTimePassword { hash, expires_at: end.to_jiff() }),
        }
    }
}

/// The account with a user name, which must be normalised.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_version, password_set_at, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND username = $2",
        organisation,
        username,
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// The account with this id.
pub async fn find(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_version, password_set_at, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND id = $2",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// Locks an account: until the end of the transaction nobody else changes the account or gives it access.
pub async fn lock(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, username, display_name, email, phone, language, text_size, legal_entity, terms_version,
             password_hash, password_version, password_set_at, one_time_hash, one_time_expires_at
         FROM account WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        organisation,
        id.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Account::from))
}

/// A new account, which has no rights yet.
pub struct NewAccount<'a> {
    /// The account's id.
    pub id: AccountId,
    /// The user name, normalised.
    pub username: &'a str,
    /// The name to show.
    pub display_name: &'a str,
    /// The e-mail address for messages.
    pub email: &'a str,
    /// The mobile number as E.164; empty when unknown.
    pub phone: &'a str,
    /// The language of pages and messages: `nl` or `en`.
    pub language: &'a str,
    /// The legal entity whose terms apply; empty: the organisation's first one.
    pub legal_entity: &'a str,
}

/// Adds an account. Returns `false` when the id or the user name is in use already.
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

/// The accounts with an e-mail address, in upper or lower case, with their names: people may share an address.
pub async fn list_by_email(tx: &mut Tx, email: &str) -> Result<Vec<(AccountId, String)>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query!(
        "SELECT id, display_name FROM account
         WHERE organisation_id = $1 AND lower(email) = lower($2) ORDER BY id LIMIT 100",
        organisation,
        email,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (AccountId(row.id), row.display_name)).collect())
}

/// Stores a one-time password beside the person's own password. An earlier one-time password stops working.
pub async fn set_one_time_password(
    tx: &mut Tx,
    id: AccountId,
    one_time: &OneTimePassword,
) -> Result<(), StoreError> {
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

/// Stores a password that the person chose; one-time passwords and reset links stop working. Returns `false`,
/// and changes nothing, when the stored password is no longer the one in `account`.
pub async fn set_password(tx: &mut Tx, account: &Account, hash: &str) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let replaced = sqlx::query!(
        "UPDATE account SET password_hash = $3, password_set_at = $4, one_time_hash = NULL,
             one_time_expires_at = NULL, reset_hash = NULL, reset_expires_at = NULL, version = version + 1,
             password_version = password_version + 1
         WHERE organisation_id = $1 AND id = $2 AND password_version = $5",
        organisation,
        account.id.uuid(),
        hash,
        now as _,
        account.password_version,
    )
    .execute(tx.connection())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Stores another hash of the same password, unless the password was replaced meanwhile.
pub async fn renew_password_hash(tx: &mut Tx, account: &Account, hash: &str) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE account SET password_hash = $3
         WHERE organisation_id = $1 AND id = $2 AND password_version = $4",
        organisation,
        account.id.uuid(),
        hash,
        account.password_version,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Stores the legal entity whose terms apply, and the version that the person accepted.
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

/// Stores that the person logs in now; returns the time of the previous login.
pub async fn record_login(tx: &mut Tx, id: AccountId) -> Result<Option<Timestamp>, StoreError> {
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

/// Stores the person's language and text size.
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

/// Replaces user name, e-mail address and number of an account. Returns the new version, or `None` when the
/// user name is in use. If the e-mail address changes, one-time passwords and reset links that were sent stop
/// working.
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
        // Another transaction took the user name while this statement ran.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        written => Ok(written?),
    }
}

/// An account with access to a client, as ListAccounts shows it to a system.
pub struct Summary {
    /// The account's id.
    pub account: AccountId,
    /// The user name.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// The person's relation to the client, as the number of a `RelationKind`.
    pub relation: i32,
    /// When access starts.
    pub valid_from: Timestamp,
    /// When access ends; `None`: no end is planned.
    pub valid_until: Option<Timestamp>,
    /// Whether the person has chosen a password.
    pub has_password: bool,
}

/// The accounts whose access to a client has not ended, the oldest grant first.
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

/// Deletes an account, with all rows that refer to the account.
pub async fn delete(tx: &mut Tx, id: AccountId) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!("DELETE FROM account WHERE organisation_id = $1 AND id = $2", organisation, id.uuid())
        .execute(tx.connection())
        .await?;
    Ok(())
}
