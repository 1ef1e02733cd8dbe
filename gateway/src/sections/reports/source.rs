//! When the systems of the organisation last sent something (T73, V37).

use chassis::time;
use jiff::Timestamp;
use proto::dossier::v1::SourceFeed;
use serde::Serialize;
use utoipa::ToSchema;

/// A system that sends records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// Its name.
    pub name: String,
    /// When its last record came in.
    pub fed_at: Timestamp,
}

impl SourceView {
    /// From the answer of dossier.
    #[must_use]
    pub fn list(sources: Vec<SourceFeed>) -> Vec<Self> {
        let source = |feed: SourceFeed| {
            Some(Self { fed_at: time::from_proto(feed.fed_at.as_ref())?, name: feed.source })
        };
        sources.into_iter().filter_map(source).collect()
    }
}
