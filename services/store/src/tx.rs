//! A transaction within one organisation: the only place that can emit an event.

use std::sync::Arc;

use chassis::Ctx;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use prost::{Message, Name};
use proto::event::v1::AccessOutcome;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::Notify;

use crate::{
    About, StoreError,
    audit::{self, Access},
    event::{Stream, envelope},
};

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reads only; needs no `commit`.
    Read,
    /// Reads and writes; the writes take effect at `commit`.
    Write,
    /// As `Write`, for counts in a call with an audit record: the commit is visible at once and does not wait for the
    /// disk. The commit of the record, for which the answer waits, brings both to the disk. With an
    /// event the commit waits for the disk: the event could be published before the disk has its cause.
    Count,
}

/// A transaction of [`Db::in_organisation`](crate::Db::in_organisation). Without `commit`,
/// a dropped transaction changes nothing.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    ctx: Ctx,
    outbox_committed: Arc<Notify>,
    has_emitted: bool,
    mode: Mode,
}

impl Tx {
    pub(crate) const fn new(
        inner: Transaction<'static, Postgres>,
        ctx: Ctx,
        outbox_committed: Arc<Notify>,
        mode: Mode,
    ) -> Self {
        Self { inner, ctx, outbox_committed, has_emitted: false, mode }
    }

    /// The Ctx that the transaction runs for.
    #[must_use]
    pub const fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Commits the intents of more records with this transaction, for a call that touches several clients. The
    /// caller records the accesses after the commit.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn add_intents(&mut self, accesses: &[Access]) -> Result<(), StoreError> {
        audit::insert_intents(&mut self.inner, accesses).await
    }

    /// The connection, for queries.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Emits an event. The event is published after this transaction has committed.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn emit<M: Message + Name>(&mut self, about: About, message: &M) -> Result<(), StoreError> {
        self.send(Stream::Events, about, message, None).await
    }

    /// Emits a message for messaging to send out, after this transaction has committed. After `expires_at`
    /// the message is useless and is not sent.
    ///
    /// # Errors
    /// When the database cannot be reached.
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
        stream: Stream,
        about: About,
        message: &M,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        if self.mode == Mode::Count && !self.has_emitted {
            sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *self.inner).await?;
        }
        let (id, event) = envelope(&self.ctx, about, message);
        let expires_at = expires_at.map(Timestamp::to_sqlx);
        sqlx::query!(
            "INSERT INTO outbox (event_id, organisation_id, subject, payload, traceparent, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            id.uuid(),
            self.ctx.organisation.uuid(),
            stream.subject(&M::full_name()),
            event.encode_to_vec(),
            chassis::telemetry::traceparent(),
            expires_at as _,
        )
        .execute(&mut *self.inner)
        .await?;
        self.has_emitted = true;
        Ok(())
    }

    /// Commits, and wakes the relay if there are events to publish.
    ///
    /// # Errors
    /// When the database cannot be reached: whether the commit took effect is then unknown.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let call = self.ctx.call.clone().filter(|call| self.mode != Mode::Read && call.rule.audit);
        // A call with several transactions has one intent: that of the first that commits.
        let call = call.filter(|call| !call.subject().has_committed_intent);
        if let Some(call) = &call {
            let access = Access::of_call(&self.ctx, call, AccessOutcome::Unknown);
            audit::insert_intents(&mut self.inner, &[access]).await?;
            // Before the commit: afterwards it may not be known whether the intent exists.
            call.note(|subject| subject.has_intent = true);
        }
        self.inner.commit().await?;
        if let Some(call) = &call {
            call.note(|subject| subject.has_committed_intent = true);
        }
        if self.has_emitted {
            self.outbox_committed.notify_one();
        }
        Ok(())
    }
}
