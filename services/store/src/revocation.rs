//! Streams end with what opened them: with the token, and at once when identity revokes a system.

use std::time::Duration;

use chassis::{Clock, Ctx, Failure, id::SystemId};
use jiff_sqlx::ToSqlx;
use proto::{event::v1::ActorKind, identity::v1::SystemRevoked};
use uuid::Uuid;

use crate::{
    Db, Mode, StoreError, Tx,
    consumer::{Handler, HandlerError},
    event::Received,
};

/// How often an open stream looks whether it must end.
pub(crate) const POLL: Duration = Duration::from_millis(250);

/// Revokes a system: its tokens of before the transaction's time neither open nor keep a stream.
///
/// # Errors
/// When the database cannot be reached.
pub async fn revoke(tx: &mut Tx, system: SystemId) -> Result<(), StoreError> {
    let now = tx.ctx().now;
    store_revocation(tx, system.uuid(), now).await
}

async fn store_revocation(tx: &mut Tx, system: Uuid, at: jiff::Timestamp) -> Result<(), StoreError> {
    let organisation = tx.ctx().organisation.uuid();
    sqlx::query!(
        "INSERT INTO revocation AS r (organisation_id, system_id, revoked_at) VALUES ($1, $2, $3)
         ON CONFLICT (organisation_id, system_id) DO UPDATE
         SET revoked_at = greatest(r.revoked_at, excluded.revoked_at)",
        organisation,
        system,
        at.to_sqlx() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether a stream of this caller may stay open.
///
/// # Errors
/// "Token refused" when the caller's token has ended, or the caller was revoked after the token was issued.
/// "Unavailable" when the database cannot be reached.
pub async fn check_stream(db: &Db, clock: &Clock, ctx: &Ctx) -> Result<(), Failure> {
    let token = ctx.token.ok_or_else(Failure::token_refused)?;
    if clock.now() > token.ends_at || is_revoked(db, ctx, token.issued_at).await? {
        return Err(Failure::token_refused());
    }
    Ok(())
}

/// Waits until a stream of this caller must end, and says why. The first look is after a moment.
pub async fn until_stream_ends(db: &Db, clock: &Clock, ctx: &Ctx) -> Failure {
    loop {
        tokio::time::sleep(POLL).await;
        if let Err(failure) = check_stream(db, clock, ctx).await {
            return failure;
        }
    }
}

async fn is_revoked(db: &Db, ctx: &Ctx, issued_at: jiff::Timestamp) -> Result<bool, StoreError> {
    let (ActorKind::System, Ok(system)) = (ctx.actor.kind(), ctx.actor.id.parse::<Uuid>()) else {
        return Ok(false);
    };
    let mut tx = db.in_organisation(ctx, Mode::Read).await?;
    let revoked = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM revocation
             WHERE organisation_id = $1 AND system_id = $2 AND revoked_at >= $3) AS "revoked!""#,
        ctx.organisation.uuid(),
        system,
        issued_at.to_sqlx() as _,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(revoked)
}

/// Stores in a service what identity revokes.
pub struct EndStreams;

impl Handler for EndStreams {
    type Message = SystemRevoked;

    async fn handle(&self, tx: &mut Tx, event: Received<SystemRevoked>) -> Result<(), HandlerError> {
        Ok(store_revocation(tx, event.aggregate, event.occurred_at).await?)
    }
}
