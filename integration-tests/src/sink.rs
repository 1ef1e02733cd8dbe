//! A sink for traces: takes what processes send over OTLP and keeps it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chassis::server::Bound;
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

/// A span as it came in.
#[derive(Clone, Debug)]
pub struct Span {
    /// The process that made it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its attributes that are text.
    pub attributes: HashMap<String, String>,
    /// Its trace.
    pub trace: Vec<u8>,
    /// Its id.
    pub id: Vec<u8>,
    /// The id of the span above it; empty for the first.
    pub parent: Vec<u8>,
}

/// A sink that runs until it is dropped.
pub struct Sink {
    /// Where it listens.
    pub address: String,
    spans: Arc<Mutex<Vec<Span>>>,
    _stop: DropGuard,
}

struct Take(Arc<Mutex<Vec<Span>>>);

impl Sink {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let spans = Arc::default();
        let bound = Bound::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", bound.address().unwrap());
        let routes = Routes::new(TraceServiceServer::new(Take(Arc::clone(&spans))));
        let stop = CancellationToken::new();
        tokio::spawn(bound.serve(routes, Identity::new(), stop.clone()));
        Self { address, spans, _stop: stop.drop_guard() }
    }

    /// All that came in until now.
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
impl TraceService for Take {
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
