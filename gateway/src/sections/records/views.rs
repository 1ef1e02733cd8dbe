//! The views of the pages of records.

use askama::Template;
use jiff::{Timestamp, civil::Date};
use proto::dossier::v1::CodeName;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    chart::Chart,
    entry::{DayView, RecordView},
    kind::Place,
    period::{Period, PeriodFields, Preset},
    source::SourceView,
};
use crate::{
    form::FormFields,
    i18n::filters,
    page::{FormState, Parent, View},
};

/// A code by which people choose records, such as the type of a measurement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeChoice {
    /// The code: send it as `code`.
    pub code: String,
    /// Its words.
    pub name: String,
}

impl CodeChoice {
    /// From the answer of dossier.
    #[must_use]
    pub fn list(codes: Vec<CodeName>) -> Vec<Self> {
        codes.into_iter().map(|code| Self { code: code.code, name: code.name }).collect()
    }
}

/// The list page of a section.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/records/list.html")]
pub struct RecordsView<K: Place> {
    /// The period that is shown.
    pub period: Period,
    /// The code that is shown; empty: all records.
    pub code: String,
    /// The codes to choose from, on the newest page.
    pub codes: Vec<CodeChoice>,
    /// The records, day by day, newest first.
    pub days: Vec<DayView<K>>,
    /// The next, older page: send it as `page`; null: this is the oldest page.
    pub next_page: Option<String>,
    /// The systems that send records, on the newest page.
    pub sources: Vec<SourceView>,
    /// Whether this is the newest page.
    pub is_first_page: bool,
    /// The person reads what lasted until this moment or after it (R24); absent: everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_since: Option<Timestamp>,
    /// Whether the person may write a record here.
    pub may_write: bool,
    #[serde(skip)]
    pub chart: Option<Chart>,
    #[serde(skip)]
    pub months: Vec<Date>,
    #[serde(skip)]
    pub fields: PeriodFields,
    #[serde(skip)]
    pub form: FormState,
}

impl<K: Place> View for RecordsView<K> {
    const TITLE: &'static str = K::TITLE;

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// A link that shows other records of the same page.
struct Choice {
    href: String,
    /// The Fluent key of the words.
    word: String,
    is_current: bool,
}

impl<K: Place> RecordsView<K> {
    /// The Fluent key of the section's text with this end.
    fn word(end: &str) -> String {
        format!("{}-{end}", K::section_name())
    }

    const fn path() -> &'static str {
        K::PATH
    }

    const fn is_timeline() -> bool {
        K::IS_TIMELINE
    }

    const fn is_alone() -> bool {
        false
    }

    /// The names of the sections whose news changes the page.
    fn live() -> String {
        K::live().join(" ")
    }

    /// The periods to choose from.
    fn presets(&self) -> Vec<Choice> {
        let choice = |preset: &Preset| Choice {
            href: format!("{}?{}", K::PATH, Period::of(*preset).query(&self.code)),
            word: preset.word(),
            is_current: self.period.preset == *preset,
        };
        K::PRESETS.iter().map(choice).collect()
    }

    /// The address of this page with another code.
    fn with_code(&self, code: &str) -> String {
        format!("{}?{}", K::PATH, self.period.query(code))
    }

    /// The months to go to, each with the address of the records up to its last day.
    fn months(&self) -> Vec<(Date, String)> {
        let month = |day: &Date| (*day, format!("{}?{}", K::PATH, Period::up_to(*day).query("")));
        self.months.iter().map(month).collect()
    }
}

/// The page of one record.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/records/show.html")]
pub struct RecordPage<K: Place> {
    /// The record.
    pub record: RecordView<K>,
}

impl<K: Place> View for RecordPage<K> {
    const TITLE: &'static str = K::TITLE;

    fn parent(&self) -> Option<Parent> {
        Some(Parent { path: K::PATH, title: K::TITLE })
    }
}

impl<K: Place> RecordPage<K> {
    const fn is_timeline() -> bool {
        false
    }

    const fn is_alone() -> bool {
        true
    }
}
