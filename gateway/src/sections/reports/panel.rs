//! The panel of reports on the start page.

use proto::dossier::v1::{ListReportsRequest, Selection};

use super::report::ReportView;
use crate::{app::App, panel::PanelRow, problem::Problem, session::Session};

/// How many reports the panel shows: their texts are longer than the rows of other panels.
const PANEL_SIZE: i32 = 2;

/// The newest reports (T24, P58, R22).
pub async fn panel(app: &App, session: &Session) -> Result<Vec<PanelRow>, Problem> {
    let selection = Selection { page_size: PANEL_SIZE, ..Selection::default() };
    let request = ListReportsRequest { selection: Some(selection) };
    let answer = app.services.dossier_for(session).list_reports(request).await?.into_inner();
    let entries = answer.listing.unwrap_or_default().entries.into_iter();
    let reports = entries.filter_map(ReportView::new).filter(|report| report.retracted_at.is_none());
    Ok(reports.map(PanelRow::from).collect())
}

impl From<ReportView> for PanelRow {
    fn from(report: ReportView) -> Self {
        let by = format!("{}, {}", report.author, report.author_role);
        Self { id: report.id, at: report.written_at, text: report.text, by }
    }
}
