//! The menu in an organisation's settings file (T40, T41).

use chassis::section;
use proto::identity::v1::{MenuGroup, MenuHeading, MenuSettings};
use serde::Deserialize;

/// The items that are no sections.
const OTHER_ITEMS: [&str; 3] = ["start", "account", "password"];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MenuTable {
    behind_button: bool,
    groups: Vec<GroupTable>,
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
    /// there: everybody sees that item, so that nobody is without a menu.
    pub fn is_valid(&self) -> bool {
        let mut items: Vec<&String> = self.groups.iter().flat_map(|group| &group.items).collect();
        let all = items.len();
        items.sort_unstable();
        items.dedup();
        let exists = |item: &str| OTHER_ITEMS.contains(&item) || section::of_name(item).is_some();
        let mut headings: Vec<HeadingName> = self.groups.iter().map(|group| group.heading).collect();
        headings.retain(|heading| *heading != HeadingName::None);
        let named = headings.len();
        headings.sort_unstable();
        headings.dedup();
        headings.len() == named
            && (all == 0 || items.iter().any(|item| *item == "start"))
            && items.len() == all
            && items.iter().all(|item| exists(item))
            && self.groups.iter().all(|group| !group.items.is_empty())
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
        Self { groups: groups.collect(), behind_button: table.behind_button }
    }
}
