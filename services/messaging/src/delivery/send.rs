//! The due work of messaging: sends due deliveries, records the results and gives up on expired deliveries.

use chassis::{Clock, Ctx, seal::SealKeys, telemetry::Trace};
use futures::{StreamExt, future::BoxFuture, stream};
use proto::messaging::v1::{DeliveryFailed, DeliveryFailure};
use store::{
    About, Db, Mode, StoreError,
    due::{DueError, DueWork},
    organisation::Organisation,
};

use super::{
    Delivery,
    table::{self, End},
};
use crate::{
    provider::{Mail, Outcome, Sms},
    words::{self, Outgoing},
};

/// The number of messages that are sent in parallel.
const PARALLEL_SENDS: usize = 8;

/// Sends the deliveries that are due.
pub struct SendDue {
    seal: SealKeys,
    clock: Clock,
    mail: Mail,
    sms: Sms,
}

impl SendDue {
    /// A sender that uses these providers.
    #[must_use]
    pub const fn new(seal: SealKeys, clock: Clock, mail: Mail, sms: Sms) -> Self {
        Self { seal, clock, mail, sms }
    }

    async fn send(&self, organisation: &Organisation, delivery: &Delivery) -> Outcome {
        if self.clock.now() >= delivery.expires_at {
            return Outcome::Never(DeliveryFailure::Expired);
        }
        let content = match delivery.open(&self.seal, organisation.id) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(delivery = %delivery.id, %error, "the delivery cannot be opened");
                return Outcome::Never(DeliveryFailure::Refused);
            }
        };
        let settings = &organisation.settings;
        match words::render(settings, content, delivery.expires_at) {
            // An empty recipient is a decoy, so that the queue does not reveal who exists (R13).
            Outgoing::Mail(to, _) if to.is_empty() => Outcome::Sent,
            Outgoing::Mail(to, letter) => self.mail.send(settings, delivery.id, &to, &letter).await,
            Outgoing::Sms(to, text) => self.sms.send(delivery.id, &to, &text).await,
        }
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
            Outcome::NotNow => table::schedule_retry(&mut tx, delivery).await?,
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

    /// Sends one batch of due deliveries. Returns whether more may be due.
    async fn send_batch(&self, db: &Db, ctx: &Ctx, organisation: &Organisation) -> Result<bool, StoreError> {
        let ctx = &Ctx { now: self.clock.now(), ..ctx.clone() };
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        let due = table::take_due(&mut tx).await?;
        // Commit before sending: no database connection waits for a mail server, and a crash keeps the count.
        tx.commit().await?;
        let is_full = i64::try_from(due.len()) == Ok(table::BATCH_SIZE);
        let sent = stream::iter(due)
            .map(|delivery| async move {
                let trace = Trace::of_traceparent(&delivery.traceparent).named("send");
                let span =
                    |_: &str| tracing::info_span!("send", otel.kind = "producer", kind = delivery.kind);
                let outcome = trace.run(span, self.send(organisation, &delivery)).await;
                let attempts = delivery.attempts;
                tracing::info!(delivery = %delivery.id, kind = delivery.kind, attempts, ?outcome, "attempt");
                self.record(db, ctx, &delivery, outcome).await
            })
            .buffer_unordered(PARALLEL_SENDS)
            .collect::<Vec<_>>()
            .await;
        sent.into_iter().collect::<Result<(), _>>()?;
        Ok(is_full)
    }

    async fn run(&self, db: &Db, ctx: &Ctx, organisation: &Organisation) -> Result<(), DueError> {
        while self.send_batch(db, ctx, organisation).await? {}
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        table::delete_ended(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

impl DueWork for SendDue {
    fn run<'a>(
        &'a self,
        db: &'a Db,
        ctx: &'a Ctx,
        organisation: &'a Organisation,
    ) -> BoxFuture<'a, Result<(), DueError>> {
        Box::pin(self.run(db, ctx, organisation))
    }
}
