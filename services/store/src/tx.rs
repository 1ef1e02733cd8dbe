//! A transaction within one organisation, and the only place from which an event can be sent.

use std::sync::Arc;

use chassis::Ctx;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::Notify;

use crate::{
    About, StoreError,
    event::{Stream, envelope},
};

/// A transaction of [`Db::in_organisation`](crate::Db::in_organisation). Dropped without `commit`, it changes nothing.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    ctx: Ctx,
    outbox: Arc<Notify>,
    emitted: bool,
}

impl Tx {
    pub(crate) const fn new(inner: Transaction<'static, Postgres>, ctx: Ctx, outbox: Arc<Notify>) -> Self {
        Self { inner, ctx, outbox, emitted: false }
    }

    /// On whose behalf it runs.
    #[must_use]
    pub const fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The connection, for queries.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Tells a fact, once this transaction has committed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn emit<M: Message + Name>(&mut self, about: About, message: &M) -> Result<(), StoreError> {
        self.send(Stream::Events, about, message, None).await
    }

    /// Gives messaging something to send out, once this transaction has committed. Of no use after `expires_at`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn deliver<M: Message + Name>(
        &mut self,
        about: About,
        message: &M,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.send(Stream::Deliveries, about, message, Some(expires_at)).await
    }

    async fn send<M: Message + Name>(
        &mut self,
        channel: Stream,
        about: About,
        message: &M,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (id, event) = envelope(&self.ctx, about, message);
        let expires_at = expires_at.map(Timestamp::to_sqlx);
        sqlx::query!(
            "INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            id.uuid(),
            self.ctx.organisation.uuid(),
            channel.subject(&M::full_name()),
            event.encode_to_vec(),
            chassis::telemetry::traceparent(),
            expires_at as _,
        )
        .execute(&mut *self.inner)
        .await?;
        self.emitted = true;
        Ok(())
    }

    /// Makes all of it stand, and wakes the relay where something is to be sent.
    ///
    /// # Errors
    /// When the database is away: then it may or may not stand.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        if self.emitted {
            self.outbox.notify_one();
        }
        Ok(())
    }
}
