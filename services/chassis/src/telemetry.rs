//! Logs as JSON lines on standard output, traces over OTLP if an endpoint is set, and the trace context of
//! calls.

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry::{
    global,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use serde::Deserialize;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Settings of logs and traces.
#[derive(Clone, Debug, Deserialize)]
pub struct TelemetrySettings {
    /// Which log lines are written: an `EnvFilter` directive, such as `info`.
    pub log: String,
    /// The OTLP endpoint that receives traces, such as `http://127.0.0.1:4317`; empty: no traces are sent.
    pub otlp_endpoint: String,
    /// The part of traces that is kept, from 0 to 1. If the caller decided already, its decision holds.
    pub sample_ratio: f64,
}

/// Holds the exporter of traces. Dropping it sends the traces that are not sent yet.
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Starts logs and traces of a process. Call this once, inside the async runtime.
///
/// # Errors
/// When a setting cannot be used, or logs are started already.
pub fn init(
    name: &'static str,
    settings: &TelemetrySettings,
) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let mut provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(name).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio))));
    if !settings.otlp_endpoint.is_empty() {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&settings.otlp_endpoint)
            .build()?;
        provider = provider.with_batch_exporter(exporter);
    }
    let provider = provider.build();
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(name))
        .with_location(false)
        .with_threads(false)
        .with_filter(EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(EnvFilter::try_new(&settings.log)?);
    tracing_subscriber::registry().with(traces).with(logs).try_init()?;
    Ok(Telemetry(Some(provider)))
}

/// The id of the current trace, as 32 hexadecimal digits; a new random id where there is no trace.
#[must_use]
pub(crate) fn trace_id() -> String {
    let context = Span::current().context();
    let span = context.span();
    let id = span.span_context().trace_id();
    if span.span_context().is_valid() {
        id.to_string()
    } else {
        crate::secret::hex(&crate::secret::random::<16>())
    }
}

/// A span for an incoming call. It is a child of the caller's span if the caller sent its trace context. It
/// holds the method's path and never content.
#[must_use]
pub(crate) fn server_span<B>(request: &Request<B>) -> Span {
    let span = tracing::info_span!("rpc", otel.kind = "server", method = %request.uri().path());
    set_parent_from_headers(&span, request.headers());
    span
}

/// Makes the span a child of the span whose trace context is in the headers; changes nothing without a
/// context.
pub fn set_parent_from_headers(span: &Span, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    if parent.span().span_context().is_valid() {
        let _ = span.set_parent(parent);
    }
}

/// Writes the trace context of the current span into the headers.
pub(crate) fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut HeadersMut(headers));
}

/// The trace context of the current span as a `traceparent` value; empty where there is no span.
#[must_use]
pub fn traceparent() -> String {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers.get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Makes the span a child of the span in a `traceparent` value; changes nothing where the value is empty.
pub fn set_parent_from_traceparent(span: &Span, traceparent: &str) {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(traceparent) {
        headers.insert("traceparent", value);
    }
    set_parent_from_headers(span, &headers);
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
