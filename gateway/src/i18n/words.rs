//! The texts of an organisation's pages in one language. Fluent forms a text that needs no value of its own once; the
//! text is kept as long as the organisation's settings are.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use fluent_templates::{Loader, fluent_bundle::FluentValue};
use proto::identity::v1::OrganisationSettings;

use super::{Language, WORDS, fluent_id};

/// The texts of pages of no organisation, by language.
static OF_NOBODY: LazyLock<BothLanguages> = LazyLock::new(|| BothLanguages::new(None));

/// The texts of one organisation, in each language.
#[derive(Debug)]
pub struct BothLanguages([Arc<Words>; 2]);

impl BothLanguages {
    /// The texts of an organisation with these settings; `None`: the organisation is not known.
    #[must_use]
    pub fn new(settings: Option<&OrganisationSettings>) -> Self {
        Self([Language::Nl, Language::En].map(|language| Arc::new(Words::new(settings, language))))
    }

    /// The texts of pages whose organisation is not known.
    #[must_use]
    pub fn of_nobody() -> &'static Self {
        &OF_NOBODY
    }

    /// The texts in a language.
    #[must_use]
    pub fn of(&self, language: Language) -> Arc<Words> {
        let [dutch, english] = &self.0;
        Arc::clone(match language {
            Language::Nl => dutch,
            Language::En => english,
        })
    }
}

/// The texts of one organisation in one language.
#[derive(Debug)]
pub struct Words {
    /// The language.
    pub language: Language,
    /// Values that every text may use: `$product`, `$organisation`, `$phone`, `$hours`.
    names: [(&'static str, String); 7],
    /// Texts that the organisation words in its own way, by their Fluent key; only in Dutch.
    labels: HashMap<String, Arc<str>>,
    /// Settings that are on, of those that templates ask for with `is_on`.
    settings: Vec<&'static str>,
    /// Texts that are formed already. Only keys that Fluent knows come in, so that a stranger's key takes no room.
    formed: RwLock<HashMap<String, Arc<str>>>,
}

impl Words {
    fn new(settings: Option<&OrganisationSettings>, language: Language) -> Self {
        let contact = settings.and_then(|settings| settings.contact.clone()).unwrap_or_default();
        let min_length = settings.and_then(|settings| settings.password).map_or(8, |rules| rules.min_length);
        let name = |value: Option<&String>| value.cloned().unwrap_or_else(|| "Zorgportaal".to_owned());
        let labels = settings.filter(|_| language == Language::Nl).into_iter();
        let labels = labels.flat_map(|settings| &settings.labels);
        Self {
            language,
            names: [
                ("product", name(settings.map(|settings| &settings.product_name))),
                ("organisation", name(settings.map(|settings| &settings.name))),
                ("phone", contact.phone),
                ("email", contact.email),
                ("hours", contact.hours),
                ("care_questions", contact.care_questions),
                ("count", min_length.to_string()),
            ],
            labels: labels.map(|(key, label)| (key.clone(), label.as_str().into())).collect(),
            settings: settings.map_or_else(|| vec!["organisation-unknown"], active_settings),
            formed: RwLock::default(),
        }
    }

    /// The text for a Fluent key.
    #[must_use]
    pub fn text(&self, key: &str) -> Arc<str> {
        if let Some(text) = self.formed.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Arc::clone(text);
        }
        let Some(text) = self.form(key, &[]) else { return unknown(key) };
        let mut formed = self.formed.write().unwrap_or_else(PoisonError::into_inner);
        formed.insert(key.to_owned(), Arc::clone(&text));
        text
    }

    /// The text for a Fluent key, with values for this text alone.
    #[must_use]
    pub fn text_with(&self, key: &str, values: &[(&'static str, String)]) -> Arc<str> {
        self.form(key, values).unwrap_or_else(|| unknown(key))
    }

    fn form(&self, key: &str, values: &[(&'static str, String)]) -> Option<Arc<str>> {
        if let Some(label) = self.labels.get(key) {
            return Some(Arc::clone(label));
        }
        let all = self.names.iter().chain(values);
        let all: HashMap<Cow<'static, str>, FluentValue<'_>> =
            all.map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(value.as_str()))).collect();
        WORDS.try_lookup_with_args(fluent_id(self.language), key, &all).map(Into::into)
    }

    /// Whether a setting of the organisation is on, by its name.
    #[must_use]
    pub fn is_on(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}

/// What a page shows where Fluent knows no text: a fault in the code, or a key of a stranger.
fn unknown(key: &str) -> Arc<str> {
    format!("Unknown localization key: {key:?}").into()
}

/// The names of the settings that are on, among those that templates ask for.
fn active_settings(settings: &OrganisationSettings) -> Vec<&'static str> {
    let (login, password) = (settings.login.unwrap_or_default(), settings.password.unwrap_or_default());
    let all = [("login-asks-number", login.ask_number), ("password-rules-mixed", password.mixed)];
    all.into_iter().filter_map(|(name, is_on)| is_on.then_some(name)).collect()
}

/// Whether there is a text for a Fluent key in a language.
#[must_use]
pub fn has_word(language: &str, key: &str) -> bool {
    // Some texts of reasons need a value for `count`; any value will do.
    let values = HashMap::from([(Cow::Borrowed("count"), FluentValue::from("0"))]);
    Language::of_code(language)
        .is_some_and(|language| WORDS.lookup_single_language(fluent_id(language), key, Some(&values)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_organisations_names_and_is_formed_once() {
        let settings = OrganisationSettings { product_name: "Caren".to_owned(), ..Default::default() };
        let words = BothLanguages::new(Some(&settings)).of(Language::Nl);
        let first = words.text("product");
        assert_eq!(&*first, "Caren");
        assert!(Arc::ptr_eq(&first, &words.text("product")));
        assert_eq!(&*BothLanguages::of_nobody().of(Language::En).text("product"), "Zorgportaal");
    }

    #[test]
    fn label_of_the_organisation_replaces_the_dutch_text_alone() {
        let labels = [("reports-menu".to_owned(), "Dagboek".to_owned())].into();
        let settings = OrganisationSettings { labels, ..Default::default() };
        let both = BothLanguages::new(Some(&settings));
        assert_eq!(&*both.of(Language::Nl).text("reports-menu"), "Dagboek");
        assert_ne!(&*both.of(Language::En).text("reports-menu"), "Dagboek");
    }

    #[test]
    fn keys_without_a_text_are_not_kept() {
        let words = Words::new(None, Language::Nl);
        for number in 0..10 {
            let _ = words.text(&format!("flash-{number}"));
        }
        assert_eq!(words.formed.read().unwrap().len(), 0);
    }
}
