//! The SQL of logins.

use chassis::{id::AccountId, secret::ScopedToken};
use jiff_sqlx::ToSqlx;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{Login, State, TRIES};

/// Inserts a login.
pub async fn insert(tx: &mut Tx, login: &Login, token: &ScopedToken) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO login (organisation_id, id, account_id, token_hash, state, tries, expires_at, one_time,
             known_device, amr, device_name)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10)",
        organisation,
        login.id,
        login.account.uuid(),
        token.hash(),
        login.state.number(),
        login.expires_at.to_sqlx() as _,
        login.one_time,
        login.known_device,
        &login.amr,
        login.device_name,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    account_id: Uuid,
    state: i32,
    one_time: bool,
    known_device: bool,
    amr: Vec<String>,
    device_name: String,
    expires_at: jiff_sqlx::Timestamp,
}

impl From<Row> for Login {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: AccountId(row.account_id),
            state: State::of_number(row.state),
            one_time: row.one_time,
            known_device: row.known_device,
            amr: row.amr,
            device_name: row.device_name,
            expires_at: row.expires_at.to_jiff(),
        }
    }
}

/// The login of a token, unless the login has ended or expired.
pub async fn find(tx: &mut Tx, token: &ScopedToken) -> Result<Option<Login>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, account_id, state, one_time, known_device, amr, device_name, expires_at AS "expires_at: _"
         FROM login WHERE organisation_id = $1 AND token_hash = $2 AND state <> $3 AND expires_at > $4"#,
        organisation,
        token.hash(),
        State::Ended.number(),
        now as _,
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(Login::from))
}

/// Counts one try at the current password (state OwnPassword); false: no try was left. Commit before judging.
pub async fn count_try(tx: &mut Tx, login: &Login) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let counted = sqlx::query!(
        "UPDATE login SET tries = tries + 1
         WHERE organisation_id = $1 AND id = $2 AND state = $3 AND tries < $4",
        organisation,
        login.id,
        login.state.number(),
        TRIES,
    )
    .execute(tx.connection())
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Deletes the logins of an account, except one.
pub async fn end_all(tx: &mut Tx, account: AccountId, except: Option<Uuid>) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "DELETE FROM login WHERE organisation_id = $1 AND account_id = $2 AND id IS DISTINCT FROM $3",
        organisation,
        account.uuid(),
        except,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Moves a login to state `to`, and stores what has been proven since. Returns whether the login was still in
/// the caller's state under the token `from`, so that a step is taken only once. From then on only `token` is
/// accepted.
pub async fn advance(
    tx: &mut Tx,
    login: &Login,
    to: State,
    from: &ScopedToken,
    token: &ScopedToken,
) -> Result<bool, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let moved = sqlx::query!(
        "UPDATE login SET state = $5, token_hash = $6, one_time = $7, amr = $8, device_name = $9
         WHERE organisation_id = $1 AND id = $2 AND state = $3 AND token_hash = $4",
        organisation,
        login.id,
        login.state.number(),
        from.hash(),
        to.number(),
        token.hash(),
        login.one_time,
        &login.amr,
        login.device_name,
    )
    .execute(tx.connection())
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Deletes expired logins.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    sqlx::query!("DELETE FROM login WHERE organisation_id = $1 AND expires_at <= $2", organisation, now as _)
        .execute(tx.connection())
        .await?;
    Ok(())
}
