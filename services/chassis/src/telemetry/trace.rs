//! The trace that work belongs to (W3C Trace Context). Whether a trace is kept is decided when the trace begins: only
//! the work of kept traces gets spans, because spans cost more than all other parts of a small call.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
};

use http::{HeaderMap, HeaderValue};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::secret;

/// The header with the trace context.
const HEADER: &str = "traceparent";
/// New traces are kept if the last 63 bits of their id are lower than this.
static KEPT_BELOW: AtomicU64 = AtomicU64::new(0);

tokio::task_local! {
    static CURRENT: Trace;
}

/// Keeps this part of new traces, from 0 to 1.
pub(super) fn set_sample_ratio(ratio: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a ratio between 0 and 1 gives a number of 63 bits"
    )]
    KEPT_BELOW.store((ratio.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64, Ordering::Relaxed);
}

/// A trace, and the span in it that caused the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    id: u128,
    /// The caller's span; 0: the trace begins here.
    parent: u64,
    /// The trace and span of a stranger that caused the work; `None`: there is none.
    link: Option<(u128, u64)>,
    is_kept: bool,
    /// What is done, for log lines: the path of a method, or the name of a route.
    work: String,
}

impl Trace {
    /// A new trace.
    #[must_use]
    pub fn begin() -> Self {
        let id = u128::from_be_bytes(secret::random());
        #[expect(clippy::cast_possible_truncation, reason = "the last 63 bits decide")]
        let is_kept = (id as u64) >> 1 < KEPT_BELOW.load(Ordering::Relaxed);
        Self { id, parent: 0, link: None, is_kept, work: String::new() }
    }

    /// The trace of a `traceparent` value, with the caller's decision whether it is kept; a new trace where the value
    /// is empty or malformed.
    #[must_use]
    pub fn of_traceparent(value: &str) -> Self {
        Self::parse(value).unwrap_or_else(Self::begin)
    }

    /// The trace of the caller; a new trace where the caller sent none.
    #[must_use]
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        Self::of_traceparent(headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default())
    }

    /// A new trace for work that a stranger asks for, with a link to the stranger's trace where the headers name one: a
    /// stranger must not choose the id under which the work is known. `decides`: whether the headers decide if the
    /// trace is kept.
    #[must_use]
    pub fn of_stranger(headers: &HeaderMap, decides: bool) -> Self {
        let begun = Self::begin();
        let Some(theirs) = headers.get(HEADER).and_then(|value| Self::parse(value.to_str().ok()?)) else {
            return begun;
        };
        let is_kept = if decides { theirs.is_kept } else { begun.is_kept };
        Self { link: Some((theirs.id, theirs.parent)), is_kept, ..begun }
    }

    fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Later versions may add parts; version ff does not exist.
        let is_known = version.len() == 2 && version != "ff" && (version != "00" || parts.next().is_none());
        let lengths = [(version, 2), (id, 32), (parent, 16), (flags, 2)];
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_known || !lengths.iter().all(|(text, length)| text.len() == *length && is_hex(text)) {
            return None;
        }
        let (id, parent) = (u128::from_str_radix(id, 16).ok()?, u64::from_str_radix(parent, 16).ok()?);
        let is_kept = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (id != 0 && parent != 0).then_some(Self { id, parent, link: None, is_kept, work: String::new() })
    }

    /// Names the work, for log lines.
    #[must_use]
    pub fn named(self, work: impl Into<String>) -> Self {
        Self { work: work.into(), ..self }
    }

    /// Does work as a part of this trace; in a span of its own, if the trace is kept.
    /// `span` makes the span, given the name of the work.
    pub async fn run<F: Future>(self, span: impl FnOnce(&str) -> Span, work: F) -> F::Output {
        if !self.is_kept {
            return CURRENT.scope(self, work).await;
        }
        let span = span(&self.work);
        if self.parent != 0 {
            let parent = remote_span(self.id, self.parent);
            let _ = span.set_parent(Context::new().with_remote_span_context(parent));
        }
        if let Some((id, parent)) = self.link {
            span.add_link(remote_span(id, parent));
        }
        CURRENT.scope(self, work.instrument(span)).await
    }

    /// Takes the current trace and span along into a task of its own.
    pub fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> {
        let (current, span) = (CURRENT.try_with(Self::clone).ok(), Span::current());
        let work = work.instrument(span);
        async move {
            match current {
                Some(current) => CURRENT.scope(current, work).await,
                None => work.await,
            }
        }
    }

    /// Calls `with` with the trace of the current work; `None`: there is no such work.
    pub(super) fn with_current<T>(with: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(with).ok()
    }

    /// The trace's id, as it is in log lines.
    pub(super) fn id(&self) -> impl fmt::Display {
        let id = match span_context() {
            Some(span) => u128::from_be_bytes(span.trace_id().to_bytes()),
            None => self.id,
        };
        fmt::from_fn(move |f| write!(f, "{id:032x}"))
    }

    pub(super) fn work(&self) -> &str {
        &self.work
    }
}

fn remote_span(id: u128, span: u64) -> SpanContext {
    let (id, span) = (TraceId::from(id), SpanId::from(span));
    SpanContext::new(id, span, TraceFlags::SAMPLED, true, TraceState::default())
}

/// The context of the current span; `None`: the current work has no span.
fn span_context() -> Option<SpanContext> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// The id of the current trace, as 32 hexadecimal digits; a new random id where there is no trace.
#[must_use]
pub fn trace_id() -> String {
    Trace::with_current(|trace| trace.id().to_string())
        .unwrap_or_else(|| secret::hex(&secret::random::<16>()))
}

/// The trace context of the current work as a `traceparent` value; empty where there is no trace.
#[must_use]
pub fn traceparent() -> String {
    let of_trace = |trace: &Trace| match span_context().filter(|_| trace.is_kept) {
        Some(span) => format!("00-{}-{}-01", span.trace_id(), span.span_id()),
        // Without a span of its own, the work passes on its parent's span, or stands for a span that is not kept.
        None if trace.parent == 0 => format!("00-{:032x}-{:016x}-00", trace.id, (trace.id >> 64) | 1),
        None => format!("00-{:032x}-{:016x}-00", trace.id, trace.parent),
    };
    Trace::with_current(of_trace).unwrap_or_default()
}

/// Writes the trace context of the current work into the headers.
pub(crate) fn inject(headers: &mut HeaderMap) {
    let value = traceparent();
    if !value.is_empty()
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.insert(HEADER, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

    #[tokio::test]
    async fn work_of_a_trace_that_is_not_kept_has_its_id_and_no_span() {
        let trace = Trace::of_traceparent(&format!("{PARENT}00"));
        let no_span = |_: &str| unreachable!("no span is built");
        let seen = trace.run(no_span, async { (trace_id(), traceparent()) }).await;
        assert_eq!(seen, ("0af7651916cd43dd8448eb211c80319c".to_owned(), format!("{PARENT}00")));
        let (id, parent) = Trace::begin().run(no_span, async { (trace_id(), traceparent()) }).await;
        assert!(parent.starts_with(&format!("00-{id}-")) && parent.ends_with("-00"), "{parent}");
        assert!(!Trace::of_traceparent(&parent).is_kept, "{parent}");
        assert_eq!((traceparent(), trace_id().len()), (String::new(), 32));
    }

    #[test]
    fn caller_decides_whether_its_trace_is_kept() {
        assert!(Trace::of_traceparent(&format!("{PARENT}01")).is_kept);
        assert!(!Trace::of_traceparent(&format!("{PARENT}00")).is_kept);
    }

    #[tokio::test]
    async fn stranger_gives_no_trace_its_id_and_decides_nothing() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(HEADER),
            HeaderValue::try_from(format!("{PARENT}01")).unwrap(),
        )]);
        let trace = Trace::of_stranger(&headers, false);
        assert_eq!(trace.link, Some((0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331)));
        assert!(!trace.is_kept && Trace::of_stranger(&headers, true).is_kept);
        let id = trace.run(|_| unreachable!("no span is built"), async { trace_id() }).await;
        assert_ne!(id, "0af7651916cd43dd8448eb211c80319c", "ATT-09");
        assert_eq!(Trace::of_stranger(&HeaderMap::new(), true).link, None);
    }

    #[test]
    fn malformed_context_begins_a_new_trace() {
        let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
        for value in [
            "",
            "00",
            PARENT,
            zero,
            "é",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Trace::parse(value), None, "{value}");
        }
        assert!(Trace::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x").is_some());
    }
}
