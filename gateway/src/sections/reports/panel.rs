//! Reports on the start page, and which events are news of reports.

use chassis::contract::type_name;
use prost::Name;
use prost_types::Any;
use proto::dossier::v1::{ListReportsRequest, RecordsImported, ReportAdded, ReportChanged};

use super::report::{DayView, ReportView};
use crate::{app::App, problem::Problem, session::Session};

/// How many reports the panel shows.
const NEWEST: i32 = 3;

/// The newest reports, day by day (T24, P58, R22).
pub async fn panel(app: &App, session: &Session) -> Result<Vec<DayView>, Problem> {
    let request = ListReportsRequest { page_size: NEWEST, ..Default::default() };
    let answer = app.services.dossier_for(session).list_reports(request).await?.into_inner();
    Ok(DayView::list(answer.reports.into_iter().filter_map(ReportView::new)))
}

/// Whether an event means that there is something new to read. An import of old records is no news.
#[must_use]
pub fn is_new(event: &Any) -> bool {
    let name = type_name(event);
    name == ReportAdded::full_name()
        || name == ReportChanged::full_name()
        || event.to_msg::<RecordsImported>().is_ok_and(|imported| !imported.historic && imported.reports > 0)
}
