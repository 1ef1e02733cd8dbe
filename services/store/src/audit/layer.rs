//! The tower layer that holds back an answer until its audit record is durable. The layer lies outside of the
//! access layer, so that refused calls are recorded too (LOG-03).

use std::task::{Context, Poll};

use chassis::{access::Admission, failure::Failure};
use futures::future::BoxFuture;
use http::{Request, Response};
use proto::event::v1::AccessOutcome;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::{Access, Audit};

/// Holds back each answer until its audit record is durable.
#[derive(Clone)]
pub struct AuditLayer(Audit);

impl AuditLayer {
    /// A layer that writes to this trail.
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
        // A task of its own: the record must be written even if the caller disconnects.
        let work = tokio::spawn(async move {
            let response = answer.await?;
            let Some(access) = audited_access(&response) else { return Ok(response) };
            match audit.record(vec![access]).await {
                Ok(()) => Ok(response),
                Err(error) => Ok(Status::from(Failure::from(error)).into_http()),
            }
        });
        Box::pin(async move {
            match work.await {
                Ok(answered) => answered,
                Err(error) => Ok(Status::from(Failure::internal(&error)).into_http()),
            }
        })
    }
}

/// The access that a response must record; `None` if the method is not audited.
fn audited_access(response: &Response<Body>) -> Option<Access> {
    let Admission { ctx, call } = response.extensions().get::<Admission>()?;
    if !call.rule.audit {
        return None;
    }
    // tonic puts the status of a failed call into the headers, and that of a successful call into the
    // trailers.
    let outcome = match Status::from_header_map(response.headers()).map(|status| status.code()) {
        None | Some(Code::Ok) => AccessOutcome::Answered,
        Some(Code::NotFound | Code::PermissionDenied | Code::Unauthenticated) => AccessOutcome::Denied,
        Some(_) => AccessOutcome::Failed,
    };
    let access = Access::of_call(ctx, call, outcome);
    // A call that names no organisation is about nobody's data, and there is no trail to record it in.
    ctx.names_organisation().then_some(access)
}
