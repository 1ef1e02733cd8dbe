//! The panel of a section on the start page.

use proto::dossier::v1::Selection;

use super::{entry::RecordView, kind::Place};
use crate::{
    app::App,
    panel::{PanelContent, PanelRow},
    problem::Problem,
    session::Session,
};

/// The newest records of a section (T24, P58, R22), and how many the section has (H13).
///
/// # Errors
/// When dossier cannot be reached.
pub async fn panel<K: Place>(app: &App, session: &Session) -> Result<PanelContent, Problem> {
    // Retracted records, and those that the panel leaves out, take no place.
    let page_size = i32::try_from(K::PANEL_ROWS).unwrap_or(i32::MAX).saturating_add(4);
    let selection = Selection { page_size, validity: K::PANEL.into(), counted: true, ..Selection::default() };
    let listing = K::list(app.services.dossier_for(session), selection).await?;
    let now = app.clock.now();
    let records = listing.entries.into_iter().filter_map(|entry| RecordView::<K>::new(entry, now));
    let standing = records.filter(|record| record.content.as_ref().is_some_and(K::is_in_panel));
    let rows = standing.take(K::PANEL_ROWS).filter_map(|record| {
        let (text, by) = record.row()?;
        Some(PanelRow { id: record.id, at: record.at, is_moment: record.is_moment, text, by })
    });
    Ok(PanelContent { rows: rows.collect(), count: listing.count, is_locked: false })
}
