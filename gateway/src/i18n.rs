//! Words: Fluent, Dutch first. Templates say `{{ "key"|t }}`; the render layer says in which language.

use std::{any::Any, borrow::Cow, collections::HashMap};

use askama::Values;
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "nl",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

static NL: LanguageIdentifier = langid!("nl");
static EN: LanguageIdentifier = langid!("en");

impl Language {
    /// By its code; `None` for others.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code.get(..2)?.to_ascii_lowercase().as_str() {
            "nl" => Some(Self::Nl),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The first language of an `Accept-Language` header that there are pages in.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| Self::of_code(part.trim()))
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Nl => &NL,
            Self::En => &EN,
        }
    }
}

/// Language and the names that differ per organisation: what templates are rendered with.
#[derive(Clone, Debug, Default)]
pub struct Speaker {
    /// The language.
    pub language: Language,
    /// Values that every text may use: `$product`, `$organisation`, `$phone`, `$hours`.
    pub names: HashMap<&'static str, String>,
}

impl Speaker {
    /// The words for a key; with values for this text alone.
    #[must_use]
    pub fn say(&self, key: &str, values: &[(&'static str, String)]) -> String {
        let common = self.names.iter().map(|(name, value)| (*name, value));
        let own = values.iter().map(|(name, value)| (*name, value));
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = common
            .chain(own)
            .map(|(name, value)| (Cow::Borrowed(name), FluentValue::from(value.as_str())))
            .collect();
        WORDS.lookup_with_args(self.language.id(), key, &values)
    }
}

/// Templates are rendered with the speaker as their one value.
impl Values for Speaker {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == "speaker").then_some(self as &dyn Any)
    }
}

/// Whether there are words for a key in a language.
#[must_use]
pub fn has_word(language: &str, key: &str) -> bool {
    // The one value that some reasons ask for, whatever it is.
    let values = HashMap::from([(Cow::Borrowed("count"), FluentValue::from("0"))]);
    Language::of_code(language)
        .is_some_and(|language| WORDS.lookup_single_language(language.id(), key, Some(&values)).is_ok())
}

const DAYS: [[&str; 7]; 2] = [
    ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// The time zone of all pages (TIME-01).
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC)
}

/// A day in words: "maandag 3 mei 2027".
#[must_use]
pub fn day_in_words(language: Language, day: Date) -> String {
    let (days, months) = match language {
        Language::Nl => (&DAYS[0], &MONTHS[0]),
        Language::En => (&DAYS[1], &MONTHS[1]),
    };
    let at = |index: i8| usize::try_from(index).unwrap_or(0);
    let weekday = days.get(at(day.weekday().to_monday_zero_offset())).unwrap_or(&"");
    let month = months.get(at(day.month() - 1)).unwrap_or(&"");
    format!("{weekday} {} {month} {}", day.day(), day.year())
}

/// A time of day in words: "10.00 uur", or "10:00".
#[must_use]
pub fn time_in_words(language: Language, at: Timestamp) -> String {
    let time = at.to_zoned(zone()).time();
    match language {
        Language::Nl => format!("{:02}.{:02} uur", time.hour(), time.minute()),
        Language::En => format!("{:02}:{:02}", time.hour(), time.minute()),
    }
}

/// The filters of templates.
#[expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    reason = "the shape of a filter is askama's"
)]
pub mod filters {
    use std::fmt::Display;

    use askama::{Result, Values, filters::Safe};
    use jiff::{Timestamp, civil::Date};

    use super::{day_in_words, speaker, time_in_words};

    /// The words for a key.
    #[askama::filter_fn]
    pub fn t<T: Display>(key: T, values: &dyn Values) -> Result<String> {
        Ok(speaker(values)?.say(&key.to_string(), &[]))
    }

    /// The words for a key, with one value.
    #[askama::filter_fn]
    pub fn t_with<T: Display, V: Display>(
        key: T,
        values: &dyn Values,
        name: &'static str,
        value: V,
    ) -> Result<String> {
        Ok(speaker(values)?.say(&key.to_string(), &[(name, value.to_string())]))
    }

    /// A day in words.
    #[askama::filter_fn]
    pub fn day(day: &Date, values: &dyn Values) -> Result<String> {
        Ok(day_in_words(speaker(values)?.language, *day))
    }

    /// A time of day in words.
    #[askama::filter_fn]
    pub fn clock(at: &Timestamp, values: &dyn Values) -> Result<String> {
        Ok(time_in_words(speaker(values)?.language, *at))
    }

    /// Content that a template has rendered already.
    #[askama::filter_fn]
    pub fn rendered<T: Display>(content: T, _: &dyn Values) -> Result<Safe<T>> {
        Ok(Safe(content))
    }
}

fn speaker(values: &dyn Values) -> askama::Result<&Speaker> {
    askama::get_value::<Speaker>(values, "speaker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_written_out_in_dutch_time() {
        let at: Timestamp = "2027-05-03T08:00:00Z".parse().unwrap();
        assert_eq!(day_in_words(Language::Nl, at.to_zoned(zone()).date()), "maandag 3 mei 2027");
        assert_eq!(time_in_words(Language::Nl, at), "10.00 uur");
        assert_eq!(time_in_words(Language::En, at), "10:00");
        let winter: Timestamp = "2027-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(day_in_words(Language::En, winter.to_zoned(zone()).date()), "Saturday 1 January 2028");
    }

    #[test]
    fn a_browsers_languages_are_tried_in_order() {
        assert_eq!(Language::accepted("fr-FR, en;q=0.8, nl;q=0.5"), Some(Language::En));
        assert_eq!(Language::accepted("nl-NL,nl;q=0.9"), Some(Language::Nl));
        assert_eq!(Language::accepted("fr"), None);
    }
}
