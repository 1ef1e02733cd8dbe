//! The panel of reports on the start page, and which events mean that there is a new report to read.

use chassis::contract::type_name;
use prost::Name;
use prost_types::Any;
use proto::dossier::v1::{ListReportsRequest, RecordsImported, ReportAdded, ReportChanged};

use super::report::ReportView;
use crate::{app::App, panel::PanelRow, problem::Problem, session::Session};

/// How many reports the panel shows: their texts are longer than the rows of other panels.
const PANEL_SIZE: i32 = 2;

/// The newest reports (T24, P58, R22).
pub async fn panel(app: &App, session: &Session) -> Result<Vec<PanelRow>, Problem> {
    let request = ListReportsRequest { page_size: PANEL_SIZE, ..Default::default() };
    let answer = app.services.dossier_for(session).list_reports(request).await?.into_inner();
    let reports = answer.reports.into_iter().filter_map(ReportView::new);
    Ok(reports.map(PanelRow::from).collect())
}

impl From<ReportView> for PanelRow {
    fn from(report: ReportView) -> Self {
        let by = format!("{}, {}", report.author, report.author_role);
        Self { id: report.id, at: report.written_at, text: report.text, by }
    }
}

/// Whether an event means that there is something new to read. An import of historic records is not new.
#[must_use]
pub fn is_new(event: &Any) -> bool {
    let name = type_name(event);
    name == ReportAdded::full_name()
        || name == ReportChanged::full_name()
        || event.to_msg::<RecordsImported>().is_ok_and(|imported| !imported.historic && imported.reports > 0)
}
