//! The list page of a section: the records of a period, newest first, page by page.

use axum::extract::Query;
use jiff::{ToSpan, civil::Date};
use proto::dossier::v1::{ErrorReason, Selection};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    chart::Chart,
    entry::{DayView, RecordView},
    kind::Place,
    period::{Days, Period, PeriodFields, Preset},
    source::SourceView,
    views::{CodeChoice, RecordsView},
    write::{SECTION, is_allowed},
};
use crate::{
    app::App,
    form::FormFields,
    i18n::zone,
    page::{FormState, Page},
    problem::Problem,
    session::Session,
};

/// The number of records on a page.
const PAGE_SIZE: i32 = 20;
/// The number of records of a chart.
const CHART_SIZE: i32 = 100;

/// Which records to show.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// A period of the section's page, such as `month`; `all` is the default. `custom` goes with `from` and `until`, and
    /// shows no record without them.
    period: Option<Preset>,
    /// The first day, as ISO 8601.
    from: Option<String>,
    /// The last day, included, as ISO 8601.
    until: Option<String>,
    /// A `code` of the former answer, such as the type of a measurement; absent: all records.
    code: Option<String>,
    /// The `next_page` of the former answer; absent: the newest page.
    page: Option<String>,
}

/// The records of the chosen client.
///
/// # Errors
/// When dossier refuses the call for another reason than what was typed.
pub async fn list<K: Place>(
    app: &App,
    session: &Session,
    Query(filter): Query<Filter>,
) -> Result<Page, Problem> {
    let now = app.clock.now();
    let today = now.to_zoned(zone()).date();
    let has_empty_days = [&filter.from, &filter.until].map(|day| day.as_deref() == Some("")) == [true, true];
    let days = Days { from: filter.from.unwrap_or_default(), until: filter.until.unwrap_or_default() };
    let period = Period::new(filter.period, &days, today);
    if !K::PRESETS.contains(&period.preset) {
        return Err(Problem::not_found());
    }
    let code = filter.code.unwrap_or_default();
    let shown = |problem: Option<&Problem>| RecordsView::<K> {
        days: Vec::new(),
        is_first_page: filter.page.is_none(),
        next_page: None,
        sources: Vec::new(),
        codes: Vec::new(),
        code: code.clone(),
        history_since: chassis::time::from_proto(session.facts.history_since.as_ref()),
        chart: None,
        months: if K::IS_TIMELINE { months(today) } else { Vec::new() },
        may_write: is_allowed(session) && K::SECTION == SECTION,
        fields: problem
            .map_or_else(|| PeriodFields::of(&days), |problem| PeriodFields::filled(&days, problem)),
        form: FormState { problem: problem.cloned(), ..FormState::default() },
        period: period.clone(),
    };
    if period.preset == Preset::Custom && has_empty_days {
        let names = PeriodFields::default();
        let problem = Problem::of_field(names.from.name, ErrorReason::FieldMissing);
        return Ok(Page::refused(problem.clone(), shown(Some(&problem))));
    }
    if !period.is_complete() {
        return Ok(Page::show(shown(None)));
    }
    let selection = Selection {
        from: period.from.clone(),
        until: period.until.clone(),
        validity: period.validity().into(),
        page_size: if K::HAS_CHART && !code.is_empty() { CHART_SIZE } else { PAGE_SIZE },
        page_token: filter.page.clone().unwrap_or_default(),
        code: code.clone(),
        counted: false,
    };
    match K::list(app.services.dossier_for(session), selection).await.map_err(Problem::from) {
        Ok(listing) => {
            let records = listing.entries.into_iter().filter_map(|entry| RecordView::new(entry, now));
            let records: Vec<_> = records.collect();
            Ok(Page::show(RecordsView {
                chart: if code.is_empty() || filter.page.is_some() { None } else { chart(&records) },
                days: DayView::list(records),
                next_page: Some(listing.next_page_token).filter(|token| !token.is_empty()),
                sources: SourceView::list(listing.sources, now),
                codes: CodeChoice::list(listing.codes),
                ..shown(None)
            }))
        }
        Err(problem) if problem.is_about_input() => Ok(Page::refused(problem.clone(), shown(Some(&problem)))),
        Err(problem) => Err(problem),
    }
}

/// The records of one code as a chart, those that stand.
#[must_use]
pub fn chart<K: Place>(records: &[RecordView<K>]) -> Option<Chart> {
    let standing = records.iter().filter_map(|record| Some((record.at, record.content.as_ref()?)));
    K::chart(&standing.collect::<Vec<_>>())
}

/// The last days of this month and of the eleven months before.
fn months(today: Date) -> Vec<Date> {
    let month = |ago: i32| Some(today.checked_sub(ago.months()).ok()?.last_of_month());
    (0..12).filter_map(month).collect()
}
