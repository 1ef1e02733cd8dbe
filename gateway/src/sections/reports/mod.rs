//! The reports page: the reports of a period, newest first, page by page.

mod examples;
mod panel;
mod period;
mod report;
mod source;
mod views;

use axum::extract::{Query, State};
use proto::dossier::v1::{ErrorReason, ListReportsRequest, Selection};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

pub use self::{
    examples::{examples, reports},
    panel::panel,
};
use self::{
    period::{Days, Period, PeriodFields, Preset},
    report::{DayView, ReportView},
    source::SourceView,
    views::ReportsView,
};
use crate::{
    app::App,
    form::{FormFields, Routes},
    i18n::zone,
    page::{FormState, Page},
    problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().page(routes!(list))
}

/// Which reports to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `week`, `month`, `year` or `all` (the default); `custom` goes with `from` and `until`, and shows no report without
    /// them.
    period: Option<Preset>,
    /// The first day, as ISO 8601.
    from: Option<String>,
    /// The last day, included, as ISO 8601.
    until: Option<String>,
    /// The `next_page` of the former answer; absent: the newest page.
    page: Option<String>,
}

/// The reports of the chosen client (T75–T76, P58–P60, R23).
#[utoipa::path(get, path = "/reports", tag = "reports", params(Filter), security(("session" = [])),
    responses((status = 200, body = ReportsView)))]
async fn list(
    State(app): State<App>,
    Viewer(session): Viewer,
    Query(filter): Query<Filter>,
) -> Result<Page, Problem> {
    let today = app.clock.now().to_zoned(zone()).date();
    let has_empty_days = [&filter.from, &filter.until].map(|day| day.as_deref() == Some("")) == [true, true];
    let days = Days { from: filter.from.unwrap_or_default(), until: filter.until.unwrap_or_default() };
    let period = Period::new(filter.period, &days, today);
    let shown = |problem: Option<&Problem>| ReportsView {
        days: Vec::new(),
        is_first_page: filter.page.is_none(),
        next_page: None,
        sources: Vec::new(),
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
        page_size: 20,
        page_token: filter.page.clone().unwrap_or_default(),
        ..Selection::default()
    };
    let request = ListReportsRequest { selection: Some(selection) };
    let answer = app.services.dossier_for(&session).list_reports(request).await.map_err(Problem::from);
    match answer {
        Ok(answer) => {
            let listing = answer.into_inner().listing.unwrap_or_default();
            let reports = listing.entries.into_iter().filter_map(ReportView::new);
            Ok(Page::show(ReportsView {
                days: DayView::list(reports),
                next_page: Some(listing.next_page_token).filter(|token| !token.is_empty()),
                sources: SourceView::list(listing.sources),
                ..shown(None)
            }))
        }
        Err(problem) if problem.is_about_input() => Ok(Page::refused(problem.clone(), shown(Some(&problem)))),
        Err(problem) => Err(problem),
    }
}
