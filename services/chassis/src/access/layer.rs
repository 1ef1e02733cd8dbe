//! The tower layer that enforces the access rules. The layer reads the token of a request, and adds [`Ctx`]
//! and [`Caller`] to the request's extensions.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response, header::AUTHORIZATION};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{Rules, decide};
use crate::{
    Clock, Ctx, call::Call, failure::Failure, telemetry::Trace, token, token::Caller, token::Verifier,
};

/// The layer around every gRPC service of a process. Health and reflection have no rule; the layer lets them
/// pass.
#[derive(Clone)]
pub struct AccessLayer {
    rules: Arc<Rules>,
    verifier: Arc<Verifier>,
    clock: Clock,
}

impl AccessLayer {
    /// The layer, with the rules of the contract and a verifier of tokens.
    #[must_use]
    pub fn new(rules: Arc<Rules>, verifier: Verifier, clock: Clock) -> Self {
        Self { rules, verifier: Arc::new(verifier), clock }
    }

    /// Decides whether the call may go on, and adds the caller and the Ctx to the request's extensions.
    fn admit<B>(&self, request: &mut Request<B>) -> (Option<Admission>, Result<(), Failure>) {
        let path = request.uri().path();
        if ["/grpc.health.", "/grpc.reflection."].iter().any(|prefix| path.starts_with(prefix)) {
            return (None, Ok(()));
        }
        let Some(rule) = self.rules.get(path).cloned() else {
            return (None, Err(Failure::not_found()));
        };
        let now = self.clock.now();
        let verified = match bearer(request).map(|token| self.verifier.verify_life(token, now)).transpose() {
            Ok(verified) => verified,
            Err(refused) => {
                tracing::info!(%refused, "a token is refused");
                return (None, Err(Failure::token_refused_for(&refused)));
            }
        };
        let (caller, token) = verified.unzip();
        let verdict = decide(&rule, caller.as_ref());
        let call = Call::new(rule, now);
        let ctx = Ctx { call: Some(call.clone()), token, ..Ctx::of_caller(caller.as_ref(), now) };
        let extensions = request.extensions_mut();
        extensions.insert(ctx.clone());
        if let Some(caller) = caller {
            extensions.insert::<Caller>(caller);
        }
        (Some(Admission { ctx, call }), verdict)
    }
}

/// The Ctx of the caller and the call. The layer adds them to the extensions of every *response*, also of
/// a refusal, because the audit layer is outside of this layer and writes its record from them.
#[derive(Clone, Debug)]
pub struct Admission {
    /// On whose behalf the call ran.
    pub ctx: Ctx,
    /// The call.
    pub call: Call,
}

fn bearer<B>(request: &Request<B>) -> Option<&str> {
    token::bearer(request.headers().get(AUTHORIZATION)?.to_str().ok()?)
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessService { layer: self.clone(), inner }
    }
}

/// A service wrapped in [`AccessLayer`].
#[derive(Clone)]
pub struct AccessService<S> {
    layer: AccessLayer,
    inner: S,
}

impl<S, B> Service<Request<B>> for AccessService<S>
where
    S: Service<Request<B>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let unready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unready);
        let layer = self.layer.clone();
        let trace = Trace::of_headers(request.headers()).named(request.uri().path());
        let span = |path: &str| tracing::info_span!("rpc", otel.kind = "server", method = path);
        Box::pin(trace.run(span, async move {
            let (admission, verdict) = layer.admit(&mut request);
            let mut response = match verdict {
                Ok(()) => inner.call(request).await?,
                Err(failure) => Status::from(failure).into_http(),
            };
            if let Some(admission) = admission {
                response.extensions_mut().insert(admission);
            }
            Ok(response)
        }))
    }
}
