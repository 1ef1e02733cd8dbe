//! Logs as JSON lines on standard output, traces over OTLP if an endpoint is set, metrics for Prometheus on a port of
//! their own, and the trace context of calls.

mod log;
mod trace;

use std::net::SocketAddr;

use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use serde::Deserialize;
use tracing_subscriber::{
    EnvFilter, Layer, fmt::format::Format, layer::SubscriberExt, util::SubscriberInitExt,
};

use self::log::WithTrace;
pub(crate) use self::trace::inject;
pub use self::trace::{Trace, trace_id, traceparent};

/// Settings of logs and traces.
#[derive(Clone, Debug, Deserialize)]
pub struct TelemetrySettings {
    /// Which log lines are written: an `EnvFilter` directive, such as `info`.
    pub log: String,
    /// The OTLP endpoint that receives traces, such as `http://127.0.0.1:4317`; empty: no traces are sent.
    pub otlp_endpoint: String,
    /// The part of traces that is kept, from 0 to 1. If the caller decided already, its decision holds.
    pub sample_ratio: f64,
    /// The address and port at which Prometheus finds the metrics, such as `0.0.0.0:9464`; empty: no metrics.
    pub metrics_listen: String,
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
    trace::set_sample_ratio(settings.sample_ratio);
    // Only the work of kept traces has spans.
    let mut provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(name).build())
        .with_sampler(Sampler::AlwaysOn);
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
        .event_format(WithTrace(
            Format::default().json().flatten_event(true).with_current_span(false).with_span_list(false),
        ))
        .with_filter(EnvFilter::try_new(&settings.log)?);
    tracing_subscriber::registry().with(traces).with(logs).try_init()?;
    if !settings.metrics_listen.is_empty() {
        let listen: SocketAddr = settings.metrics_listen.parse()?;
        PrometheusBuilder::new().with_http_listener(listen).install()?;
    }
    Ok(Telemetry(Some(provider)))
}
