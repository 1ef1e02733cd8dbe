//! The due work of messaging: sends due deliveries of one channel, records the results and gives up on expired
//! deliveries.

use chassis::{Clock, Ctx, seal::SealKeys, telemetry::Trace};
use futures::{FutureExt, future::BoxFuture, future::join_all};
use proto::messaging::v1::{DeliveryFailed, DeliveryFailure};
use store::{
    About, Db, Mode, StoreError,
    due::{DueError, DueWork, Wake},
    organisation::Organisation,
};

use super::{
    Delivery, open,
    table::{self, End},
};
use crate::{
    provider::{Breaker, Outcome, Provider},
    words,
};

/// The number of messages of one organisation that are sent in parallel: what an organisation gets per turn.
const WINDOW: usize = 8;
/// The number of organisations that send at the same time.
const ORGANISATIONS: usize = 16;

/// Sends the deliveries that are due through one provider.
pub struct SendDue {
    seal: SealKeys,
    clock: Clock,
    wake: Wake,
    provider: Provider,
    breaker: Breaker,
}

impl SendDue {
    /// A sender that uses this provider.
    #[must_use]
    pub fn new(seal: SealKeys, clock: Clock, wake: Wake, provider: Provider) -> Self {
        let breaker = Breaker::new(provider.channel().name());
        Self { seal, clock, wake, provider, breaker }
    }

    async fn send(&self, organisation: &Organisation, delivery: &Delivery) -> Outcome {
        if self.clock.now() >= delivery.expires_at {
            return Outcome::Never(DeliveryFailure::Expired);
        }
        let content = match open(&self.seal, organisation.id, &delivery.kind, &delivery.payload) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(delivery = %delivery.id, %error, "the delivery cannot be opened");
                return Outcome::Never(DeliveryFailure::Refused);
            }
        };
        let settings = &organisation.settings;
        let message = words::render(settings, content, delivery.expires_at);
        if message.recipient().is_empty() {
            // A decoy, so that the queue does not reveal who exists (R13).
            return Outcome::Sent;
        }
        if !message.can_be_sent() {
            return Outcome::Never(DeliveryFailure::Refused);
        }
        let outcome = self.provider.send(settings, delivery.id, &message).await;
        match outcome {
            Outcome::Broken => self.breaker.failed(self.clock.now()),
            Outcome::Sent | Outcome::NotNow | Outcome::Never(_) => self.breaker.succeeded(),
            Outcome::OtherChannel => {}
        }
        outcome
    }

    async fn record(
        &self,
        db: &Db,
        ctx: &Ctx,
        delivery: &Delivery,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let ctx = Ctx { now: self.clock.now(), ..ctx.clone() };
        let mut tx = db.in_organisation(&ctx, Mode::Write).await?;
        match outcome {
            Outcome::Sent => table::end(&mut tx, delivery.id, End::Sent).await?,
            Outcome::Never(_) => table::end(&mut tx, delivery.id, End::Failed).await?,
            Outcome::NotNow | Outcome::Broken => table::schedule_retry(&mut tx, delivery).await?,
            Outcome::OtherChannel => {
                table::hand_over(&mut tx, delivery.id, self.provider.channel().other()).await?;
                self.wake.notify();
            }
        }
        if let Outcome::Never(failure) = outcome {
            let event = DeliveryFailed {
                delivery_id: delivery.id.to_string(),
                kind: delivery.kind.clone(),
                failure: failure.into(),
                account_id: delivery.account.to_string(),
            };
            tx.emit(About::new(delivery.id, 1), &event).await?;
        }
        tx.commit().await
    }

    async fn send_and_record(
        &self,
        db: &Db,
        ctx: &Ctx,
        organisation: &Organisation,
        delivery: Delivery,
    ) -> Result<(), StoreError> {
        let trace = Trace::of_traceparent(&delivery.traceparent).named("send");
        let span = |_: &str| tracing::info_span!("send", otel.kind = "producer", kind = delivery.kind);
        let outcome = trace.run(span, self.send(organisation, &delivery)).await;
        let (channel, attempts) = (self.provider.channel().name(), delivery.attempts);
        metrics::counter!("delivery_attempts", "channel" => channel, "outcome" => outcome.name())
            .increment(1);
        tracing::info!(delivery = %delivery.id, kind = delivery.kind, channel, attempts, ?outcome, "attempt");
        self.record(db, ctx, &delivery, outcome).await
    }

    /// Sends one window of due deliveries.
    async fn run(&self, db: &Db, ctx: &Ctx, organisation: &Organisation) -> Result<(), DueError> {
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        // The single attempt at a broken provider is for an organisation that has something to send.
        if !self.breaker.is_closed() && !table::has_due(&mut tx, self.provider.channel()).await? {
            return Ok(());
        }
        let allowance = self.breaker.allow(ctx.now, WINDOW);
        let due = if allowance.attempts == 0 {
            table::take_expired(&mut tx, self.provider.channel(), WINDOW).await?
        } else {
            table::take_due(&mut tx, self.provider.channel(), allowance.attempts).await?
        };
        // Commit before sending: no database connection waits for a provider, and a crash keeps the count.
        tx.commit().await?;
        let is_full = due.len() >= allowance.attempts.max(1);
        let sent = due.into_iter().map(|delivery| self.send_and_record(db, ctx, organisation, delivery));
        join_all(sent).await.into_iter().collect::<Result<(), _>>()?;
        drop(allowance);
        if is_full {
            self.wake.notify();
        }
        Ok(())
    }
}

impl DueWork for SendDue {
    fn parallel(&self) -> usize {
        ORGANISATIONS
    }

    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        self.run(db, ctx, organisation).boxed()
    }
}

/// Deletes deliveries that ended long ago.
pub struct DeleteEnded;

impl DueWork for DeleteEnded {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        _: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        async move {
            let mut tx = db.in_organisation(ctx, Mode::Write).await?;
            table::delete_ended(&mut tx).await?;
            Ok(tx.commit().await?)
        }
        .boxed()
    }
}
