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

pub mod filters;

pub(crate) fn speaker(values: &dyn Values) -> askama::Result<&Speaker> {
    askama::get_value::<Speaker>(values, "speaker")
}
