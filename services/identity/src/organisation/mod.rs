//! Settings of an organisation: read from TOML, judged as a whole, kept with a version.

mod file;
pub mod rpc;
mod settings;
mod toml;

pub use settings::settings;
pub use toml::read;

use proto::identity::v1::OrganisationSettings;

/// Whether a typed name means this organisation: its key or its name, however it is written.
#[must_use]
pub fn is_named(settings: &OrganisationSettings, typed: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let typed = plain(typed);
    !typed.is_empty() && (typed == plain(&settings.key) || typed == plain(&settings.name))
}

/// Whether a host leads to this organisation.
#[must_use]
pub fn has_host(settings: &OrganisationSettings, host: &str) -> bool {
    settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
}

/// How strongly a colour stands out against white, as WCAG 2.2 counts it (1 to 21); `None` where it is no `#rrggbb`.
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
    fn a_name_is_found_however_it_is_typed() {
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
    fn contrast_is_counted_as_the_norm_does() {
        assert!((contrast_with_white("#000000").unwrap() - 21.0).abs() < 0.01);
        assert!((contrast_with_white("#ffffff").unwrap() - 1.0).abs() < 0.01);
        assert!((contrast_with_white("#767676").unwrap() - 4.54).abs() < 0.01);
        assert!(contrast_with_white("red").is_none());
    }
}
