//! What is sent, in the organisation's words and the person's language.

use std::{borrow::Cow, collections::HashMap};

use askama::Template;
use chassis::calendar::{Language, date_in_words, zone};
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use jiff::Timestamp;
use proto::identity::v1::{LoginCodeContent, OrganisationSettings, WelcomeMessageContent};

static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "nl",
        // Marks around inserted values are for mixed scripts; in a text message they are dirt.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// An e-mail: no content of care in it, and no code in its subject (NL-11).
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
struct Speaker {
    language: LanguageIdentifier,
    values: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl Speaker {
    fn new(settings: &OrganisationSettings, language: &str) -> Self {
        let contact = settings.contact.clone().unwrap_or_default();
        let known = if language.is_empty() { &settings.language } else { language };
        let mut speaker = Self { language: known.parse().unwrap_or_default(), values: HashMap::new() };
        speaker.set("organisation", settings.name.clone());
        speaker.set("product", settings.product_name.clone());
        speaker.set("phone", contact.phone);
        speaker.set("hours", contact.hours);
        speaker
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.values.insert(name.into(), value.into());
    }

    fn say(&self, key: &str) -> String {
        WORDS.lookup_with_args(&self.language, key, &self.values)
    }

    fn letter(&self, settings: &OrganisationSettings, subject: &str, paragraphs: Vec<Paragraph>) -> Letter {
        let subject = self.say(subject);
        let text = paragraphs
            .iter()
            .map(|paragraph| match paragraph {
                Paragraph::Words(words) | Paragraph::Link(words) => words.clone(),
                Paragraph::Value(label, value) => format!("{label}: {value}"),
            })
            .collect::<Vec<_>>()
            .join("\n\n");
        let theme = settings.theme.clone().unwrap_or_default();
        let html = Html {
            language: self.language.language.as_str(),
            subject: &subject,
            organisation: &settings.name,
            colour: &theme.primary,
            paragraphs,
        };
        // A template over strings cannot fail; if it did, the plain text is the letter.
        let html = html.render().unwrap_or_else(|_| text.clone());
        Letter { subject, text, html }
    }
}

/// How to log in for the first time (T10, P15–P17).
#[must_use]
pub fn welcome(settings: &OrganisationSettings, content: &WelcomeMessageContent, until: Timestamp) -> Letter {
    let mut speaker = Speaker::new(settings, &content.language);
    speaker.set("name", content.display_name.clone());
    speaker.set("until", date(until, &content.language));
    let words = |key: &str| Paragraph::Words(speaker.say(key));
    let paragraphs = vec![
        words("greeting"),
        words("welcome-intro"),
        words("welcome-where"),
        Paragraph::Link(format!("{}/login", settings.base_url)),
        Paragraph::Value(speaker.say("welcome-username"), content.username.clone()),
        Paragraph::Value(speaker.say("welcome-password"), content.password.clone()),
        words("welcome-steps"),
        words("welcome-until"),
        words("help"),
        words("sender"),
    ];
    speaker.letter(settings, "welcome-subject", paragraphs)
}

/// A login code by e-mail (T14, T17).
#[must_use]
pub fn login_code_letter(settings: &OrganisationSettings, content: &LoginCodeContent) -> Letter {
    let mut speaker = Speaker::new(settings, &content.language);
    speaker.set("minutes", content.life_minutes.to_string());
    let words = |key: &str| Paragraph::Words(speaker.say(key));
    let paragraphs = vec![
        words("code-intro"),
        Paragraph::Value(speaker.say("code-label"), content.code.clone()),
        words("code-life"),
        words("code-not-you"),
        words("help"),
        words("sender"),
    ];
    speaker.letter(settings, "code-subject", paragraphs)
}

/// A login code by SMS; the last line lets phones fill it in for this site alone (SMS-01).
#[must_use]
pub fn login_code_sms(settings: &OrganisationSettings, content: &LoginCodeContent) -> String {
    let mut speaker = Speaker::new(settings, &content.language);
    speaker.set("code", content.code.clone());
    speaker.set("minutes", content.life_minutes.to_string());
    let host = settings.hosts.first().map(String::as_str).unwrap_or_default();
    format!("{}\n\n@{host} #{}", speaker.say("code-sms"), content.code)
}

/// A day in words, in the Netherlands.
fn date(at: Timestamp, language: &str) -> String {
    let language = Language::of_code(language).unwrap_or_default();
    date_in_words(language, at.to_zoned(zone()).date())
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::Contact;

    use super::*;

    fn settings() -> OrganisationSettings {
        OrganisationSettings {
            name: "Thuisgenoten".to_owned(),
            product_name: "MijnThuisgenotenDossier".to_owned(),
            hosts: vec!["thuisgenoten.nl".to_owned()],
            base_url: "https://thuisgenoten.nl".to_owned(),
            language: "nl".to_owned(),
            contact: Some(Contact { phone: "088 1501".to_owned(), ..Contact::default() }),
            ..OrganisationSettings::default()
        }
    }

    fn code(language: &str) -> LoginCodeContent {
        LoginCodeContent {
            language: language.to_owned(),
            code: "123456".to_owned(),
            life_minutes: 5,
            ..LoginCodeContent::default()
        }
    }

    #[test]
    fn a_code_letter_speaks_the_persons_language_and_keeps_the_code_out_of_its_subject() {
        let dutch = login_code_letter(&settings(), &code("nl"));
        assert!(dutch.text.contains("123456") && dutch.text.contains("5 minuten"), "{}", dutch.text);
        assert!(dutch.html.contains("123456"));
        assert!(!dutch.subject.contains("123456"));
        let english = login_code_letter(&settings(), &code("en"));
        assert!(english.text.contains("5 minutes"), "{}", english.text);
    }

    #[test]
    fn a_code_sms_is_bound_to_the_site_and_fits_one_message() {
        let text = login_code_sms(&settings(), &code("nl"));
        assert_eq!(text.lines().last(), Some("@thuisgenoten.nl #123456"));
        assert!(text.is_ascii() && text.len() <= 160, "{text}");
    }

    #[test]
    fn a_welcome_says_name_password_and_until_when_and_escapes_what_people_are_called() {
        let content = WelcomeMessageContent {
            language: "nl".to_owned(),
            display_name: "<b>Jan</b>".to_owned(),
            username: "jan@voorbeeld.nl".to_owned(),
            password: "ABCD-EFGH-JKMN-PQRS".to_owned(),
            ..WelcomeMessageContent::default()
        };
        let letter = welcome(&settings(), &content, "2027-05-17T08:00:00Z".parse().unwrap());
        assert!(letter.text.contains("17 mei 2027") && letter.text.contains("ABCD-EFGH-JKMN-PQRS"));
        assert!(letter.text.contains("https://thuisgenoten.nl/login"));
        assert!(!letter.html.contains("<b>Jan</b>"), "{}", letter.html);
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        let keys = |file: &str| -> Vec<String> {
            file.lines()
                .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
                .filter(|key| !key.starts_with([' ', '#']))
                .collect()
        };
        let dutch = keys(include_str!("../locales/nl/messages.ftl"));
        assert!(dutch.len() > 10);
        assert_eq!(dutch, keys(include_str!("../locales/en/messages.ftl")));
    }
}
