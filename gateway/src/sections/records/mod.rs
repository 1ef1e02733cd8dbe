//! The records of the dossier: everything that is dated. One list page, one page of one record and one panel of the start
//! page serve every kind; a kind brings its content ([`kinds`]) and a line in [`table`].

mod chart;
mod entry;
mod example;
mod kind;
mod kinds;
mod list;
mod panel;
mod period;
mod show;
mod source;
mod states;
mod table;
mod timeline;
mod views;
mod write;

pub use self::{
    states::{examples, panel_rows},
    table::ENTRIES,
    timeline::TIMELINE,
    write::is_allowed as may_write,
};
use crate::form::Routes;

/// The routes.
pub fn routes() -> Routes {
    table::routes().merge(timeline::routes()).merge(write::routes())
}
