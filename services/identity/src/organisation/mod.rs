//! Settings of an organisation: read from TOML, checked as a whole, stored with a version.

mod file;
mod menu;
pub mod rpc;
mod settings;
mod toml;

pub use settings::settings;
pub use toml::read;

use proto::identity::v1::OrganisationSettings;

/// Whether a typed name is this organisation's key or name. Case, spaces and punctuation do not count.
#[must_use]
pub fn is_named(settings: &OrganisationSettings, typed: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let typed = plain(typed);
    !typed.is_empty() && (typed == plain(&settings.key) || typed == plain(&settings.name))
}

/// Whether a host name belongs to this organisation.
#[must_use]
pub fn has_host(settings: &OrganisationSettings, host: &str) -> bool {
    settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
}

/// The contrast of a colour with white, from 1 to 21 (WCAG 2.2); `None` if the colour is not `#rrggbb`.
#[must_use]
pub fn contrast_with_white(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?) / 255.0;
        Some(if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    let luminance = 0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?;
    Some(1.05 / (luminance + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_name_matches_in_any_spelling() {
        let settings = OrganisationSettings {
            key: "rozelaar".to_owned(),
            name: "De Rozelaar".to_owned(),
            ..OrganisationSettings::default()
        };
        for typed in ["rozelaar", " De Rozelaar ", "DE-ROZELAAR", "derozelaar"] {
            assert!(is_named(&settings, typed), "{typed}");
        }
        for typed in ["", " ", "roze", "de rozelaar 2"] {
            assert!(!is_named(&settings, typed), "{typed}");
        }
    }

    #[test]
    fn contrast_matches_wcag() {
        assert!((contrast_with_white("#000000").unwrap() - 21.0).abs() < 0.01);
        assert!((contrast_with_white("#ffffff").unwrap() - 1.0).abs() < 0.01);
        assert!((contrast_with_white("#767676").unwrap() - 4.54).abs() < 0.01);
        assert!(contrast_with_white("red").is_none());
    }
}
