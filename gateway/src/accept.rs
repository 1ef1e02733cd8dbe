//! What a request's `Accept-…` headers prefer (RFC 9110 §12.4.2).

use crate::i18n::Language;

/// The entries of a list with their weights, from 0 (not acceptable) to 1, in the order of the list.
pub fn weighted(value: &str) -> impl Iterator<Item = (&str, f32)> {
    value.split(',').filter_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
        // A weight that is no number takes the entry out: what was meant is unknown.
        weight.map(|weight| (name, weight.clamp(0.0, 1.0)))
    })
}

/// The language of the portal that an `Accept-Language` value likes best; `None`: the portal has none of them.
#[must_use]
pub fn language(value: &str) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for (name, weight) in weighted(value) {
        if let Some(language) = Language::of_code(name)
            && weight > best.map_or(0.0, |(_, weight)| weight)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_counts() {
        for (value, wanted) in [
            ("fr-FR, en;q=0.8, nl;q=0.5", Some(Language::En)),
            ("nl;q=0.5, en;q=0.8", Some(Language::En)),
            ("nl-NL,nl;q=0.9", Some(Language::Nl)),
            ("en;q=0, nl;q=0.1", Some(Language::Nl)),
            ("en; q=0.9 , nl;Q=1.0", Some(Language::Nl)),
            ("en;q=x, nl;q=0.1", Some(Language::Nl)),
            ("nl;q=0", None),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(language(value), wanted, "{value}");
        }
    }
}
