//! The menu of a page: its items in their order and groups, and which item is current.

use proto::identity::v1::{MenuHeading, MenuSettings};

/// The most items that a menu shows without groups, where the organisation sets no groups.
const FLAT_LIMIT: usize = 6;
/// The name of the item whose pages are tabs (T72).
const DOSSIER: &str = "dossier";
/// The headings, in the portal's own order.
const HEADINGS: [MenuHeading; 4] =
    [MenuHeading::Unspecified, MenuHeading::Care, MenuHeading::Contact, MenuHeading::Own];

/// An item that a menu can have.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The name in the organisation's settings.
    pub name: &'static str,
    /// The path of the page.
    pub path: &'static str,
    /// The Fluent key of the words.
    pub word: &'static str,
    /// The group, where the organisation sets no groups.
    pub heading: MenuHeading,
    /// The paths of other pages that belong to the item.
    pub also: &'static [&'static str],
}

/// The menu of a page.
#[derive(Default)]
pub struct Menu {
    /// The groups with their items; empty: no menu.
    pub groups: Vec<Group>,
    /// Whether the menu opens by a button on wide screens too.
    pub is_behind_button: bool,
    /// The tabs of the page (T74); empty: the page is no tab.
    pub tabs: Vec<Shown>,
}

/// Some items of a menu.
pub struct Group {
    /// The Fluent key of the heading; `None`: no heading.
    pub heading: Option<&'static str>,
    /// The items.
    pub items: Vec<Shown>,
}

/// An item of a menu, as the page shows it.
pub struct Shown {
    /// The path of the page.
    pub path: &'static str,
    /// The Fluent key of the words.
    pub word: &'static str,
    /// The value of `aria-current`: `page` on the item's own page, `true` on other pages of the item; `None`: not
    /// current.
    pub current: Option<&'static str>,
}

impl Menu {
    /// The menu of the page at `path`: the items that the person may see, arranged as the organisation set.
    #[must_use]
    pub fn new(items: &[Item], settings: Option<&MenuSettings>, path: &str) -> Self {
        let current = current(items, path);
        let names = settings.map(|settings| settings.tabs.as_slice()).unwrap_or_default();
        let tabs: Vec<&Item> =
            names.iter().filter_map(|name| items.iter().find(|item| item.name == name)).collect();
        let is_tab = |name: &str| tabs.iter().any(|tab| tab.name == name);
        let shown = |item: &Item| Shown {
            path: item.path,
            word: item.word,
            current: current
                .filter(|(name, _)| *name == item.name || (item.name == DOSSIER && is_tab(name)))
                .map(|(name, value)| {
                    let is_first = tabs.first().is_some_and(|tab| tab.name == name);
                    if item.name == DOSSIER && !is_first { "true" } else { value }
                }),
        };
        let items = &folded(items, &tabs);
        let group = |heading: MenuHeading, items: Vec<&Item>| Group {
            heading: word_of(heading),
            items: items.into_iter().map(shown).collect(),
        };
        let groups: Vec<Group> = match settings.map(|settings| &settings.groups).filter(|set| !set.is_empty())
        {
            Some(set) => set
                .iter()
                .map(|named| {
                    let found = named.items.iter().filter_map(|name| items.iter().find(|it| it.name == name));
                    group(named.heading(), found.collect())
                })
                .collect(),
            None if items.len() <= FLAT_LIMIT => {
                vec![group(MenuHeading::Unspecified, items.iter().collect())]
            }
            None => HEADINGS
                .map(|heading| group(heading, items.iter().filter(|item| item.heading == heading).collect()))
                .into(),
        };
        Self {
            groups: groups.into_iter().filter(|group| !group.items.is_empty()).collect(),
            is_behind_button: settings.is_some_and(|settings| settings.behind_button),
            tabs: if tabs.len() > 1 && current.is_some_and(|(name, _)| is_tab(name)) {
                tabs.iter().map(|tab| shown(tab)).collect()
            } else {
                Vec::new()
            },
        }
    }
}

/// The items with one item in the place of the first tab, and without the other tabs.
fn folded(items: &[Item], tabs: &[&Item]) -> Vec<Item> {
    let Some(first) = tabs.first() else { return items.to_vec() };
    let dossier =
        Item { name: DOSSIER, path: first.path, word: "dossier-menu", heading: first.heading, also: &[] };
    let is_other = |item: &&Item| tabs.iter().skip(1).all(|tab| tab.name != item.name);
    let items = items.iter().filter(is_other);
    items.map(|item| if item.name == first.name { dossier } else { *item }).collect()
}

const fn word_of(heading: MenuHeading) -> Option<&'static str> {
    match heading {
        MenuHeading::Unspecified => None,
        MenuHeading::Care => Some("menu-care"),
        MenuHeading::Contact => Some("menu-contact"),
        MenuHeading::Own => Some("menu-own"),
    }
}

/// The name of the item that a page belongs to, by the longest path, and the value of `aria-current`.
fn current(items: &[Item], path: &str) -> Option<(&'static str, &'static str)> {
    let belongs = |own: &str| {
        path == own || (own != "/" && path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')))
    };
    let paths = items
        .iter()
        .flat_map(|item| std::iter::once(&item.path).chain(item.also).map(move |own| (item, *own)));
    let (item, _) = paths.filter(|(_, own)| belongs(own)).max_by_key(|(_, own)| own.len())?;
    Some((item.name, if item.path == path { "page" } else { "true" }))
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::MenuGroup;

    use super::*;

    fn item(name: &'static str, path: &'static str, heading: MenuHeading) -> Item {
        Item { name, path, word: name, heading, also: &[] }
    }

    fn items() -> Vec<Item> {
        vec![
            item("start", "/", MenuHeading::Unspecified),
            item("reports", "/reports", MenuHeading::Care),
            Item { also: &["/users"], ..item("users", "/access", MenuHeading::Own) },
            item("account", "/account", MenuHeading::Own),
            item("password", "/account/password", MenuHeading::Own),
        ]
    }

    /// The names of the items, each group after its heading.
    fn words(menu: &Menu) -> Vec<&'static str> {
        let groups = menu.groups.iter();
        groups
            .flat_map(|group| group.heading.into_iter().chain(group.items.iter().map(|it| it.word)))
            .collect()
    }

    #[test]
    fn tabs_stand_under_one_item_and_rights_take_tabs_away() {
        let settings = MenuSettings {
            tabs: ["password", "reports", "documents"].map(str::to_owned).into(),
            ..MenuSettings::default()
        };
        let menu = Menu::new(&items(), Some(&settings), "/reports/x");
        assert_eq!(words(&menu), ["start", "users", "account", "dossier-menu"], "T72");
        let shown = |items: &[Shown]| items.iter().map(|it| (it.word, it.current)).collect::<Vec<_>>();
        assert_eq!(shown(&menu.tabs), [("password", None), ("reports", Some("true"))], "T74");
        let dossier = menu.groups[0].items.iter().find(|it| it.word == "dossier-menu").unwrap();
        assert_eq!((dossier.path, dossier.current), ("/account/password", Some("true")));
        let menu = Menu::new(&items(), Some(&settings), "/account/password");
        let dossier = menu.groups[0].items.iter().find(|it| it.word == "dossier-menu").unwrap();
        assert_eq!(dossier.current, Some("page"));
        assert!(Menu::new(&items(), Some(&settings), "/").tabs.is_empty());
    }

    fn current_of(path: &str) -> Vec<(&'static str, &'static str)> {
        let menu = Menu::new(&items(), None, path);
        let items = menu.groups.into_iter().flat_map(|group| group.items);
        items.filter_map(|item| Some((item.word, item.current?))).collect()
    }

    #[test]
    fn up_to_six_items_stay_flat_and_more_get_groups() {
        assert_eq!(
            words(&Menu::new(&items(), None, "/")),
            ["start", "reports", "users", "account", "password"]
        );
        let mut many = items();
        many.push(item("planning", "/planning", MenuHeading::Contact));
        many.push(item("documents", "/documents", MenuHeading::Own));
        assert_eq!(
            words(&Menu::new(&many, None, "/")),
            [
                "start",
                "menu-care",
                "reports",
                "menu-contact",
                "planning",
                "menu-own",
                "users",
                "account",
                "password",
                "documents"
            ]
        );
    }

    #[test]
    fn settings_order_and_group_and_rights_only_take_away() {
        let group = |heading: MenuHeading, items: &[&str]| MenuGroup {
            heading: heading.into(),
            items: items.iter().map(|&item| item.to_owned()).collect(),
        };
        let settings = MenuSettings {
            groups: vec![
                group(MenuHeading::Unspecified, &["password", "planning", "start"]),
                group(MenuHeading::Contact, &["messages"]),
                group(MenuHeading::Care, &["reports"]),
            ],
            behind_button: true,
            tabs: Vec::new(),
        };
        let menu = Menu::new(&items(), Some(&settings), "/");
        assert_eq!(words(&menu), ["password", "start", "menu-care", "reports"]);
        assert!(menu.is_behind_button, "T40");
    }

    #[test]
    fn the_current_item_is_that_of_the_section() {
        assert_eq!(current_of("/"), [("start", "page")]);
        assert_eq!(current_of("/reports"), [("reports", "page")]);
        assert_eq!(current_of("/users/x/end"), [("users", "true")]);
        assert_eq!(current_of("/account/email"), [("account", "true")]);
        assert_eq!(current_of("/account/password"), [("password", "page")]);
        assert_eq!(current_of("/reportsx"), []);
        assert_eq!(current_of("/logout"), []);
    }
}
