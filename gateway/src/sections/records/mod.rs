//! The records of the dossier: everything that is dated. One list page, one page of one record and one panel of the start
//! page serve every kind; a kind brings its content ([`kinds`]) and a line in [`table`].

mod chart;
mod entry;
mod examples;
mod kind;
mod kinds;
mod list;
mod panel;
mod period;
mod show;
mod source;
mod table;
mod timeline;
mod views;
mod write;

pub use self::{
    examples::{examples, panel_rows},
    table::ENTRIES,
};
use crate::form::Routes;

/// The routes.
pub fn routes() -> Routes {
    table::routes().merge(timeline::routes()).merge(write::routes())
}
