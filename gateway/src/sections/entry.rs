//! What the menu, the start page and live updates know of a section.

use chassis::section;
use proto::{access::v1::Section, identity::v1::MenuHeading};

use crate::{menu::Item, panel::Panel};

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
}

impl Entry {
    /// The section's item of the menu.
    #[must_use]
    pub fn item(&self) -> Item {
        let Self { path, word, heading, also, .. } = *self;
        Item { name: section::name(self.section), path, word, heading, also }
    }
}
