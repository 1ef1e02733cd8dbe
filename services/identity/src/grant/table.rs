//! The SQL of grants.

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use proto::identity::v1::{InvitationState, RelationKind, RepresentativeKind};
use store::{StoreError, Tx};
use uuid::Uuid;

use super::{AccessGrant, AccountCount, Sections};

/// A new grant, with the consent that the grant rests on.
pub struct NewGrant<'a> {
    /// The account that gets the rights.
    pub account: AccountId,
    /// The client whose dossier the rights are for.
    pub client: ClientId,
    /// The person's relation to the client.
    pub relation: RelationKind,
    /// The kind of representative; unspecified for other relations.
    pub representative: RepresentativeKind,
    /// The rights.
    pub sections: &'a Sections,
    /// The name of the person who gave the consent, or who invites.
    pub given_by: &'a str,
    /// The ground on which access was given, in the organisation's words.
    pub ground: &'a str,
    /// When access was given.
    pub given_at: Timestamp,
    /// When the rights start.
    pub valid_from: Timestamp,
    /// When the rights end; `None`: no end is planned.
    pub valid_until: Option<Timestamp>,
    /// The hash of the registration's content, to recognise a repeated registration; `None` for an
    /// invitation.
    pub registration_hash: Option<&'a [u8; 32]>,
    /// Whether the grant is in force at once; an invitation must be accepted first.
    pub active: bool,
}

fn to_columns(sections: &Sections) -> (Vec<i32>, Vec<i32>) {
    sections
        .iter()
        .flat_map(|(section, actions)| actions.iter().map(move |action| (*section, *action)))
        .unzip()
}

fn from_columns(sections: Vec<i32>, actions: Vec<i32>) -> Sections {
    let mut map = Sections::new();
    for (section, action) in sections.into_iter().zip(actions) {
        map.entry(section).or_default().push(action);
    }
    map
}

/// Stores a grant, in place of an earlier grant of the same account and client; returns its new id and its
/// version.
pub async fn upsert(tx: &mut Tx, grant: &NewGrant<'_>) -> Result<(Uuid, i64), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let (sections, actions) = to_columns(grant.sections);
    let id = chassis::id::v7(tx.ctx().now);
    let version = sqlx::query_scalar!(
        "INSERT INTO access_grant AS g (organisation_id, account_id, client_id, relation, representative,
             sections, actions, given_by, ground, given_at, valid_from, valid_until, registration_hash,
             active, id, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)
         ON CONFLICT (organisation_id, account_id, client_id) DO UPDATE
         SET relation = excluded.relation, representative = excluded.representative,
             sections = excluded.sections, actions = excluded.actions, given_by = excluded.given_by,
             ground = excluded.ground, given_at = excluded.given_at, valid_from = excluded.valid_from,
             valid_until = excluded.valid_until, registration_hash = excluded.registration_hash,
             active = excluded.active, id = excluded.id, version = g.version + 1
         RETURNING version",
        organisation,
        grant.account.uuid(),
        grant.client.uuid(),
        i32::from(grant.relation),
        i32::from(grant.representative),
        &sections,
        &actions,
        grant.given_by,
        grant.ground,
        grant.given_at.to_sqlx() as _,
        grant.valid_from.to_sqlx() as _,
        grant.valid_until.map(Timestamp::to_sqlx) as _,
        grant.registration_hash.map(<[u8; 32]>::as_slice),
        grant.active,
        id,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((id, version))
}

/// A row of `access_grant` with the client's name.
struct Row {
    id: Uuid,
    account_id: Uuid,
    client_id: Uuid,
    client_name: String,
    relation: i32,
    sections: Vec<i32>,
    actions: Vec<i32>,
    ground: String,
    valid_from: jiff_sqlx::Timestamp,
    valid_until: Option<jiff_sqlx::Timestamp>,
    active: bool,
}

impl From<Row> for AccessGrant {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: AccountId(row.account_id),
            client: ClientId(row.client_id),
            client_name: row.client_name,
            relation: RelationKind::try_from(row.relation).unwrap_or_default(),
            sections: from_columns(row.sections, row.actions),
            ground: row.ground,
            valid_from: row.valid_from.to_jiff(),
            valid_until: row.valid_until.map(jiff_sqlx::Timestamp::to_jiff),
            active: row.active,
        }
    }
}

/// The grants of an account that are in force now, sorted by the client's name.
pub async fn list_current(tx: &mut Tx, account: AccountId) -> Result<Vec<AccessGrant>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT g.id, g.account_id, g.client_id, coalesce(c.name, '') AS "client_name!", g.relation, g.sections,
             g.actions, g.ground, g.valid_from AS "valid_from: _", g.valid_until AS "valid_until: _", g.active
         FROM access_grant g
         LEFT JOIN client c ON c.organisation_id = g.organisation_id AND c.client_id = g.client_id
         WHERE g.organisation_id = $1 AND g.account_id = $2 AND g.active
             AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3)
         ORDER BY c.name, g.client_id"#,
        organisation,
        account.uuid(),
        now as _,
    );
    Ok(rows.fetch_all(tx.connection()).await?.into_iter().map(AccessGrant::from).collect())
}

/// A person who has access to a client or is invited.
pub struct Entry {
    /// The person's rights.
    pub grant: AccessGrant,
    /// The person's name; for an invited person, the name that the inviter typed.
    pub name: String,
    /// The state of the invitation; unspecified when the person was not invited.
    pub invitation: InvitationState,
    /// The invitation can be accepted until this time.
    pub invitation_ends_at: Option<Timestamp>,
}

/// The people who have access to a client or are invited, the oldest grant first.
pub async fn list_entries(tx: &mut Tx, client: ClientId) -> Result<Vec<Entry>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query!(
        r#"SELECT g.id, g.account_id, coalesce(i.name, a.display_name) AS "name!", g.relation, g.sections, g.actions,
             g.valid_from, g.valid_until, g.ground, g.active, coalesce(i.state, 0) AS "state!",
             i.expires_at AS "expires_at?: jiff_sqlx::Timestamp"
         FROM access_grant g
         JOIN account a ON a.organisation_id = g.organisation_id AND a.id = g.account_id
         LEFT JOIN invitation i ON i.organisation_id = g.organisation_id AND i.account_id = g.account_id
             AND i.client_id = g.client_id
         WHERE g.organisation_id = $1 AND g.client_id = $2 AND (g.valid_until IS NULL OR g.valid_until > $3)
             AND (g.active OR i.state IN (1, 2))
         ORDER BY g.given_at, g.id"#,
        organisation,
        client.uuid(),
        now as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        name: row.name,
        invitation: InvitationState::try_from(row.state).unwrap_or_default(),
        invitation_ends_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        grant: AccessGrant {
            id: row.id,
            account: AccountId(row.account_id),
            client,
            client_name: String::new(),
            relation: RelationKind::try_from(row.relation).unwrap_or_default(),
            sections: from_columns(row.sections, row.actions),
            ground: row.ground,
            valid_from: row.valid_from.to_jiff(),
            valid_until: row.valid_until.map(jiff_sqlx::Timestamp::to_jiff),
            active: row.active,
        },
    });
    Ok(entries.collect())
}

/// Locks the grant of an account on a client, whether in force or not.
pub async fn lock(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
) -> Result<Option<AccessGrant>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, account_id, client_id, '' AS "client_name!", relation, sections, actions, ground,
             valid_from AS "valid_from: _", valid_until AS "valid_until: _", active
         FROM access_grant WHERE organisation_id = $1 AND account_id = $2 AND client_id = $3 FOR UPDATE"#,
        organisation,
        account.uuid(),
        client.uuid(),
    );
    Ok(row.fetch_optional(tx.connection()).await?.map(AccessGrant::from))
}

/// The account of the grant with this id on a client.
pub async fn find_account(tx: &mut Tx, id: Uuid, client: ClientId) -> Result<Option<AccountId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let account = sqlx::query_scalar!(
        "SELECT account_id FROM access_grant WHERE organisation_id = $1 AND id = $2 AND client_id = $3",
        organisation,
        id,
        client.uuid(),
    );
    Ok(account.fetch_optional(tx.connection()).await?.map(AccountId))
}

/// The hash of the registration that made a grant, and whether the grant has not ended yet.
pub async fn registration_hash(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
) -> Result<Option<(Vec<u8>, bool)>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let row = sqlx::query!(
        r#"SELECT registration_hash AS "hash!",
             active AND (valid_until IS NULL OR valid_until > $4) AS "lasts!"
         FROM access_grant
         WHERE organisation_id = $1 AND account_id = $2 AND client_id = $3 AND registration_hash IS NOT NULL"#,
        organisation,
        account.uuid(),
        client.uuid(),
        now as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (row.hash, row.lasts)))
}

/// How many accounts have access to a client or are invited now. A lock keeps the number until the end of the
/// transaction: otherwise two invitations at once could exceed the limit.
pub async fn count_accounts(tx: &mut Tx, client: ClientId) -> Result<AccountCount, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let (high, _) = client.uuid().as_u64_pair();
    let (_, low) = client.uuid().as_u64_pair();
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", (high ^ low).cast_signed())
        .execute(tx.connection())
        .await?;
    let counted = sqlx::query!(
        r#"SELECT count(*) AS "every!", count(*) FILTER (WHERE g.valid_until IS NULL) AS "lasting!"
         FROM access_grant g
         LEFT JOIN invitation i ON i.organisation_id = g.organisation_id AND i.account_id = g.account_id
             AND i.client_id = g.client_id
         WHERE g.organisation_id = $1 AND g.client_id = $2 AND (g.valid_until IS NULL OR g.valid_until > $3)
             AND (g.active OR (i.state IN (1, 2) AND i.expires_at > $3))"#,
        organisation,
        client.uuid(),
        now as _,
    )
    .fetch_one(tx.connection())
    .await?;
    let number = |count| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(AccountCount { all: number(counted.every), lasting: number(counted.lasting) })
}

/// Stores the changed rights, end date and state of a grant; returns the new version.
pub async fn update(tx: &mut Tx, grant: &AccessGrant) -> Result<i64, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let (sections, actions) = to_columns(&grant.sections);
    Ok(sqlx::query_scalar!(
        "UPDATE access_grant SET sections = $4, actions = $5, valid_until = $6, active = $7,
             version = version + 1
         WHERE organisation_id = $1 AND account_id = $2 AND client_id = $3 RETURNING version",
        organisation,
        grant.account.uuid(),
        grant.client.uuid(),
        &sections,
        &actions,
        grant.valid_until.map(Timestamp::to_sqlx) as _,
        grant.active,
    )
    .fetch_one(tx.connection())
    .await?)
}

/// Grants that are still active although their end date has passed; at most 100.
pub async fn list_expired(tx: &mut Tx) -> Result<Vec<(AccountId, ClientId)>, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    let rows = sqlx::query!(
        "SELECT account_id, client_id FROM access_grant
         WHERE organisation_id = $1 AND active AND valid_until <= $2 LIMIT 100",
        organisation,
        now as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (AccountId(row.account_id), ClientId(row.client_id))).collect())
}

/// The accounts with any grant on a client: in force, ended or by an invitation.
pub async fn list_accounts(tx: &mut Tx, client: ClientId) -> Result<Vec<AccountId>, StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    let rows = sqlx::query_scalar!(
        "SELECT account_id FROM access_grant WHERE organisation_id = $1 AND client_id = $2 ORDER BY account_id",
        organisation,
        client.uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(AccountId).collect())
}

/// Whether an account has access to any client, now or later, or an open invitation.
pub async fn has_any(tx: &mut Tx, account: AccountId) -> Result<bool, StoreError> {
    let (organisation, now) = (tx.ctx().organisation.uuid(), tx.ctx().now.to_sqlx());
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM access_grant g
             LEFT JOIN invitation i ON i.organisation_id = g.organisation_id AND i.account_id = g.account_id
                 AND i.client_id = g.client_id
             WHERE g.organisation_id = $1 AND g.account_id = $2 AND (g.valid_until IS NULL OR g.valid_until > $3)
                 AND (g.active OR (i.state IN (1, 2) AND i.expires_at > $3))) AS "any!""#,
        organisation,
        account.uuid(),
        now as _,
    )
    .fetch_one(tx.connection())
    .await?)
}
