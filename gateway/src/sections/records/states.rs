//! The states of the pages of records, for the style guide.

use proto::dossier::v1::ErrorReason;

use super::{
    entry::DayView,
    example,
    kind::Kind,
    kinds::{MeasurementView, ReportView},
    list,
    period::{Days, Preset},
    table,
    views::{CodeChoice, RecordsView},
    write::{OwnReport, OwnReportFields, WriteView},
};
use crate::{
    example::{Example, days_ago, long_name, problem_of},
    form::FormFields,
    page::FormState,
    panel::PanelRow,
};

/// The states: the list of each kind, and what the lists of reports and measurements have beside.
#[must_use]
pub fn examples() -> Vec<Example> {
    let reversed = Days { from: "2027-03-01".to_owned(), until: "2027-02-01".to_owned() };
    let wrong = problem_of(&[("until", ErrorReason::PeriodReversed.into())]);
    let empty = problem_of(&[("from", ErrorReason::FieldMissing.into())]);
    let missing = problem_of(&[("text", ErrorReason::FieldMissing.into())]);
    let none = |preset, days: &Days, problem| example::view::<ReportView>(Vec::new(), preset, days, problem);
    let written = OwnReportFields::filled(&OwnReport::default(), &missing);
    let mut all = table::states();
    all.extend([
        Example::inside("reports-none", none(Preset::All, &Days::default(), None)),
        Example::inside("reports-custom", none(Preset::Custom, &Days::default(), None)),
        Example::inside("reports-custom-empty", none(Preset::Custom, &Days::default(), Some(empty))),
        Example::inside("reports-reversed", none(Preset::Custom, &reversed, Some(wrong))),
        Example::inside("measurements-chart", chart()),
        Example::inside("report-new", WriteView::default()),
        Example::inside("report-new-empty", WriteView { fields: written, form: FormState::refused(missing) }),
    ]);
    all
}

/// Rows of a panel.
#[must_use]
pub fn panel_rows(count: usize) -> Vec<PanelRow> {
    let rows = ReportView::examples().into_iter().zip(0..).take(count).map(|(report, ago)| {
        let (text, by) = report.row();
        PanelRow { id: ago.to_string(), at: days_ago(ago), is_moment: true, text, by }
    });
    rows.collect()
}

/// The measurements of one type.
fn chart() -> RecordsView<MeasurementView> {
    let mut measurements = example::records::<MeasurementView>();
    measurements.retain(|it| it.content.as_ref().is_some_and(|it| it.r#type == "bloeddruk"));
    let code = |code: &str, name: &str| CodeChoice { code: code.to_owned(), name: name.to_owned() };
    RecordsView {
        code: "bloeddruk".to_owned(),
        codes: vec![code("bloeddruk", "Bloeddruk"), code("gewicht", "Gewicht"), code("x", &long_name())],
        chart: list::chart(&measurements),
        ..example::view(DayView::list(measurements), Preset::Year, &Days::default(), None)
    }
}
