//! A report as pages and JSON show it.

use chassis::time;
use jiff::{Timestamp, civil::Date};
use proto::dossier::v1::{Entry, Report, ReportKind, content::Kind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::i18n::zone;

/// A report (T75, H12).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Its id.
    pub id: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// The kind: `daily`, `medical`, `incident` or `conversation`.
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// The author's name.
    pub author: String,
    /// The author's role.
    pub author_role: String,
    /// The system that the report comes from.
    pub source: String,
    /// When the organisation took the report back; its text is gone then. Absent: the report stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted_at: Option<Timestamp>,
}

impl ReportView {
    /// From the contract's entry; `None` where it has no time, or is no report.
    #[must_use]
    pub fn new(entry: Entry) -> Option<Self> {
        let report = match entry.content.and_then(|content| content.kind) {
            Some(Kind::Report(report)) => report,
            _ => Report::default(),
        };
        Some(Self {
            written_at: time::from_proto(entry.at.as_ref())?,
            kind: match report.kind() {
                ReportKind::Daily | ReportKind::Unspecified => "daily",
                ReportKind::Medical => "medical",
                ReportKind::Incident => "incident",
                ReportKind::Conversation => "conversation",
                ReportKind::Own => "own",
            },
            id: entry.record_id,
            source: entry.source,
            text: report.text,
            author: report.author,
            author_role: report.author_role,
            retracted_at: time::from_proto(entry.retracted_at.as_ref()),
        })
    }

    /// The day on which it was written, in the Netherlands.
    #[must_use]
    pub fn day(&self) -> Date {
        self.written_at.to_zoned(zone()).date()
    }

    /// The Fluent key of its kind.
    #[must_use]
    pub fn kind_word(&self) -> String {
        format!("report-kind-{}", self.kind)
    }
}

/// The reports of one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    /// The day.
    pub day: Date,
    /// Its reports, newest first.
    pub reports: Vec<ReportView>,
}

impl DayView {
    /// Groups reports by day; their order stays.
    #[must_use]
    pub fn list(reports: impl Iterator<Item = ReportView>) -> Vec<Self> {
        let mut days: Vec<Self> = Vec::new();
        for report in reports {
            let day = report.day();
            match days.last_mut() {
                Some(last) if last.day == day => last.reports.push(report),
                _ => days.push(Self { day, reports: vec![report] }),
            }
        }
        days
    }
}
