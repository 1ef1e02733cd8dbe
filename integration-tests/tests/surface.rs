//! Checks that the README of each shared crate lists the crate's public items, and that other crates use
//! them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::house::{files, root};

const SHARED: [&str; 3] = ["chassis", "store", "testkit"];

/// A public item of a crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    name: String,
    is_type: bool,
    /// Whether the item stands directly in a module; a method does not.
    is_free: bool,
}

/// The public items of a source text, up to its tests.
fn items(text: &str) -> Vec<Item> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some(rest) = line.trim_start().strip_prefix("pub ") else { continue };
        let words: Vec<&str> = rest.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let position = words.iter().position(|word| ["fn", "struct", "enum", "trait", "type"].contains(word));
        let position = position.or_else(|| (words[0] == "const" || words[0] == "static").then_some(0));
        let Some(position) = position.filter(|position| *position <= 2 && indent <= 4) else { continue };
        let is_type = ["struct", "enum", "trait", "type"].contains(&words[position]);
        found.push(Item { name: words[position + 1].to_owned(), is_type, is_free: indent == 0 });
    }
    found
}

/// The public items of a crate.
fn public_items(name: &str) -> BTreeSet<Item> {
    let folder = root().join("services").join(name).join("src");
    let sources = files(&[".rs"]).into_iter().filter(|path| path.starts_with(&folder));
    sources.flat_map(|path| items(&fs::read_to_string(path).unwrap())).collect()
}

/// The names of items that no other crate uses. A type is never reported: a signature may need it.
fn unused(items: &BTreeSet<Item>, others: &str) -> Vec<String> {
    let words: BTreeSet<&str> = others.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    items
        .iter()
        .filter(|item| !item.is_type && !words.contains(&*item.name))
        .map(|item| item.name.clone())
        .collect()
}

fn unlisted(items: &BTreeSet<Item>, readme: &str) -> Vec<String> {
    let listed: BTreeSet<&str> = readme.split('`').skip(1).step_by(2).collect();
    let free = items.iter().filter(|item| item.is_free && !listed.contains(&*item.name));
    free.map(|item| item.name.clone()).collect()
}

#[test]
fn shared_public_items_are_used_and_listed_in_the_readme() {
    for name in SHARED {
        let folder: PathBuf = root().join("services").join(name);
        let items = public_items(name);
        assert!(items.len() > 10, "{name}: {items:?}");
        let others = files(&[".rs"]).into_iter().filter(|path| !path.starts_with(folder.join("src")));
        let others: String = others.map(|path| fs::read_to_string(path).unwrap()).collect();
        assert_eq!(unused(&items, &others), Vec::<String>::new(), "{name} offers what nobody uses");
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert_eq!(unlisted(&items, &readme), Vec::<String>::new(), "{name}: not in its README");
    }
}

#[test]
fn unused_and_unlisted_items_are_reported() {
    let text = "pub struct Used;\npub const fn used() {}\npub async fn idle() {}\n    pub fn method(&self) {}\n\
                pub(crate) fn own() {}\n#[cfg(test)]\npub fn in_a_test() {}";
    let items: BTreeSet<Item> = items(text).into_iter().collect();
    assert_eq!(items.len(), 4, "{items:?}");
    assert_eq!(unused(&items, "used(); thing.method()"), ["idle"]);
    assert_eq!(unlisted(&items, "| `Used` | `idle` |"), ["used"]);
}
