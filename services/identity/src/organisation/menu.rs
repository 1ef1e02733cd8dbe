//! The menu and the start page in an organisation's settings file (T40, T41, T72, R61).

use std::collections::HashSet;

use chassis::section;
use proto::identity::v1::{MenuGroup, MenuHeading, MenuSettings, StartSettings};
use serde::Deserialize;

/// The items that are no sections.
const OTHER_ITEMS: [&str; 3] = ["start", "account", "password"];
/// The item whose pages are tabs.
const DOSSIER: &str = "dossier";
/// The tab that is no section: there, people write a report (V36).
const REPORT_NEW: &str = "report-new";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MenuTable {
    behind_button: bool,
    groups: Vec<GroupTable>,
    tabs: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StartTable {
    empty_panels: bool,
    panels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupTable {
    #[serde(default)]
    heading: HeadingName,
    items: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeadingName {
    #[default]
    None,
    Care,
    Contact,
    Own,
}

impl MenuTable {
    /// Whether each item exists and is named once, no group is empty, no heading stands twice, and the start page is
    /// there: everybody sees that item, so that nobody is without a menu. A page is an item or a tab, and there are two
    /// to four tabs if any.
    pub fn is_valid(&self) -> bool {
        let items: Vec<&String> = self.groups.iter().flat_map(|group| &group.items).collect();
        let exists = |item: &str| {
            OTHER_ITEMS.contains(&item)
                || section::of_name(item).is_some()
                || (item == DOSSIER && !self.tabs.is_empty())
        };
        let is_tab = |tab: &String| tab == REPORT_NEW || section::of_name(tab).is_some();
        let tabs_fit = [0, 2, 3, 4].contains(&self.tabs.len())
            && self.tabs.iter().all(is_tab)
            && are_different(items.iter().copied().chain(&self.tabs));
        let mut headings: Vec<HeadingName> = self.groups.iter().map(|group| group.heading).collect();
        headings.retain(|heading| *heading != HeadingName::None);
        let named = headings.len();
        headings.sort_unstable();
        headings.dedup();
        headings.len() == named
            && tabs_fit
            && (self.tabs.is_empty() || items.is_empty() || items.iter().any(|item| *item == DOSSIER))
            && (items.is_empty() || items.iter().any(|item| *item == "start"))
            && items.iter().all(|item| exists(item))
            && self.groups.iter().all(|group| !group.items.is_empty())
    }
}

impl StartTable {
    /// Whether each panel is of a section and named once.
    pub fn is_valid(&self) -> bool {
        are_different(self.panels.iter()) && self.panels.iter().all(|name| section::of_name(name).is_some())
    }
}

fn are_different<'a>(names: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = HashSet::new();
    let mut names = names;
    names.all(|name| seen.insert(name))
}

impl From<StartTable> for StartSettings {
    fn from(table: StartTable) -> Self {
        Self { empty_panels: table.empty_panels, panels: table.panels }
    }
}

impl From<MenuTable> for MenuSettings {
    fn from(table: MenuTable) -> Self {
        let groups = table.groups.into_iter().map(|group| {
            let heading = match group.heading {
                HeadingName::None => MenuHeading::Unspecified,
                HeadingName::Care => MenuHeading::Care,
                HeadingName::Contact => MenuHeading::Contact,
                HeadingName::Own => MenuHeading::Own,
            };
            MenuGroup { heading: heading.into(), items: group.items }
        });
        Self { groups: groups.collect(), behind_button: table.behind_button, tabs: table.tabs }
    }
}
