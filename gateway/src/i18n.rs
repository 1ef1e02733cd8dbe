//! Words: Fluent, Dutch first. Templates say `{{ "key"|t }}`; the render layer says in which language.

use std::{any::Any, borrow::Cow, collections::HashMap};

use askama::Values;
pub use chassis::calendar::{Language, zone};
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "nl",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The language as the words' own library knows it.
const fn id(language: Language) -> &'static LanguageIdentifier {
    match language {
        Language::Nl => &NL,
        Language::En => &EN,
    }
}

static NL: LanguageIdentifier = langid!("nl");
static EN: LanguageIdentifier = langid!("en");

/// Language and the names that differ per organisation: what templates are rendered with.
#[derive(Clone, Debug, Default)]
pub struct Speaker {
    /// The language.
    pub language: Language,
    /// Values that every text may use: `$product`, `$organisation`, `$phone`, `$hours`.
    pub names: HashMap<&'static str, String>,
    /// Words that the organisation says otherwise, by their key; Dutch alone.
    pub labels: HashMap<String, String>,
    /// Settings of the organisation that are on, for what pages ask: `login-asks-number`, `password-rules-mixed`.
    pub settings: Vec<&'static str>,
    /// What forms are stamped with: for whom and about whom they are.
    pub stamp: String,
}

impl Speaker {
    /// The words for a key; with values for this text alone.
    #[must_use]
    pub fn say(&self, key: &str, values: &[(&'static str, String)]) -> String {
        if let Some(label) = self.labels.get(key).filter(|_| self.language == Language::Nl) {
            return label.clone();
        }
        let common = self.names.iter().map(|(name, value)| (*name, value));
        let own = values.iter().map(|(name, value)| (*name, value));
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = common
            .chain(own)
            .map(|(name, value)| (Cow::Borrowed(name), FluentValue::from(value.as_str())))
            .collect();
        WORDS.lookup_with_args(id(self.language), key, &values)
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
        .is_some_and(|language| WORDS.lookup_single_language(id(language), key, Some(&values)).is_ok())
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
    use chassis::calendar::{date_in_words, day_in_words, time_in_words};
    use jiff::{Timestamp, civil::Date};

    use super::{Language, speaker};

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

    /// The words for a key, with two values.
    #[askama::filter_fn]
    pub fn t_with2<T: Display, V: Display, W: Display>(
        key: T,
        values: &dyn Values,
        name: &'static str,
        value: V,
        other: &'static str,
        second: W,
    ) -> Result<String> {
        let own = [(name, value.to_string()), (other, second.to_string())];
        Ok(speaker(values)?.say(&key.to_string(), &own))
    }

    /// Whether a setting of the organisation is on, by its name.
    #[askama::filter_fn]
    pub fn is_on<T: Display>(name: T, values: &dyn Values) -> Result<bool> {
        Ok(speaker(values)?.settings.contains(&&*name.to_string()))
    }

    /// A text in the language of the page: Dutch, or the one beside it.
    #[askama::filter_fn]
    pub fn either<T: Display, V: Display>(dutch: T, values: &dyn Values, english: V) -> Result<String> {
        Ok(match speaker(values)?.language {
            Language::Nl => dutch.to_string(),
            Language::En => english.to_string(),
        })
    }

    /// A day in words.
    #[askama::filter_fn]
    pub fn day(day: &Date, values: &dyn Values) -> Result<String> {
        Ok(day_in_words(speaker(values)?.language, *day))
    }

    /// The day of an instant, in words.
    #[askama::filter_fn]
    pub fn day_of(at: &Timestamp, values: &dyn Values) -> Result<String> {
        let day = at.to_zoned(super::zone()).date();
        Ok(date_in_words(speaker(values)?.language, day))
    }

    /// The hidden field that says for whom and about whom a form is.
    #[askama::filter_fn]
    pub fn stamped<T: Display>(name: T, values: &dyn Values) -> Result<Safe<String>> {
        let stamp = &speaker(values)?.stamp;
        // Base64 needs no escaping.
        Ok(Safe(format!("<input type=\"hidden\" name=\"{name}\" value=\"{stamp}\">")))
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
