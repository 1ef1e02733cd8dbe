//! The sections of the portal, one entry each. The menu, the start page and live updates follow from the
//! entries.

use chassis::section;
use prost_types::Any;
use proto::{
    access::v1::{Action, Section},
    identity::v1::MenuHeading,
};

use super::reports;
use crate::{menu::Item, panel::Panel, session::Session};

/// A section of the portal.
pub struct Entry {
    /// The section in the contract. A person who may view it sees the menu item and the panel.
    pub section: Section,
    /// The path of the section's page.
    pub path: &'static str,
    /// The Fluent key of the menu item.
    pub word: &'static str,
    /// The group of the menu item.
    pub heading: MenuHeading,
    /// The paths of other pages of the section.
    pub also: &'static [&'static str],
    /// The section's panel on the start page; `None`: it has no panel.
    pub panel: Option<Panel>,
    /// Whether an event means that there is something new in the section.
    pub is_new: fn(&Any) -> bool,
}

/// All sections, in the order of the menu.
pub const SECTIONS: [Entry; 2] = [
    Entry {
        section: Section::Reports,
        path: "/reports",
        word: "reports-menu",
        heading: MenuHeading::Care,
        also: &[],
        panel: Some(|app, session| Box::pin(reports::panel(app, session))),
        is_new: reports::is_new,
    },
    Entry {
        section: Section::Users,
        path: "/access",
        word: "access-menu",
        heading: MenuHeading::Own,
        also: &["/users"],
        panel: None,
        is_new: |_| false,
    },
];

/// The first item of the menu.
pub const START: Item =
    Item { name: "start", path: "/", word: "start-menu", heading: MenuHeading::Unspecified, also: &[] };
/// The last item of the menu.
pub const ACCOUNT: Item = Item {
    name: "account",
    path: "/account",
    word: "account-menu",
    heading: MenuHeading::Own,
    also: &["/terms"],
};
/// An item for organisations whose menu names it (T41).
pub const PASSWORD: Item = Item {
    name: "password",
    path: "/account/password",
    word: "password-menu",
    heading: MenuHeading::Own,
    also: &[],
};

impl Entry {
    /// The section's item of the menu.
    #[must_use]
    pub fn item(&self) -> Item {
        let Self { path, word, heading, also, .. } = *self;
        Item { name: section::name(self.section), path, word, heading, also }
    }
}

/// The items that the menu of a session may have. `named`: whether the organisation's settings name the items.
#[must_use]
pub fn menu_items(session: &Session, named: bool) -> Vec<Item> {
    let sections = visible(session).map(Entry::item);
    std::iter::once(START).chain(sections).chain([ACCOUNT]).chain(named.then_some(PASSWORD)).collect()
}

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
