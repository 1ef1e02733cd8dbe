//! Every error reason of the contract has a text, and every text is used.

use std::{collections::BTreeSet, path::Path};

use chassis::{contract, section};

const REASONS: [(&str, &str); 2] =
    [("nl", include_str!("../locales/nl/reasons.ftl")), ("en", include_str!("../locales/en/reasons.ftl"))];
const PAGES: [(&str, &str); 2] =
    [("nl", include_str!("../locales/nl/pages.ftl")), ("en", include_str!("../locales/en/pages.ftl"))];

fn key(service: &str, reason: &str) -> String {
    format!("{service}-{}", reason.to_ascii_lowercase().replace('_', "-"))
}

/// The Fluent keys of all error reasons in the contract.
fn reasons() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for reasons in contract::pool().all_enums().filter(|it| it.name() == "ErrorReason") {
        let service = reasons.package_name().split('.').nth(1).unwrap().to_owned();
        let values = reasons.values().filter(|value| value.number() != 0);
        keys.extend(values.map(|value| key(&service, value.name().trim_start_matches("ERROR_REASON_"))));
    }
    keys
}

/// The Fluent keys in a file of texts.
fn keys(file: &str) -> BTreeSet<String> {
    let lines = file.lines().filter(|line| !line.starts_with([' ', '#']));
    lines.filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned())).collect()
}

/// The keys that are missing, and the keys that have no use.
fn differences(wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    wanted.symmetric_difference(found).cloned().collect()
}

#[test]
fn every_error_reason_has_words_in_both_languages() {
    let reasons = reasons();
    assert!(reasons.len() > 30, "{reasons:?}");
    for (language, file) in REASONS {
        assert_eq!(differences(&reasons, &keys(file)), Vec::<String>::new(), "{language}");
        for reason in &reasons {
            assert!(gateway::has_word(language, reason), "{language}: {reason}");
        }
    }
}

#[test]
fn missing_and_unused_reason_words_are_found() {
    let mut wanted = reasons();
    wanted.insert("identity-something-new".to_owned());
    wanted.remove("access-not-found");
    let found = differences(&wanted, &keys(REASONS[0].1));
    assert_eq!(found, ["access-not-found", "identity-something-new"]);
    assert!(!gateway::has_word("nl", "identity-something-new"));
}

#[test]
fn page_words_exist_in_both_languages() {
    assert_eq!(keys(PAGES[0].1), keys(PAGES[1].1));
}

/// The text of all files in a folder.
fn text_of(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&text_of(&path));
        } else {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
    text
}

#[test]
fn every_page_word_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = text_of(&root.join("src")) + &text_of(&root.join("templates"));
    // A key that is composed appears in the code by its beginning: "flash-{flash}".
    let is_used = |key: &String| {
        // The keys of a section's panel begin with the section's name, and the code has only the end:
        // `panel.word("none")`.
        let of_section = section::all().any(|section| {
            let end = key.strip_prefix(section::name(section)).and_then(|rest| rest.strip_prefix('-'));
            end.is_some_and(|end| used.contains(&format!("panel.word(\"{end}\")")))
        });
        let stems = key.match_indices('-').map(|(at, _)| format!("\"{}-{{", &key[..at]));
        of_section
            || used.contains(&format!("\"{key}\""))
            || stems.into_iter().any(|stem| used.contains(&stem))
    };
    let unused: Vec<_> = keys(PAGES[0].1).into_iter().filter(|key| !is_used(key)).collect();
    assert_eq!(unused, Vec::<String>::new());
}
