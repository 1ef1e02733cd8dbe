//! The panel of reports on the start page, and which events mean that there is a new report to read.

use chassis::contract::type_name;
use prost::Name;
use prost_types::Any;
use proto::dossier::v1::{ListReportsRequest, RecordsImported, ReportAdded, ReportChanged};

use super::report::{DayView, ReportView};
use crate::{app::App, problem::Problem, session::Session};

/// How many reports the panel shows.
const PANEL_SIZE: i32 = 3;

/// The newest reports, day by day (T24, P58, R22).
pub async fn panel(app: &App, session: &Session) -> Result<Vec<DayView>, Problem> {
    let request = ListReportsRequest { page_size: PANEL_SIZE, ..Default::default() };
    let answer = app.services.dossier_for(session).list_reports(request).await?.into_inner();
    Ok(DayView::list(answer.reports.into_iter().filter_map(ReportView::new)))
}

/// Whether an event means that there is something new to read. An import of historic records is not new.
#[must_use]
pub fn is_new(event: &Any) -> bool {
    let name = type_name(event);
    name == ReportAdded::full_name()
        || name == ReportChanged::full_name()
        || event.to_msg::<RecordsImported>().is_ok_and(|imported| !imported.historic && imported.reports > 0)
}
