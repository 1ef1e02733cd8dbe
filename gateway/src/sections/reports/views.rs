//! What the reports page shows.

use askama::Template;
use jiff::{Timestamp, civil::Date};
use proto::dossier::v1::{Report, ReportKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::period::Period;
use crate::{
    i18n::{filters, zone},
    page::View,
    problem::Problem,
};

/// A report, as it is read (T75, H12).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Its id.
    pub id: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// What kind: `daily`, `medical`, `incident` or `conversation`.
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// The author's name.
    pub author: String,
    /// The author's role.
    pub author_role: String,
}

impl ReportView {
    /// From the contract; `None` where it has no time.
    #[must_use]
    pub fn of(report: Report) -> Option<Self> {
        let written_at = report.written_at.as_ref()?;
        Some(Self {
            written_at: Timestamp::new(written_at.seconds, written_at.nanos).ok()?,
            kind: match report.kind() {
                ReportKind::Daily | ReportKind::Unspecified => "daily",
                ReportKind::Medical => "medical",
                ReportKind::Incident => "incident",
                ReportKind::Conversation => "conversation",
            },
            id: report.report_id,
            text: report.text,
            author: report.author,
            author_role: report.author_role,
        })
    }

    /// The day on which it was written, in the Netherlands.
    #[must_use]
    pub fn day(&self) -> Date {
        self.written_at.to_zoned(zone()).date()
    }

    /// The key of the words for its kind.
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
    /// Reports in the order given, day by day.
    pub fn of(reports: impl Iterator<Item = ReportView>) -> Vec<Self> {
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

/// The reports page.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/reports/list.html")]
pub struct ReportsView {
    /// The period that is shown.
    pub period: Period,
    /// Day by day, newest first.
    pub days: Vec<DayView>,
    /// The next, older page; to be given as `page`.
    pub next_page: Option<String>,
    /// Whether this is the newest page.
    pub is_first_page: bool,
    /// What is wrong with the period that was asked for.
    #[serde(skip)]
    pub problem: Option<Problem>,
}

impl ReportsView {
    fn field(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }
}

impl View for ReportsView {
    const TITLE: &'static str = "reports-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}
