//! The SQL of invitations.

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::identity::v1::{InvitationState as State, PendingInvitation};
use store::{StoreError, Tx};

/// An invitation.
pub struct Invitation {
    /// The state.
    pub state: State,
    /// The name of the person who invites.
    pub invited_by: String,
    /// The invitation can be accepted until this time.
    pub expires_at: Timestamp,
}

/// Stores a new invitation in state `Added`, in place of an earlier invitation to the same client.
pub async fn upsert(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    name: &str,
    invited_by: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO invitation (organisation_id, account_id, client_id, state, name, invited_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organisation_id, account_id, client_id) DO UPDATE
         SET state = excluded.state, name = excluded.name, invited_by = excluded.invited_by,
             expires_at = excluded.expires_at",
        organisation,
        account.uuid(),
        client.uuid(),
        i32::from(State::Added),
        name,
        invited_by,
        expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Locks the invitation of an account to a client, if any.
pub async fn lock(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
) -> Result<Option<Invitation>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query!(
        "SELECT state, invited_by, expires_at FROM invitation
         WHERE organisation_id = $1 AND account_id = $2 AND client_id = $3 FOR UPDATE",
        organisation,
        account.uuid(),
        client.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Invitation {
        state: State::try_from(row.state).unwrap_or_default(),
        invited_by: row.invited_by,
        expires_at: row.expires_at.to_jiff(),
    }))
}

/// Stores the new state of an invitation, and until when it can be accepted.
pub async fn set_state(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    state: State,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "UPDATE invitation SET state = $4, expires_at = $5
         WHERE organisation_id = $1 AND account_id = $2 AND client_id = $3",
        organisation,
        account.uuid(),
        client.uuid(),
        i32::from(state),
        expires_at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The invitations that an account can accept now, each with its client.
pub async fn list_pending(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<(ClientId, PendingInvitation)>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query!(
        r#"SELECT i.client_id, i.invited_by, coalesce(c.name, '') AS "name!", g.id FROM invitation i
         JOIN access_grant g ON g.organisation_id = i.organisation_id AND g.account_id = i.account_id
             AND g.client_id = i.client_id
         LEFT JOIN client c ON c.organisation_id = i.organisation_id AND c.client_id = i.client_id
         WHERE i.organisation_id = $1 AND i.account_id = $2 AND i.state = $3 AND i.expires_at > $4
         ORDER BY i.client_id"#,
        organisation,
        account.uuid(),
        i32::from(State::Sent),
        now as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let pending = PendingInvitation {
                invited_by: row.invited_by,
                client_name: row.name,
                access_id: row.id.to_string(),
            };
            (ClientId(row.client_id), pending)
        })
        .collect())
}
