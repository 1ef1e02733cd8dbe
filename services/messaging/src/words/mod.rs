//! What is sent, in the organisation's words and the person's language. No content of care, and no code in a subject
//! (NL-11).

mod code;
mod letter;
mod sms;

use std::{borrow::Cow, collections::HashMap};

use askama::Template;
use chassis::calendar::{Language, date_in_words, zone};
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use jiff::Timestamp;
use proto::identity::v1::{OrganisationSettings, Recipient};

pub use code::Code;
pub use letter::render;

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "nl",
        // Marks around inserted values are for mixed scripts; in a text message they are dirt.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A message as it goes to a provider.
#[derive(Debug)]
pub enum Outgoing {
    /// By e-mail: where to, and what.
    Mail(String, Letter),
    /// By SMS: the number as E.164, and the text.
    Sms(String, String),
}

/// An e-mail.
#[derive(Debug)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The letter as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    language: &'a str,
    subject: &'a str,
    organisation: &'a str,
    colour: &'a str,
    paragraphs: Vec<Paragraph>,
}

/// A piece of a letter.
enum Paragraph {
    /// Words.
    Words(String),
    /// Something to type over: shown large.
    Value(String, String),
    /// An address to go to.
    Link(String),
}

/// The language and the values that texts are filled with.
struct Speaker<'a> {
    settings: &'a OrganisationSettings,
    language: LanguageIdentifier,
    values: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl<'a> Speaker<'a> {
    fn new(settings: &'a OrganisationSettings, recipient: &Recipient) -> Self {
        let contact = settings.contact.clone().unwrap_or_default();
        let known = if recipient.language.is_empty() { &settings.language } else { &recipient.language };
        let language = known.parse().unwrap_or_default();
        let mut speaker = Self { settings, language, values: HashMap::new() };
        speaker.set("organisation", settings.name.clone());
        speaker.set("product", settings.product_name.clone());
        speaker.set("phone", contact.phone);
        speaker.set("hours", contact.hours);
        speaker.set("name", recipient.display_name.clone());
        speaker
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name.into(), value.into().into());
    }

    /// A day, in words and in the Netherlands.
    fn set_day(&mut self, name: &'static str, at: Timestamp) {
        let language = Language::of_code(self.language.language.as_str()).unwrap_or_default();
        self.set(name, date_in_words(language, at.to_zoned(zone()).date()));
    }

    fn say(&self, key: &str) -> String {
        WORDS.lookup_with_args(&self.language, key, &self.values)
    }

    fn words(&self, key: &str) -> Paragraph {
        Paragraph::Words(self.say(key))
    }

    /// A letter of these paragraphs between greeting and sender.
    fn letter(&self, subject: &str, body: Vec<Paragraph>) -> Letter {
        let subject = self.say(subject);
        let mut paragraphs = vec![self.words("greeting")];
        paragraphs.extend(body);
        paragraphs.extend([self.words("help"), self.words("sender")]);
        let text = paragraphs
            .iter()
            .map(|paragraph| match paragraph {
                Paragraph::Words(words) | Paragraph::Link(words) => words.clone(),
                Paragraph::Value(label, value) => format!("{label}: {value}"),
            })
            .collect::<Vec<_>>()
            .join("\n\n");
        let theme = self.settings.theme.clone().unwrap_or_default();
        let html = Html {
            language: self.language.language.as_str(),
            subject: &subject,
            organisation: &self.settings.name,
            colour: &theme.primary,
            paragraphs,
        };
        // A template over strings cannot fail; if it did, the plain text is the letter.
        let html = html.render().unwrap_or_else(|_| text.clone());
        Letter { subject, text, html }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_text_is_there_in_both_languages_and_is_used() {
        let keys = |file: &str| -> BTreeSet<String> {
            file.lines()
                .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
                .filter(|key| !key.starts_with([' ', '#']))
                .collect()
        };
        let dutch = keys(include_str!("../../locales/nl/messages.ftl"));
        assert!(dutch.len() > 10);
        assert_eq!(dutch, keys(include_str!("../../locales/en/messages.ftl")));
        let code = [include_str!("mod.rs"), include_str!("code.rs"), include_str!("letter.rs")].concat();
        let is_used = |key: &&String| {
            // A key that is put together stands in the code as its beginning or its end.
            let mut parts = key.match_indices('-').map(|(at, _)| key.split_at(at));
            code.contains(&format!("\"{key}\""))
                || parts.any(|(stem, rest)| {
                    code.contains(&format!("\"{stem}-{{")) || code.contains(&format!("}}{rest}\""))
                })
        };
        let unused: Vec<_> = dutch.iter().filter(|key| !is_used(key)).collect();
        assert_eq!(unused, Vec::<&String>::new());
    }
}
