//! The view of the reports page.

use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    period::{Period, PeriodFields},
    report::DayView,
    source::SourceView,
};
use crate::{
    form::FormFields,
    i18n::filters,
    page::{FormState, View},
};

/// The reports page.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/reports/list.html")]
pub struct ReportsView {
    /// The period that is shown.
    pub period: Period,
    /// The reports, day by day, newest first.
    pub days: Vec<DayView>,
    /// The next, older page: send it as `page`; null: this is the oldest page.
    pub next_page: Option<String>,
    /// The systems that send records, on the newest page.
    pub sources: Vec<SourceView>,
    /// Whether this is the newest page.
    pub is_first_page: bool,
    #[serde(skip)]
    pub fields: PeriodFields,
    #[serde(skip)]
    pub form: FormState,
}

impl View for ReportsView {
    const TITLE: &'static str = "reports-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}
