//! The sections of the portal, one entry each. The menu, the start page and live updates follow from the
//! entries.

use prost_types::Any;
use proto::{
    access::v1::{Action, Section},
    dossier::v1::{RecordAdded, RecordChanged, RecordRetracted, RecordsImported},
    identity::v1::{MenuHeading, MenuSettings},
};

use super::{entry::Entry, records};
use crate::{menu::Item, session::Session};

/// The sections that hold no records, in the order of the menu.
const OTHERS: [Entry; 1] = [Entry {
    section: Section::Users,
    path: "/access",
    word: "access-menu",
    heading: MenuHeading::Own,
    also: &["/users"],
    panel: None,
}];

/// All sections, in the order of the menu.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    records::ENTRIES.iter().chain([&records::TIMELINE]).chain(&OTHERS)
}

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

/// The tab on which people write a report (V36).
const REPORT_NEW: Item = Item {
    name: "report-new",
    path: "/reports/new",
    word: "report-new-menu",
    heading: MenuHeading::Care,
    also: &[],
};

/// The items that the menu of a session may have, tabs among them.
#[must_use]
pub fn menu_items(session: &Session, settings: Option<&MenuSettings>) -> Vec<Item> {
    // The organisation's settings name all items, or none.
    let named = settings.is_some_and(|menu| !menu.groups.is_empty());
    let writes = settings.is_some_and(|menu| menu.tabs.iter().any(|tab| tab == REPORT_NEW.name))
        && records::may_write(session);
    let sections = visible(session).map(Entry::item);
    let own = [ACCOUNT].into_iter().chain(named.then_some(PASSWORD)).chain(writes.then_some(REPORT_NEW));
    std::iter::once(START).chain(sections).chain(own).collect()
}

/// The sections that a session may view, in the order of the menu.
pub fn visible(session: &Session) -> impl Iterator<Item = &'static Entry> {
    all().filter(|entry| session.allows(entry.section, Action::View))
}

/// The sections in which an event is news; none for events that no page waits for. Historic records are no news.
#[must_use]
pub fn sections_of(event: &Any) -> Vec<Section> {
    // `to_msg` refuses an event of another type.
    let one = event.to_msg::<RecordAdded>().map(|it| it.section);
    let one = one.or_else(|_| event.to_msg::<RecordChanged>().map(|it| it.section));
    let one = one.or_else(|_| event.to_msg::<RecordRetracted>().map(|it| it.section));
    let imported = event.to_msg::<RecordsImported>().ok().filter(|imported| !imported.historic);
    let counts = imported.into_iter().flat_map(|imported| imported.counts).map(|count| count.section);
    let sections = one.into_iter().chain(counts);
    sections.filter_map(|section| Section::try_from(section).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proto::dossier::v1::SectionCount;

    use super::*;

    #[test]
    fn new_record_is_news_and_historic_import_is_not() {
        let section = Section::Reports.into();
        let added = RecordAdded { record_id: "r".to_owned(), section };
        assert_eq!(sections_of(&Any::from_msg(&added).unwrap()), [Section::Reports]);
        let counts = vec![SectionCount { section, records: 3 }];
        for (historic, expected) in [(false, vec![Section::Reports]), (true, Vec::new())] {
            let imported = RecordsImported { historic, counts: counts.clone() };
            assert_eq!(sections_of(&Any::from_msg(&imported).unwrap()), expected);
        }
    }
}
