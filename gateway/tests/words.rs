use chassis::contract;

/// Reasons of the gateway's own, beside those of the contract.
const OWN: [&str; 4] = ["BODY_TOO_LARGE", "BODY_UNREADABLE", "CROSS_SITE", "PASSWORDS_DIFFER"];

#[test]
fn every_reason_of_the_contract_has_words_in_every_language() {
    let mut keys: Vec<String> = OWN.iter().map(|reason| key("access", reason)).collect();
    for reasons in contract::pool().all_enums().filter(|it| it.name() == "ErrorReason") {
        let service = reasons.package_name().split('.').nth(1).unwrap().to_owned();
        keys.extend(
            reasons
                .values()
                .filter(|value| value.number() != 0)
                .map(|value| key(&service, value.name().trim_start_matches("ERROR_REASON_"))),
        );
    }
    assert!(keys.len() > 30, "{}", keys.len());
    for language in ["nl", "en"] {
        let missing: Vec<_> = keys.iter().filter(|key| !gateway::has_word(language, key)).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

fn key(service: &str, reason: &str) -> String {
    format!("{service}-{}", reason.to_ascii_lowercase().replace('_', "-"))
}

#[test]
fn every_word_is_there_in_both_languages() {
    let keys = |file: &str| -> Vec<String> {
        let lines = file.lines().filter(|line| !line.starts_with([' ', '#']));
        lines.filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned())).collect()
    };
    for (dutch, english) in [
        (include_str!("../locales/nl/pages.ftl"), include_str!("../locales/en/pages.ftl")),
        (include_str!("../locales/nl/reasons.ftl"), include_str!("../locales/en/reasons.ftl")),
    ] {
        assert_eq!(keys(dutch), keys(english));
    }
}
