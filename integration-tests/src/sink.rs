//! Collects the traces that processes send over OTLP, so that a test can read them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chassis::server::Listener;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, service::Routes};
use tower::layer::util::Identity;

/// A span that a process sent.
#[derive(Clone, Debug)]
pub struct Span {
    /// The process that sent the span.
    pub service: String,
    /// The span's name.
    pub name: String,
    /// The span's attributes whose value is text.
    pub attributes: HashMap<String, String>,
    /// The id of the trace that the span belongs to.
    pub trace: Vec<u8>,
    /// The span's id.
    pub id: Vec<u8>,
    /// The id of the parent span; empty for the first span of a trace.
    pub parent: Vec<u8>,
}

/// A server that collects spans until the `Sink` is dropped.
pub struct Sink {
    /// The server's address.
    pub address: String,
    spans: Arc<Mutex<Vec<Span>>>,
    _stop: DropGuard,
}

struct Collector(Arc<Mutex<Vec<Span>>>);

impl Sink {
    /// Starts a server on a free port.
    pub async fn start() -> Self {
        let spans = Arc::default();
        let bound = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", bound.address().unwrap());
        let routes = Routes::new(TraceServiceServer::new(Collector(Arc::clone(&spans))));
        let stop = CancellationToken::new();
        tokio::spawn(bound.serve(routes, Identity::new(), stop.clone()));
        Self { address, spans, _stop: stop.drop_guard() }
    }

    /// All spans that have arrived.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

fn texts(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some((attribute.key.clone(), text.clone())),
        _ => None,
    };
    attributes.iter().filter_map(text).collect()
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let service = resource.resource.map(|resource| texts(&resource.attributes)).unwrap_or_default();
            let service = service.get("service.name").cloned().unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let attributes = texts(&span.attributes);
                let span = Span {
                    service: service.clone(),
                    name: span.name,
                    attributes,
                    trace: span.trace_id,
                    id: span.span_id,
                    parent: span.parent_span_id,
                };
                self.0.lock().unwrap().push(span);
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
