//! Due work: opens, renders and sends what waits; records how it went; gives up when its time is over.

use chassis::{Clock, Ctx, seal::SealKeys, telemetry};
use futures::{StreamExt, future::BoxFuture, stream};
use proto::messaging::v1::{DeliveryFailed, DeliveryFailure};
use store::{
    About, Db, Mode, StoreError,
    due::{DueError, DueWork},
    organisation::Organisation,
};
use tracing::Instrument;

use super::{
    Delivery,
    table::{self, End},
};
use crate::{
    provider::{Mail, Outcome, Sms},
    words::{self, Outgoing},
};

/// How many messages are on their way to a provider at once.
const AT_ONCE: usize = 8;

/// Sends what is due.
pub struct SendDue {
    seal: SealKeys,
    clock: Clock,
    mail: Mail,
    sms: Sms,
}

impl SendDue {
    /// A sender over these providers.
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
                tracing::error!(delivery = %delivery.id, %error, "delivery cannot be opened");
                return Outcome::Never(DeliveryFailure::Refused);
            }
        };
        let settings = &organisation.settings;
        match words::render(settings, content, delivery.expires_at) {
            // To nobody: told so that nobody sees from outside that there is nothing to send (R13).
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
            Outcome::NotNow => table::wait(&mut tx, delivery).await?,
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

    /// Sends one window of what is due; says whether there may be more.
    async fn run_once(&self, db: &Db, ctx: &Ctx, organisation: &Organisation) -> Result<bool, StoreError> {
        let ctx = &Ctx { now: self.clock.now(), ..ctx.clone() };
        let mut tx = db.in_organisation(ctx, Mode::Write).await?;
        let due = table::take_due(&mut tx).await?;
        // Committed before sending: no connection waits for a mail server, and a crash does not lose the count.
        tx.commit().await?;
        let full = i64::try_from(due.len()) == Ok(table::WINDOW);
        let sent = stream::iter(due)
            .map(|delivery| async move {
                let span = tracing::info_span!("send", otel.kind = "producer", kind = delivery.kind);
                telemetry::adopt_traceparent(&span, &delivery.traceparent);
                let outcome = self.send(organisation, &delivery).instrument(span).await;
                let attempts = delivery.attempts;
                tracing::info!(delivery = %delivery.id, kind = delivery.kind, attempts, ?outcome, "delivery");
                self.record(db, ctx, &delivery, outcome).await
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        sent.into_iter().collect::<Result<(), _>>()?;
        Ok(full)
    }

    async fn run(&self, db: &Db, ctx: &Ctx, organisation: &Organisation) -> Result<(), DueError> {
        while self.run_once(db, ctx, organisation).await? {}
        Ok(())
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
