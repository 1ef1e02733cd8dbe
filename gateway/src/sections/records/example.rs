//! Makes the states of the pages of records, for the style guide. Each kind brings its own records.

use jiff::civil::date;

use super::{
    entry::{DayView, RecordView},
    kind::Place,
    period::{Days, Period, PeriodFields, Preset},
    source::SourceView,
    views::{RecordPage, RecordsView},
    write::SECTION,
};
use crate::{
    example::{Example, days_ago, long_name},
    form::FormFields,
    page::FormState,
    problem::Problem,
};

/// A kind's examples as records, the newest first.
#[must_use]
pub fn records<K: Place>() -> Vec<RecordView<K>> {
    let contents = K::examples().into_iter().zip(0..);
    contents
        .map(|(content, number)| RecordView::example(K::SECTION, number, days_ago(number / 2), Some(content)))
        .collect()
}

/// The list of a kind, with the mark of a retracted record.
#[must_use]
pub fn list<K: Place>() -> Example {
    let retracted = RecordView::example(K::SECTION, 9, days_ago(9), None);
    let records = DayView::list(records::<K>().into_iter().chain([retracted]));
    let view = view(records, Preset::All, &Days::default(), None);
    Example::inside(K::section_name(), RecordsView { next_page: Some("x".to_owned()), ..view })
}

/// The page of a kind's first example.
#[must_use]
pub fn one<K: Place>() -> Option<Example> {
    let record = records::<K>().into_iter().next()?;
    Some(Example::inside(K::TITLE, RecordPage { record }))
}

/// A list with these records.
#[must_use]
pub fn list_of<K: Place>(records: Vec<RecordView<K>>) -> Example {
    Example::inside(K::section_name(), view(DayView::list(records), Preset::All, &Days::default(), None))
}

/// A list page with these records, in this period.
#[must_use]
pub fn view<K: Place>(
    days_of_records: Vec<DayView<K>>,
    preset: Preset,
    days: &Days,
    problem: Option<Problem>,
) -> RecordsView<K> {
    let today = date(2027, 3, 20);
    let source = |name: &str, is_silent| SourceView { name: name.to_owned(), fed_at: days_ago(0), is_silent };
    RecordsView {
        period: Period::new(Some(preset), days, today),
        days: days_of_records,
        code: String::new(),
        codes: Vec::new(),
        next_page: None,
        is_first_page: true,
        sources: vec![source("ecd", false), source(&long_name(), true)],
        history_since: Some(days_ago(30)),
        may_write: K::SECTION == SECTION,
        chart: None,
        months: if K::IS_TIMELINE { vec![today, date(2027, 2, 28)] } else { Vec::new() },
        fields: problem.as_ref().map_or_else(|| PeriodFields::of(days), |it| PeriodFields::filled(days, it)),
        form: FormState { problem, ..FormState::default() },
    }
}
