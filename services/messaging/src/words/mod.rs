//! The texts of messages, with the organisation's names and in the recipient's language. They hold no content
//! of care, and a subject holds no code (NL-11).

mod code;
mod letter;
mod sms;

use std::{borrow::Cow, collections::HashMap};

use askama::Template;
use chassis::{
    calendar::{Language, date_in_words, zone},
    mail_address::MailAddress,
};
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use jiff::Timestamp;
use proto::identity::v1::{OrganisationSettings, Recipient};

pub use code::Code;
pub use letter::render;

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "nl",
        // The marks around inserted values serve mixed writing directions; in an SMS they would be stray
        // characters.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A rendered message, ready for its provider.
#[derive(Debug)]
pub enum Outgoing {
    /// An e-mail: the address and the letter.
    Mail(String, Letter),
    /// An SMS: the phone number in E.164 form and the text.
    Sms(String, String),
}

impl Outgoing {
    /// Whether the recipient is one to whom a provider could send anything.
    #[must_use]
    pub fn can_be_sent(&self) -> bool {
        match self {
            Self::Mail(to, _) => MailAddress::parse(to).is_some(),
            Self::Sms(..) => true,
        }
    }

    /// The address or the phone number; empty: a decoy, which is not sent.
    #[must_use]
    pub fn recipient(&self) -> &str {
        match self {
            Self::Mail(to, _) | Self::Sms(to, _) => to,
        }
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail.
    Mail,
    /// By SMS.
    Sms,
}

impl Channel {
    /// How messages to a recipient travel that go by SMS when the recipient has a phone number.
    #[must_use]
    pub fn of(recipient: Option<&Recipient>) -> Self {
        if recipient.is_some_and(|recipient| !recipient.phone.is_empty()) { Self::Sms } else { Self::Mail }
    }

    /// The number that is stored.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Mail => 1,
            Self::Sms => 2,
        }
    }

    /// The channel's name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    /// The other channel.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Mail => Self::Sms,
            Self::Sms => Self::Mail,
        }
    }
}

/// The text of an e-mail.
#[derive(Debug)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The letter as plain text.
    pub text: String,
    /// The letter as HTML.
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

/// A paragraph of a letter.
enum Paragraph {
    /// Plain text.
    Words(String),
    /// A label and a value that the reader copies, such as a code: shown large.
    Value(String, String),
    /// The address of a page.
    Link(String),
}

/// The phrases of one message: the recipient's language and the values of the placeholders.
struct Phrases<'a> {
    settings: &'a OrganisationSettings,
    language: LanguageIdentifier,
    values: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl<'a> Phrases<'a> {
    fn new(settings: &'a OrganisationSettings, recipient: &Recipient) -> Self {
        let contact = settings.contact.clone().unwrap_or_default();
        let known = if recipient.language.is_empty() { &settings.language } else { &recipient.language };
        let language = known.parse().unwrap_or_default();
        let mut phrases = Self { settings, language, values: HashMap::new() };
        phrases.set("organisation", settings.name.clone());
        phrases.set("product", settings.product_name.clone());
        phrases.set("phone", contact.phone);
        phrases.set("hours", contact.hours);
        phrases.set("name", recipient.display_name.clone());
        phrases
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name.into(), value.into().into());
    }

    /// Sets a value to a duration in words: exact, in hours and minutes.
    fn set_duration(&mut self, name: &'static str, minutes: i32) {
        let (hours, rest) = (minutes / 60, minutes % 60);
        self.values.insert("hours-long".into(), hours.into());
        self.values.insert("minutes-long".into(), rest.into());
        let words = match (hours, rest) {
            (0, _) => self.get("duration-minutes"),
            (_, 0) => self.get("duration-hours"),
            _ => self.get("duration-hours-and-minutes"),
        };
        self.set(name, words);
    }

    /// Sets a value to a day in words, by the calendar of the Netherlands.
    fn set_day(&mut self, name: &'static str, at: Timestamp) {
        let language = Language::of_code(self.language.language.as_str()).unwrap_or_default();
        self.set(name, date_in_words(language, at.to_zoned(zone()).date()));
    }

    fn get(&self, key: &str) -> String {
        WORDS.lookup_with_args(&self.language, key, &self.values)
    }

    fn words(&self, key: &str) -> Paragraph {
        Paragraph::Words(self.get(key))
    }

    /// Builds a letter: the greeting, these paragraphs, the help and the sender.
    fn letter(&self, subject: &str, body: Vec<Paragraph>) -> Letter {
        let subject = self.get(subject);
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
        // Rendering strings cannot fail; if it did, the plain text would serve as HTML.
        let html = html.render().unwrap_or_else(|_| text.clone());
        Letter { subject, text, html }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_text_exists_in_both_languages_and_is_used() {
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
            // A key that code puts together with `format!` occurs there only as its start or its end.
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
