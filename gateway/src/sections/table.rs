//! The sections of the portal, one entry each. The menu, the start page and live updates follow from the
//! entries.

use futures::future::BoxFuture;
use prost_types::Any;
use proto::access::v1::{Action, Section};

use super::reports;
use crate::{app::App, problem::Problem, session::Session};

/// A section of the portal.
pub struct Entry {
    /// The section in the contract. A person who may view it sees the menu item and the panel.
    pub section: Section,
    /// The path of the section's page.
    pub path: &'static str,
    /// The Fluent key of the menu item.
    pub word: &'static str,
    /// The section's panel on the start page; `None`: it has no panel.
    pub panel: Option<Panel>,
    /// Whether an event means that there is something new in the section.
    pub is_new: fn(&Any) -> bool,
}

/// Calls a service for the content of a panel on the start page.
pub type Panel = for<'a> fn(&'a App, &'a Session) -> BoxFuture<'a, Result<Vec<reports::DayView>, Problem>>;

/// All sections, in the order of the menu.
pub const SECTIONS: [Entry; 2] = [
    Entry {
        section: Section::Reports,
        path: "/reports",
        word: "reports-menu",
        panel: Some(|app, session| Box::pin(reports::panel(app, session))),
        is_new: reports::is_new,
    },
    Entry { section: Section::Users, path: "/access", word: "access-menu", panel: None, is_new: |_| false },
];

/// The sections that a session may view, in the order of the menu.
pub fn visible(session: &Session) -> impl Iterator<Item = &'static Entry> {
    SECTIONS.iter().filter(|entry| session.allows(entry.section, Action::View))
}

/// The section in which an event is news; `None` for events that no page waits for.
#[must_use]
pub fn section_of(event: &Any) -> Option<Section> {
    SECTIONS.iter().find(|entry| (entry.is_new)(event)).map(|entry| entry.section)
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::{RecordsImported, ReportAdded};

    use super::*;

    #[test]
    fn new_report_is_news_and_historic_import_is_not() {
        let section = |event: Result<Any, _>| section_of(&event.unwrap());
        let added = Any::from_msg(&ReportAdded { report_id: "r".to_owned() });
        assert_eq!(section(added), Some(Section::Reports));
        for (reports, historic, expected) in
            [(3, false, Some(Section::Reports)), (3, true, None), (0, false, None)]
        {
            assert_eq!(section(Any::from_msg(&RecordsImported { reports, historic })), expected);
        }
    }
}
