//! The states of the pages of records, for the style guide.

use jiff::civil::date;
use proto::{access::v1::Section, dossier::v1::ErrorReason};

use super::{
    chart::{Chart, Point},
    entry::{DayView, RecordView},
    kind::Place,
    kinds::{
        AnswerView, AreaView, CareAgreementView, CarePlanView, DocumentView, EvaluatedGoalView,
        EvaluationView, FormView, GoalView, MeasurementView, QuestionnaireView, ReportView, SubscriptionView,
        ValueView,
    },
    period::{Days, Period, PeriodFields, Preset},
    source::SourceView,
    table::AnyRecord,
    views::{CodeChoice, RecordPage, RecordsView},
    write::{OwnReport, OwnReportFields, WriteView},
};
use crate::{
    example::{ARABIC_NAME, Example, days_ago, long_name, long_text, problem_of},
    form::FormFields,
    page::FormState,
    panel::PanelRow,
    problem::Problem,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let reversed = Days { from: "2027-03-01".to_owned(), until: "2027-02-01".to_owned() };
    let wrong = problem_of(&[("until", ErrorReason::PeriodReversed.into())]);
    let empty = problem_of(&[("from", ErrorReason::FieldMissing.into())]);
    let missing = problem_of(&[("text", ErrorReason::FieldMissing.into())]);
    let none = |preset, days: &Days, problem| view::<ReportView>(Vec::new(), preset, days, problem);
    vec![
        list("reports", reports()),
        Example::inside("reports-none", none(Preset::All, &Days::default(), None)),
        Example::inside("reports-custom", none(Preset::Custom, &Days::default(), None)),
        Example::inside("reports-custom-empty", none(Preset::Custom, &Days::default(), Some(empty))),
        Example::inside("reports-reversed", none(Preset::Custom, &reversed, Some(wrong))),
        list("care-plans", vec![plan("current"), plan("proposed"), plan("earlier")]),
        list("evaluations", vec![evaluation()]),
        list("measurements", vec![weight(), pressure(130.0)]),
        Example::inside("measurements-chart", chart()),
        list("questionnaires", vec![questionnaire()]),
        list("forms", vec![FormView { title: long_name(), author: long_name(), answers: answers() }]),
        list("care-agreements", vec![agreement()]),
        list("subscriptions", vec![subscription()]),
        list("documents", vec![document()]),
        Example::inside("timeline", timeline()),
        Example::inside("care-plan", RecordPage { record: record(0, plan("current")) }),
        Example::inside("report-new", WriteView::default()),
        Example::inside(
            "report-new-empty",
            WriteView {
                fields: OwnReportFields::filled(&OwnReport::default(), &missing),
                form: FormState::refused(missing),
            },
        ),
    ]
}

/// Records of several sections, one of them retracted.
fn timeline() -> RecordsView<AnyRecord> {
    let records = [
        (Section::CarePlans, Some(AnyRecord::CarePlans(plan("current")))),
        (Section::Measurements, Some(AnyRecord::Measurements(weight()))),
        (Section::Questionnaires, Some(AnyRecord::Questionnaires(questionnaire()))),
        (Section::Reports, None),
        (Section::Documents, Some(AnyRecord::Documents(document()))),
    ];
    let record =
        |((section, content), number)| RecordView::example(section, number, days_ago(number / 2), content);
    view(DayView::list(records.into_iter().zip(0..).map(record)), Preset::All, &Days::default(), None)
}

/// Rows of a panel.
#[must_use]
pub fn panel_rows(count: usize) -> Vec<PanelRow> {
    let rows = reports().into_iter().zip(0..).take(count).map(|(report, ago)| {
        let (text, by) = super::kind::Kind::row(&report);
        PanelRow { id: ago.to_string(), at: days_ago(ago), is_moment: true, text, by }
    });
    rows.collect()
}

fn record<K: Place>(number: i64, content: K) -> RecordView<K> {
    RecordView::example(K::SECTION, number, days_ago(number / 2), Some(content))
}

/// A list with these records, and the mark of a retracted one.
fn list<K: Place>(name: &'static str, contents: Vec<K>) -> Example {
    let retracted = RecordView::example(K::SECTION, 9, days_ago(4), None);
    let records = (0..).zip(contents).map(|(number, content)| record(number, content)).chain([retracted]);
    let records = DayView::list(records);
    let view = view(records, Preset::All, &Days::default(), None);
    Example::inside(name, RecordsView { next_page: Some("x".to_owned()), ..view })
}

fn view<K: Place>(
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
        may_write: K::NAME == ReportView::NAME,
        chart: None,
        months: if K::IS_TIMELINE { vec![today, date(2027, 2, 28)] } else { Vec::new() },
        fields: problem.as_ref().map_or_else(|| PeriodFields::of(days), |it| PeriodFields::filled(days, it)),
        form: FormState { problem, ..FormState::default() },
    }
}

/// Reports with everything that people and systems write.
fn reports() -> Vec<ReportView> {
    let report = |kind, author: String, text: String| ReportView {
        kind,
        text,
        author,
        author_role: if kind == "own" { "third_party" } else { "verpleegkundige niveau 4" }.to_owned(),
    };
    vec![
        report("daily", "K. Bakker".to_owned(), "De wond heeft zich goed hersteld.".to_owned()),
        report("medical", long_name(), long_text()),
        report("incident", ARABIC_NAME.to_owned(), ARABIC_NAME.repeat(20)),
        report("own", "Jan de Vries".to_owned(), "Wij hebben samen gewandeld.".to_owned()),
        report("conversation", "P. Visser".to_owned(), "Samen gewandeld.\n".repeat(30)),
    ]
}

fn value(name: &str, value: f64, unit: &str) -> ValueView {
    ValueView { name: name.to_owned(), value, unit: unit.to_owned() }
}

fn weight() -> MeasurementView {
    MeasurementView {
        r#type: "gewicht".to_owned(),
        name: "Gewicht".to_owned(),
        values: vec![value("", 72.5, "kg")],
        remark: long_text(),
    }
}

fn pressure(upper: f64) -> MeasurementView {
    MeasurementView {
        r#type: "bloeddruk".to_owned(),
        name: "Bloeddruk".to_owned(),
        values: vec![value("bovendruk", upper, "mmHg"), value("onderdruk", upper - 50.0, "mmHg")],
        remark: String::new(),
    }
}

fn chart() -> RecordsView<MeasurementView> {
    let points = [135.0, 128.0, 141.0, 130.0].into_iter().zip(0..).map(|(upper, ago)| Point {
        at: days_ago(ago * 7),
        values: pressure(upper).values,
        remark: if ago == 1 { long_name() } else { String::new() },
    });
    let code = |code: &str, name: &str| CodeChoice { code: code.to_owned(), name: name.to_owned() };
    let days = DayView::list([record(0, pressure(135.0))]);
    RecordsView {
        code: "bloeddruk".to_owned(),
        codes: vec![code("bloeddruk", "Bloeddruk"), code("gewicht", "Gewicht"), code("x", &long_name())],
        chart: Some(Chart::new("Bloeddruk".to_owned(), points.collect())),
        ..view(days, Preset::Year, &Days::default(), None)
    }
}

fn answers() -> Vec<AnswerView> {
    let answer = |answer: String| AnswerView { question: "Hoe gaat het lopen?".to_owned(), answer };
    vec![answer("Goed, met de rollator.".to_owned()), answer(String::new()), answer(long_text())]
}

fn questionnaire() -> QuestionnaireView {
    QuestionnaireView {
        r#type: "valrisico".to_owned(),
        title: "Valrisico".to_owned(),
        author: long_name(),
        answers: answers(),
    }
}

fn plan(state: &'static str) -> CarePlanView {
    let goal = GoalView {
        text: "Mevrouw zet weer zelf koffie.".to_owned(),
        state: "active",
        actions: vec!["Elke ochtend samen oefenen.".to_owned(), long_text()],
    };
    let area = |name: String| AreaView { name, situation: long_text(), goals: vec![goal.clone()] };
    CarePlanView {
        plan_id: "P1".to_owned(),
        title: "Zorgplan voorjaar".to_owned(),
        starts_on: Some(date(2027, 1, 1)),
        ends_on: (state == "earlier").then(|| date(2027, 2, 28)),
        agreed_on: (state != "proposed").then(|| date(2026, 12, 20)),
        state,
        areas: vec![area("Mobiliteit".to_owned()), area(long_name())],
    }
}

fn evaluation() -> EvaluationView {
    EvaluationView {
        title: "Evaluatie van het zorgplan".to_owned(),
        author: long_name(),
        author_role: "EVV'er".to_owned(),
        text: long_text(),
        goals: vec![EvaluatedGoalView { goal: "Zelf koffie zetten".to_owned(), finding: long_text() }],
    }
}

fn agreement() -> CareAgreementView {
    CareAgreementView {
        title: "Zorgovereenkomst".to_owned(),
        starts_on: Some(date(2027, 1, 1)),
        ends_on: None,
        signed_on: Some(date(2026, 12, 20)),
        services: vec!["Persoonlijke verzorging, 3 uur per week".to_owned(), long_name()],
    }
}

fn subscription() -> SubscriptionView {
    SubscriptionView {
        name: "Maaltijdservice".to_owned(),
        description: long_text(),
        price: "€ 12,50 per maand".to_owned(),
        starts_on: Some(date(2027, 1, 1)),
        ends_on: Some(date(2027, 12, 31)),
    }
}

fn document() -> DocumentView {
    DocumentView {
        title: long_name(),
        category: "brief".to_owned(),
        file_name: format!("{}.pdf", long_name()),
        media_type: "application/pdf".to_owned(),
        size_bytes: 123_456,
    }
}
