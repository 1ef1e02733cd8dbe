//! The tower layer that holds an answer back until its record is durable. Stands outside of the access layer, so that
//! refusals are written down too (LOG-03).

use std::task::{Context, Poll};

use chassis::{access::Admission, failure::Failure, id::ClientId};
use futures::future::BoxFuture;
use http::{Request, Response};
use proto::event::v1::AccessOutcome;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use tracing::Instrument;

use super::{Access, Audit};

/// Whose dossier an answer is about, where the caller's token does not say: put beside the response by the RPC.
#[derive(Clone, Copy, Debug)]
pub struct Subject(pub ClientId);

/// See the module.
#[derive(Clone)]
pub struct AuditLayer(Audit);

impl AuditLayer {
    /// The layer, writing to this trail.
    #[must_use]
    pub const fn new(audit: Audit) -> Self {
        Self(audit)
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = Audited<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Audited { audit: self.0.clone(), inner }
    }
}

/// A service behind [`AuditLayer`].
#[derive(Clone)]
pub struct Audited<S> {
    audit: Audit,
    inner: S,
}

impl<S, B> Service<Request<B>> for Audited<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let audit = self.audit.clone();
        let answer = self.inner.call(request);
        // In a task of its own: a caller that goes away must not part what was done from its record.
        let work = tokio::spawn(
            async move {
                let response = answer.await?;
                let Some(access) = access(&response) else { return Ok(response) };
                match audit.record(vec![access]).await {
                    Ok(()) => Ok(response),
                    Err(error) => Ok(Status::from(Failure::from(error)).into_http()),
                }
            }
            .in_current_span(),
        );
        Box::pin(async move {
            match work.await {
                Ok(answered) => answered,
                Err(error) => Ok(Status::from(Failure::internal(&error)).into_http()),
            }
        })
    }
}

/// The record that a response asks for; `None` where its method is not audited.
fn access(response: &Response<Body>) -> Option<Access> {
    let Admission { ctx, rule } = response.extensions().get::<Admission>()?;
    if !rule.audit {
        return None;
    }
    // A tonic answer that failed carries its status in the headers; one that went well, in the trailers.
    let outcome = match Status::from_header_map(response.headers()).map(|status| status.code()) {
        None | Some(Code::Ok) => AccessOutcome::Answered,
        Some(Code::NotFound | Code::PermissionDenied | Code::Unauthenticated) => AccessOutcome::Denied,
        Some(_) => AccessOutcome::Failed,
    };
    let subject = response.extensions().get::<Subject>().map(|subject| subject.0);
    Some(Access {
        client: subject.or(ctx.client),
        ctx: ctx.clone(),
        section: rule.section(),
        method: rule.path.trim_start_matches('/').to_owned(),
        outcome,
    })
}
