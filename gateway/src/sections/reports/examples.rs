//! The states of the reports page, for the style guide.

use jiff::civil::date;
use proto::dossier::v1::ErrorReason;

use super::{
    period::{Days, Period, PeriodFields, Preset},
    report::{DayView, ReportView},
    source::SourceView,
    views::ReportsView,
};
use crate::{
    example::{ARABIC_NAME, Example, days_ago, long_name, long_text, problem_of},
    form::FormFields,
    page::FormState,
    problem::Problem,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let reversed = Days { from: "2027-03-01".to_owned(), until: "2027-02-01".to_owned() };
    let wrong = problem_of(&[("until", ErrorReason::PeriodReversed.into())]);
    let empty = problem_of(&[("from", ErrorReason::FieldMissing.into())]);
    vec![
        Example::inside(
            "reports",
            ReportsView {
                days: DayView::list(reports().into_iter()),
                next_page: Some("x".to_owned()),
                ..view(Preset::Month, &Days::default(), None)
            },
        ),
        Example::inside("reports-none", view(Preset::All, &Days::default(), None)),
        Example::inside("reports-custom", view(Preset::Custom, &Days::default(), None)),
        Example::inside("reports-custom-empty", view(Preset::Custom, &Days::default(), Some(empty))),
        Example::inside("reports-reversed", view(Preset::Custom, &reversed, Some(wrong))),
    ]
}

/// Reports with everything that people and systems write.
#[must_use]
pub fn reports() -> Vec<ReportView> {
    let report = |number: i64, kind, author: String, text: String| ReportView {
        id: number.to_string(),
        written_at: days_ago(number / 2),
        kind,
        text,
        author,
        author_role: "verpleegkundige niveau 4".to_owned(),
        source: "ecd".to_owned(),
        retracted_at: None,
    };
    vec![
        report(0, "daily", "K. Bakker".to_owned(), "De wond heeft zich goed hersteld.".to_owned()),
        report(1, "medical", long_name(), long_text()),
        report(2, "incident", ARABIC_NAME.to_owned(), ARABIC_NAME.repeat(20)),
        ReportView { retracted_at: Some(days_ago(0)), ..report(4, "daily", String::new(), String::new()) },
        report(5, "conversation", "P. Visser".to_owned(), "Samen gewandeld.\n".repeat(30)),
    ]
}

fn view(preset: Preset, days: &Days, problem: Option<Problem>) -> ReportsView {
    ReportsView {
        period: Period::new(Some(preset), days, date(2027, 3, 20)),
        days: Vec::new(),
        next_page: None,
        is_first_page: true,
        sources: vec![SourceView { name: "ecd".to_owned(), fed_at: days_ago(0) }],
        fields: problem.as_ref().map_or_else(|| PeriodFields::of(days), |it| PeriodFields::filled(days, it)),
        form: FormState { problem, ..FormState::default() },
    }
}
