//! Log lines: JSON, each with the trace and the work that wrote the line.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, Writer},
    },
    registry::LookupSpan,
};

use super::Trace;

/// Writes a line as `Format<Json>` does, and adds `trace` and `work`.
pub(super) struct WithTrace(pub(super) Format<Json>);

impl<S, N> FormatEvent<S, N> for WithTrace
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        match (Trace::with_current(Clone::clone), line.strip_prefix('{')) {
            (Some(trace), Some(rest)) => {
                write!(out, "{{\"trace\":\"{}\",", trace.id())?;
                if !trace.work().is_empty() {
                    // A caller may ask for a path with characters that JSON would need to escape.
                    let breaks_json = |c: char| c == '"' || c == '\\' || c.is_control();
                    write!(out, "\"work\":\"{}\",", trace.work().replace(breaks_json, "?"))?;
                }
                out.write_str(rest)
            }
            _ => out.write_str(&line),
        }
    }
}
