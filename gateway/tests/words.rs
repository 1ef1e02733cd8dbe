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
        // The keys of a section begin with the section's name, and the code has only the end:
        // `self.word("none")`.
        let of_section = section::all().any(|section| {
            let end = key.strip_prefix(section::name(section)).and_then(|rest| rest.strip_prefix('-'));
            end.is_some_and(|end| used.contains(&format!("word(\"{end}\")")))
        });
        // Its end stands somewhere too: in quotes, or as the name of a field.
        let is_composed = key.match_indices('-').any(|(at, _)| {
            let (stem, end) = (&key[..at], &key[at + 1..]);
            let tail = end.split_once('-').map_or("", |(_, tail)| tail);
            let ends = [format!("\"{end}\""), format!(" {end}: "), format!("\"{{}}-{tail}\"")];
            let is_name = section::of_name(end).is_some() || section::action_of_name(end).is_some();
            used.contains(&format!("\"{stem}-{{")) && (is_name || ends.iter().any(|end| used.contains(end)))
        });
        of_section || used.contains(&format!("\"{key}\"")) || is_composed
    };
    let unused: Vec<_> = keys(PAGES[0].1).into_iter().filter(|key| !is_used(key)).collect();
    assert_eq!(unused, Vec::<String>::new());
}

/// The sentences of a file, with the key of each. A value counts as one word.
fn sentences(file: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let Some((key, text)) = line.split_once(" = ") else { continue };
        let mut text = text.to_owned();
        while let Some((before, rest)) = text.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap_or(("", ""));
            text = format!("{before}waarde{after}");
        }
        let ends = |at: usize| text[at..].starts_with(['.', '?', '!']) && text[at + 1..].starts_with(' ');
        let mut start = 0;
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            if ends(at) {
                found.push((key.to_owned(), text[start..at].to_owned()));
                start = at + 1;
            }
        }
        found.push((key.to_owned(), text[start..].to_owned()));
    }
    found
}

#[test]
fn no_sentence_has_more_than_fifteen_words() {
    for (language, file) in REASONS.into_iter().chain(PAGES) {
        let long: Vec<_> = sentences(file)
            .into_iter()
            .filter(|(_, sentence)| {
                sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
                    > 15
            })
            .collect();
        assert_eq!(long, Vec::new(), "{language}");
    }
    let long = "een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien";
    let count = |text: &str| sentences(text).iter().map(|(_, it)| it.split_whitespace().count()).max();
    assert_eq!(count(&format!("key = {long} zestien. Ja.")), Some(16));
    assert_eq!(count(&format!("key = {long}. {long}")), Some(15));
}

#[test]
fn texts_for_a_field_exist_in_both_languages() {
    let fields = |file: &str| {
        let mut key = String::new();
        let mut found = BTreeSet::new();
        for line in file.lines() {
            match line.trim_start().strip_prefix('.') {
                Some(attribute) if line.starts_with(' ') => {
                    found.insert(format!("{key}.{}", attribute.split(' ').next().unwrap()));
                }
                _ => line.split(' ').next().unwrap().clone_into(&mut key),
            }
        }
        found
    };
    let [(_, dutch), (_, english)] = REASONS;
    assert!(fields(dutch).contains("identity-field-missing.code"));
    assert_eq!(fields(dutch), fields(english));
    for language in ["nl", "en"] {
        assert!(fields(dutch).iter().all(|key| gateway::has_word(language, key)), "{language}");
    }
}

#[test]
fn nobody_is_told_to_call_without_a_number() {
    for (_, file) in REASONS.into_iter().chain(PAGES) {
        for vague in ["Bel ons", "bel ons", "all us.", "all us "] {
            assert!(!file.contains(vague), "{vague}: say whom, by number");
        }
    }
}
