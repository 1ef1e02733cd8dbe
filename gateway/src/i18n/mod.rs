//! Texts, by Fluent, Dutch first. Templates write `{{ "key"|t }}`; the render layer chooses the language.

mod direction;
pub mod filters;
mod number;
mod words;

use std::{any::Any, sync::Arc};

use askama::Values;
use chassis::aead::AeadKeys;
pub use chassis::calendar::{Language, zone};
use fluent_templates::{LanguageIdentifier, langid, static_loader};

pub use self::number::decimal_in_words;
pub use self::words::{BothLanguages, Words, has_word};
use self::{direction::isolated, number::number_in_words};
use crate::{session::Session, stamp::Stamp};

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

/// The texts, settings and stamps with which templates are rendered.
#[derive(Clone)]
pub struct PageValues {
    /// The texts and settings of the organisation, in the language of the page.
    pub words: Arc<Words>,
    /// Whether the browser remembers the organisation, because the host serves several.
    pub is_remembered: bool,
    /// The session and the keys with which the page's forms are stamped; `None`: nobody is logged in.
    pub stamping: Option<(Arc<Session>, AeadKeys)>,
}

impl Default for PageValues {
    fn default() -> Self {
        let words = BothLanguages::of_nobody().of(Language::default());
        Self { words, is_remembered: false, stamping: None }
    }
}

impl PageValues {
    /// The language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.words.language
    }

    /// The sealed stamp for a form. Each call gives another text, so that an answer's length tells nothing about it.
    #[must_use]
    pub fn stamp(&self) -> String {
        let stamping = self.stamping.as_ref();
        stamping.map(|(session, keys)| Stamp::new(session).seal(keys)).unwrap_or_default()
    }
}

/// Templates find the page values under one key.
impl Values for PageValues {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == "page_values").then_some(self as &dyn Any)
    }
}

pub(crate) fn page_values(values: &dyn Values) -> askama::Result<&PageValues> {
    askama::get_value::<PageValues>(values, "page_values")
}
