//! Reasons and words belong together: no reason of the contract without words, no words without a use.

use std::{collections::BTreeSet, path::Path};

use chassis::{contract, section};

const REASONS: [(&str, &str); 2] =
    [("nl", include_str!("../locales/nl/reasons.ftl")), ("en", include_str!("../locales/en/reasons.ftl"))];
const PAGES: [(&str, &str); 2] =
    [("nl", include_str!("../locales/nl/pages.ftl")), ("en", include_str!("../locales/en/pages.ftl"))];

fn key(service: &str, reason: &str) -> String {
    format!("{service}-{}", reason.to_ascii_lowercase().replace('_', "-"))
}

/// The keys of all reasons that a person can meet.
fn reasons() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for reasons in contract::pool().all_enums().filter(|it| it.name() == "ErrorReason") {
        let service = reasons.package_name().split('.').nth(1).unwrap().to_owned();
        let values = reasons.values().filter(|value| value.number() != 0);
        keys.extend(values.map(|value| key(&service, value.name().trim_start_matches("ERROR_REASON_"))));
    }
    keys
}

/// The keys that a file of words has.
fn keys(file: &str) -> BTreeSet<String> {
    let lines = file.lines().filter(|line| !line.starts_with([' ', '#']));
    lines.filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned())).collect()
}

/// Words that are missing and words that are of no use, in either direction.
fn differences(wanted: &BTreeSet<String>, there: &BTreeSet<String>) -> Vec<String> {
    wanted.symmetric_difference(there).cloned().collect()
}

#[test]
fn every_reason_of_the_contract_has_words_in_every_language_and_no_words_are_left_over() {
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
fn a_reason_without_words_and_words_without_a_reason_are_named() {
    let mut wanted = reasons();
    wanted.insert("identity-something-new".to_owned());
    wanted.remove("access-not-found");
    let found = differences(&wanted, &keys(REASONS[0].1));
    assert_eq!(found, ["access-not-found", "identity-something-new"]);
    assert!(!gateway::has_word("nl", "identity-something-new"));
}

#[test]
fn every_word_is_there_in_both_languages() {
    assert_eq!(keys(PAGES[0].1), keys(PAGES[1].1));
}

/// All text of a folder's files.
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
fn every_word_of_the_pages_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let used = text_of(&root.join("src")) + &text_of(&root.join("templates"));
    // A key that is put together stands in the code as its beginning: "flash-{flash}".
    let is_used = |key: &String| {
        // The words of a section's panel begin with the section's name: `panel.word("none")`.
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
