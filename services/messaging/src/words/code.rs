//! Renders messages with a code: as e-mail, or as SMS in the form that lets phones fill in the code on this
//! site only (SMS-01).

use proto::identity::v1::{OrganisationSettings, Recipient};

use super::{Channel, Outgoing, Paragraph, Phrases, sms::gsm7};

/// A code to send.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The person who gets the code.
    pub recipient: Recipient,
    /// The purpose of the code, and the start of its text keys: `login`, `device`, `step-up`, `signing`,
    /// `email-change`, `phone-change`.
    pub purpose: &'static str,
    /// The digits that the page shows, a dash and the digits to type; or only the digits to type.
    pub digits: String,
    /// For how many minutes the code works.
    pub life_minutes: i32,
    /// The kind and version of the document to sign; an empty kind: there is no document.
    pub document: (String, i64),
}

/// Renders the code as SMS when the recipient has a phone number, else as e-mail.
pub fn render(settings: &OrganisationSettings, code: &Code) -> Outgoing {
    let mut phrases = Phrases::new(settings, &code.recipient);
    phrases.set_duration("life", code.life_minutes);
    phrases.set("code", code.digits.clone());
    if !code.document.0.is_empty() {
        let kind = code.document.0.replace('_', "-");
        let name = phrases.get(&format!("document-{kind}"));
        let label = settings.labels.get(&format!("document-{kind}")).cloned().unwrap_or(name);
        phrases.set("document", label);
        phrases.set("version", code.document.1.to_string());
    }
    let purpose = code.purpose;
    if Channel::of(Some(&code.recipient)) == Channel::Sms {
        let host = settings.hosts.first().map(String::as_str).unwrap_or_default();
        let typed = code.digits.rsplit('-').next().unwrap_or_default();
        let text = gsm7(&phrases.get(&format!("{purpose}-sms")));
        return Outgoing::Sms(code.recipient.phone.clone(), format!("{text}\n\n@{host} #{typed}"));
    }
    let body = vec![
        phrases.words(&format!("{purpose}-intro")),
        Paragraph::Value(phrases.get("code-label"), code.digits.clone()),
        phrases.words("code-life"),
        phrases.words("code-not-you"),
    ];
    let letter = phrases.letter(&format!("{purpose}-subject"), body);
    Outgoing::Mail(code.recipient.email.clone(), letter)
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::Contact;

    use super::*;

    const PURPOSES: [&str; 6] = ["login", "device", "step-up", "signing", "email-change", "phone-change"];

    fn settings() -> OrganisationSettings {
        OrganisationSettings {
            name: "De Rozelaar".to_owned(),
            product_name: "Mijn Cliëntportaal".to_owned(),
            hosts: vec!["clientportaal-productie.rozelaar.pluriformzorg.nl".to_owned()],
            language: "nl".to_owned(),
            contact: Some(Contact { phone: "088 1501".to_owned(), ..Contact::default() }),
            ..OrganisationSettings::default()
        }
    }

    fn code(purpose: &'static str, language: &str, phone: &str) -> Code {
        Code {
            recipient: Recipient {
                email: "a@voorbeeld.nl".to_owned(),
                phone: phone.to_owned(),
                language: language.to_owned(),
                display_name: "mevrouw de Vries".to_owned(),
            },
            purpose,
            digits: "5913-123456".to_owned(),
            life_minutes: 5,
            document: ("care_plan".to_owned(), 3),
        }
    }

    #[test]
    fn code_mail_has_the_persons_language_and_no_code_in_subject() {
        for purpose in PURPOSES {
            for (language, minutes) in [("nl", "5 minuten"), ("en", "5 minutes")] {
                let Outgoing::Mail(to, letter) = render(&settings(), &code(purpose, language, "")) else {
                    unreachable!()
                };
                assert_eq!(to, "a@voorbeeld.nl");
                assert!(letter.text.contains("123456") && letter.text.contains(minutes), "{}", letter.text);
                assert!(letter.html.contains("123456") && !letter.subject.contains("123456"));
            }
        }
    }

    /// Reads host and code from the last line of an SMS, as the parser of WICG's origin-bound one-time codes
    /// does: `@host #code`.
    fn origin_bound(text: &str) -> Option<(&str, &str)> {
        let (host, code) = text.lines().last()?.strip_prefix('@')?.split_once(" #")?;
        (!host.contains(' ') && code.bytes().all(|byte| byte.is_ascii_digit())).then_some((host, code))
    }

    #[test]
    fn a_code_sms_is_bound_to_the_site_and_fits_one_message() {
        for purpose in PURPOSES {
            for language in ["nl", "en"] {
                let Outgoing::Sms(to, text) = render(&settings(), &code(purpose, language, "+31612345678"))
                else {
                    unreachable!()
                };
                assert_eq!(to, "+31612345678");
                assert_eq!(origin_bound(&text), Some((settings().hosts[0].as_str(), "123456")), "SMS-01");
                assert!(text.contains("5913-123456"), "SMS-01: {text}");
                assert!(text.chars().count() <= 160, "{} characters: {text}", text.chars().count());
                assert_eq!(gsm7(&text), text);
            }
        }
    }

    #[test]
    fn a_signing_code_uses_the_organisations_document_name() {
        let mut settings = settings();
        let text = |settings: &OrganisationSettings| match render(
            settings,
            &code("signing", "nl", "+31612345678"),
        ) {
            Outgoing::Sms(_, text) => text,
            Outgoing::Mail(..) => unreachable!(),
        };
        assert!(text(&settings).contains("zorgplan versie 3"), "{}", text(&settings));
        settings.labels.insert("document-care-plan".to_owned(), "ondersteuningsplan".to_owned());
        assert!(text(&settings).contains("ondersteuningsplan versie 3"), "{}", text(&settings));
    }
}
