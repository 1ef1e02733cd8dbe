//! Writing a report into the dossier (V36).

use askama::Template;
use axum::extract::State;
use proto::{
    access::v1::{Action, Section},
    dossier::v1::WriteReportRequest,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{kind::Place, kinds::ReportView};
use crate::{
    app::App,
    cookie,
    form::{FormFields, FormRoute, Input, Routes, form},
    i18n::filters,
    page::{FormState, Page, Parent, View},
    problem::Problem,
    session::Session,
    sessions::{OwnViewer, Viewer},
};

/// The section in which people write.
pub const SECTION: Section = ReportView::SECTION;

/// Whether the person may write.
#[must_use]
pub fn is_allowed(session: &Session) -> bool {
    session.allows(SECTION, Action::Write) && session.facts.impersonator.is_empty()
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(show, submit), FormRoute::of::<OwnReport>())
}

form! {
    /// A report that a person writes.
    pub struct OwnReport, shown as OwnReportFields {
        /// The text.
        #[schema(min_length = 1, max_length = 20_000)]
        shown text: String,
    }
}

/// The page on which a person writes a report.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/records/write.html")]
pub struct WriteView {
    #[serde(skip)]
    pub fields: OwnReportFields,
    #[serde(skip)]
    pub form: FormState,
}

impl View for WriteView {
    const TITLE: &'static str = "report-new-title";

    fn parent(&self) -> Option<Parent> {
        Some(Parent { path: ReportView::PATH, title: ReportView::TITLE })
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The report was written.
#[derive(Serialize, ToSchema)]
struct WrittenReport {
    /// The id of the record.
    id: String,
}

/// The form. Whoever may not write learns that before anything is typed.
#[utoipa::path(get, path = "/reports/new", tag = "dossier", security(("session" = [])),
    responses((status = 200, body = WriteView)))]
async fn show(OwnViewer(session): OwnViewer) -> Result<Page, Problem> {
    is_allowed(&session).then(|| Page::show(WriteView::default())).ok_or_else(Problem::not_found)
}

/// Write a report into the dossier of the chosen client.
#[utoipa::path(post, path = "/reports/new", tag = "dossier", request_body = OwnReport, security(("session" = [])),
    responses((status = 200, body = WrittenReport), (status = 422, description = "The fields that are wrong")))]
async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<OwnReport>,
) -> Result<Page, Problem> {
    let request = WriteReportRequest { text: form.text.clone() };
    match app.services.dossier_for(&session).write_report(request).await.map_err(Problem::from) {
        Ok(written) => {
            let outcome = WrittenReport { id: written.into_inner().record_id };
            Ok(Page::done(&outcome, ReportView::PATH).with_cookie(cookie::flash("report-written")))
        }
        Err(problem) if problem.is_about_input() => {
            let fields = OwnReportFields::filled(&form, &problem);
            let view = WriteView { fields, form: FormState::refused(problem.clone()) };
            Ok(Page::refused(problem, view))
        }
        Err(problem) => Err(problem),
    }
}
