//! Texts, by Fluent, Dutch first. Templates write `{{ "key"|t }}`; the render layer chooses the language.

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

/// The language as Fluent names it.
const fn fluent_id(language: Language) -> &'static LanguageIdentifier {
    match language {
        Language::Nl => &NL,
        Language::En => &EN,
    }
}

static NL: LanguageIdentifier = langid!("nl");
static EN: LanguageIdentifier = langid!("en");

/// The language, and the names and settings of the organisation, with which templates are rendered.
#[derive(Clone, Debug, Default)]
pub struct PageValues {
    /// The language.
    pub language: Language,
    /// Values that every text may use: `$product`, `$organisation`, `$phone`, `$hours`.
    pub names: HashMap<&'static str, String>,
    /// Texts that the organisation words in its own way, by their Fluent key; only in Dutch.
    pub labels: HashMap<String, String>,
    /// Settings that are on, of those that templates ask for with `is_on`: `login-asks-number`,
    /// `password-rules-mixed`.
    pub settings: Vec<&'static str>,
    /// The sealed stamp of the session, for the forms of the page.
    pub stamp: String,
}

impl PageValues {
    /// The text for a Fluent key. `values` are for this text alone.
    #[must_use]
    pub fn text(&self, key: &str, values: &[(&'static str, String)]) -> String {
        if let Some(label) = self.labels.get(key).filter(|_| self.language == Language::Nl) {
            return label.clone();
        }
        let common = self.names.iter().map(|(name, value)| (*name, value));
        let own = values.iter().map(|(name, value)| (*name, value));
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = common
            .chain(own)
            .map(|(name, value)| (Cow::Borrowed(name), FluentValue::from(value.as_str())))
            .collect();
        WORDS.lookup_with_args(fluent_id(self.language), key, &values)
    }
}

/// Templates find the page values under one key.
impl Values for PageValues {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == "page_values").then_some(self as &dyn Any)
    }
}

/// Whether there is a text for a Fluent key in a language.
#[must_use]
pub fn has_word(language: &str, key: &str) -> bool {
    // Some texts of reasons need a value for `count`; any value will do.
    let values = HashMap::from([(Cow::Borrowed("count"), FluentValue::from("0"))]);
    Language::of_code(language)
        .is_some_and(|language| WORDS.lookup_single_language(fluent_id(language), key, Some(&values)).is_ok())
}

pub mod filters;

pub(crate) fn page_values(values: &dyn Values) -> askama::Result<&PageValues> {
    askama::get_value::<PageValues>(values, "page_values")
}
