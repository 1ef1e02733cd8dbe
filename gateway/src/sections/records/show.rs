//! The page of one record.

use super::{entry::RecordView, kind::Place, views::RecordPage};
use crate::{app::App, page::Page, problem::Problem, session::Session};

/// One record of the chosen client.
///
/// # Errors
/// When there is no such record in the section, or dossier cannot be reached.
pub async fn show<K: Place>(app: &App, session: &Session, id: String) -> Result<Page, Problem> {
    let entry = K::get(app.services.dossier_for(session), id).await?;
    let record = RecordView::<K>::new(entry, app.clock.now()).ok_or_else(Problem::not_found)?;
    Ok(Page::show(RecordPage { record }))
}
