//! The texts of an organisation's pages in one language. Fluent forms a text that needs no value of its own once; the
//! text is kept as long as the organisation's settings are.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use askama::filters::{Escaper, Html};
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
    formed: Formed,
    /// The same as HTML, with links.
    linked: Formed,
}

/// Texts by their Fluent key.
type Formed = RwLock<HashMap<String, Arc<str>>>;

/// The values that are links or Dutch words in a text with links, each with the character that stands for the value
/// while the text is escaped: these characters have no meaning of their own (Unicode's private use area).
const MARKS: [(&str, char); 4] =
    [("phone", '\u{e000}'), ("email", '\u{e001}'), ("hours", '\u{e002}'), ("care_questions", '\u{e003}')];

impl Words {
    fn new(settings: Option<&OrganisationSettings>, language: Language) -> Self {
        let contact = settings.and_then(|settings| settings.contact.clone()).unwrap_or_default();
        let min_length = settings.and_then(|settings| settings.password).map_or(8, |rules| rules.min_length);
        let name = |value: Option<&String>| value.cloned().unwrap_or_else(|| "Zorgportaal".to_owned());
        let labels = settings.filter(|_| language == Language::Nl).into_iter();
        let labels = labels.flat_map(|settings| &settings.labels);
        // Where no organisation is known, `$phone` is "uw zorgorganisatie": a text still says whom to call.
        let phone = match settings {
            Some(_) => contact.phone,
            None => WORDS.try_lookup(fluent_id(language), "phone-of-nobody").unwrap_or_default(),
        };
        Self {
            language,
            names: [
                ("product", name(settings.map(|settings| &settings.product_name))),
                ("organisation", name(settings.map(|settings| &settings.name))),
                ("phone", phone),
                ("email", contact.email),
                ("hours", contact.hours),
                ("care_questions", contact.care_questions),
                ("count", min_length.to_string()),
            ],
            labels: labels.map(|(key, label)| (key.clone(), label.as_str().into())).collect(),
            settings: settings.map_or_else(|| vec!["organisation-unknown"], active_settings),
            formed: Formed::default(),
            linked: Formed::default(),
        }
    }

    /// The text for a Fluent key.
    #[must_use]
    pub fn text(&self, key: &str) -> Arc<str> {
        once(&self.formed, key, || self.form(key, &[])).unwrap_or_else(|| unknown(key))
    }

    /// The text for a Fluent key, as HTML: telephone number and e-mail address are links, and what the organisation
    /// wrote is marked as Dutch.
    #[must_use]
    pub fn linked(&self, key: &str) -> Arc<str> {
        let form = || {
            let marks = MARKS.map(|(name, mark)| (name, mark.to_string()));
            let mut html = escape(&self.form(key, &marks)?);
            for (name, mark) in MARKS {
                html = html.replace(mark, &self.markup(name));
            }
            Some(Arc::from(html))
        };
        once(&self.linked, key, form).unwrap_or_else(|| escape(&unknown(key)).into())
    }

    /// The HTML for one of the [`MARKS`].
    fn markup(&self, name: &str) -> String {
        let value = self.names.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        let (shown, digits) = (escape(value), value.chars().filter(|c| c.is_ascii_digit() || *c == '+'));
        match name {
            "phone" => match digits.collect::<String>() {
                digits if digits.is_empty() => shown,
                digits => format!("<a class=\"utrecht-link\" href=\"tel:{digits}\">{shown}</a>"),
            },
            "email" => format!("<a class=\"utrecht-link\" href=\"mailto:{shown}\">{shown}</a>"),
            _ => format!("<span lang=\"nl\">{shown}</span>"),
        }
    }

    /// The text for a Fluent key, with values for this text alone.
    #[must_use]
    pub fn text_with(&self, key: &str, values: &[(&'static str, String)]) -> Arc<str> {
        self.form(key, values).unwrap_or_else(|| unknown(key))
    }

    /// Whether there is a text for a Fluent key that needs no value of its own.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.form(key, &[]).is_some()
    }

    fn form(&self, key: &str, values: &[(&'static str, String)]) -> Option<Arc<str>> {
        if let Some(label) = self.labels.get(key) {
            return Some(Arc::clone(label));
        }
        // A value of this text alone comes after the organisation's, and so replaces it.
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

/// The text for a key, formed at the first call; `None` where there is no such text.
fn once(formed: &Formed, key: &str, form: impl FnOnce() -> Option<Arc<str>>) -> Option<Arc<str>> {
    if let Some(text) = formed.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return Some(Arc::clone(text));
    }
    let text = form()?;
    let mut formed = formed.write().unwrap_or_else(PoisonError::into_inner);
    formed.insert(key.to_owned(), Arc::clone(&text));
    Some(text)
}

/// A text as HTML.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    // Writing to a String does not fail.
    let _ = Html.write_escaped_str(&mut html, text);
    html
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
    // A text that needs a value is found with any value.
    let names = ["product", "organisation", "phone", "email", "hours", "care_questions", "count", "name"];
    let values = names.map(|name| (Cow::Borrowed(name), FluentValue::from("0"))).into();
    Language::of_code(language)
        .is_some_and(|language| WORDS.lookup_single_language(fluent_id(language), key, Some(&values)).is_ok())
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::Contact;

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
    fn numbers_and_addresses_are_links_and_hostile_settings_stay_text() {
        let contact = Contact {
            phone: "088 - 088 1501".to_owned(),
            email: "a@b.nl\"><script>".to_owned(),
            hours: "<b>".to_owned(),
            care_questions: "Vraag het.".to_owned(),
        };
        let settings = OrganisationSettings { contact: Some(contact), ..Default::default() };
        let words = BothLanguages::new(Some(&settings)).of(Language::En);
        let help = words.linked("help-phone");
        assert!(help.contains("href=\"tel:0880881501\">088 - 088 1501</a>"), "{help}");
        assert!(help.contains("mailto:a@b.nl&#34;&#62;&#60;script&#62;\">"), "{help}");
        assert!(words.linked("help-hours").contains("<span lang=\"nl\">&#60;b&#62;</span>"));
        let nobody = BothLanguages::of_nobody().of(Language::Nl).linked("access-unavailable");
        assert!(nobody.contains("Bel uw zorgorganisatie."), "{nobody}");
    }

    #[test]
    fn keys_without_a_text_are_not_kept() {
        let words = Words::new(None, Language::Nl);
        for number in 0..10 {
            let _ = words.text(&format!("flash-{number}"));
            let _ = words.linked(&format!("flash-{number}"));
        }
        assert_eq!(words.formed.read().unwrap().len() + words.linked.read().unwrap().len(), 0);
    }
}
