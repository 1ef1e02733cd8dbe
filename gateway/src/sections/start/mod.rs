//! The start page: what is new, first.

mod views;

use axum::extract::State;
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Section},
    dossier::v1::ListReportsRequest,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::views::StartView;
use crate::{
    app::App,
    page::Page,
    problem::Problem,
    sections::reports::{DayView, ReportView},
    session::Viewer,
};

/// How many reports the panel shows.
const NEWEST: i32 = 3;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What is new in the dossier (T24, P58, R22).
#[utoipa::path(get, path = "/", tag = "start", security(("session" = [])),
    responses((status = 200, body = StartView)))]
async fn show(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    let days = if session.allows(Section::Reports, Action::View) {
        let request = ListReportsRequest { page_size: NEWEST, ..Default::default() };
        let answer = app.clients.dossier_for(&session).list_reports(request).await?.into_inner();
        Some(DayView::of(answer.reports.into_iter().filter_map(ReportView::of)))
    } else {
        None
    };
    let is_own = session.facts.impersonator.is_empty();
    let username = if is_own { session.facts.username.clone() } else { String::new() };
    Ok(Page::show(StartView {
        name: session.facts.display_name.clone(),
        username,
        days,
        last_login_at: session
            .facts
            .last_login_at
            .as_ref()
            .and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()),
    }))
}
