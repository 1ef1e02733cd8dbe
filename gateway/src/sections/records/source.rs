//! When the systems of the organisation last sent something (T73, V37).

use chassis::time;
use jiff::{SignedDuration, Timestamp};
use proto::dossier::v1::SourceFeed;
use serde::Serialize;
use utoipa::ToSchema;

/// After so long, a source counts as silent: records may be missing.
const SILENT: SignedDuration = SignedDuration::from_hours(24);

/// After so long, a source is gone: the organisation has another system now.
const GONE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A system that sends records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// Its name.
    pub name: String,
    /// When its last record came in.
    pub fed_at: Timestamp,
    /// Whether it has sent nothing for a day.
    pub is_silent: bool,
}

impl SourceView {
    /// From the answer of dossier.
    #[must_use]
    pub fn list(sources: Vec<SourceFeed>, now: Timestamp) -> Vec<Self> {
        let source = |feed: SourceFeed| {
            let fed_at =
                time::from_proto(feed.fed_at.as_ref()).filter(|at| now.duration_since(*at) < GONE)?;
            Some(Self { is_silent: now.duration_since(fed_at) > SILENT, fed_at, name: feed.source })
        };
        sources.into_iter().filter_map(source).collect()
    }
}
