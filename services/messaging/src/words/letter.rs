//! Renders every delivery; this file holds the letters without a code.

use jiff::Timestamp;
use proto::identity::v1::{
    InvitationMessageContent, OrganisationSettings, ResetLinkContent, ResetPasswordContent, SecurityChange,
    SecurityNoticeContent, WelcomeMessageContent,
};

use super::{Channel, Outgoing, Paragraph, Phrases, code, sms::gsm7};
use crate::delivery::Content;

/// Renders the content of a delivery for its provider. The delivery expires at `until`.
#[must_use]
pub fn render(settings: &OrganisationSettings, content: Content, until: Timestamp) -> Outgoing {
    match content {
        Content::Code(content) => code::render(settings, &content),
        Content::Welcome(content) => welcome(settings, content, until),
        Content::ResetPassword(content) => reset_password(settings, content),
        Content::ResetLink(content) => reset_link(settings, content),
        Content::Invitation(content) => invitation(settings, content, until),
        Content::Notice(content) => notice(settings, &content),
    }
}

/// The letter with the user name and password for the first login (T10, P15–P17).
fn welcome(settings: &OrganisationSettings, content: WelcomeMessageContent, until: Timestamp) -> Outgoing {
    let recipient = content.recipient.unwrap_or_default();
    let mut phrases = Phrases::new(settings, &recipient);
    phrases.set_day("until", until);
    let body = vec![
        phrases.words("welcome-intro"),
        phrases.words("welcome-where"),
        Paragraph::Link(format!("{}/login", settings.base_url)),
        Paragraph::Value(phrases.get("welcome-username"), content.username),
        Paragraph::Value(phrases.get("welcome-password"), content.password),
        phrases.words("welcome-steps"),
        phrases.words("welcome-until"),
    ];
    Outgoing::Mail(recipient.email, phrases.letter("welcome-subject", body))
}

/// The letter with a temporary password (T28, H9).
fn reset_password(settings: &OrganisationSettings, content: ResetPasswordContent) -> Outgoing {
    let recipient = content.recipient.unwrap_or_default();
    let mut phrases = Phrases::new(settings, &recipient);
    phrases.set_duration("life", content.life_minutes);
    let body = vec![
        phrases.words("reset-intro"),
        Paragraph::Value(phrases.get("reset-password"), content.password),
        phrases.words("reset-steps"),
        phrases.words("reset-life"),
        phrases.words("reset-not-you"),
    ];
    Outgoing::Mail(recipient.email, phrases.letter("reset-subject", body))
}

/// The letter with a link to choose a new password (V14).
fn reset_link(settings: &OrganisationSettings, content: ResetLinkContent) -> Outgoing {
    let recipient = content.recipient.unwrap_or_default();
    let mut phrases = Phrases::new(settings, &recipient);
    phrases.set_duration("life", content.life_minutes);
    let body = vec![
        phrases.words("reset-intro"),
        phrases.words("reset-link"),
        Paragraph::Link(format!("{}/password/reset/{}", settings.base_url, content.token)),
        phrases.words("reset-link-life"),
        phrases.words("reset-not-you"),
    ];
    Outgoing::Mail(recipient.email, phrases.letter("reset-subject", body))
}

/// The invitation to a client's dossier (V50). It does not name the client, because others may read the mail.
fn invitation(
    settings: &OrganisationSettings,
    content: InvitationMessageContent,
    until: Timestamp,
) -> Outgoing {
    let recipient = content.recipient.unwrap_or_default();
    let mut phrases = Phrases::new(settings, &recipient);
    phrases.set("inviter", content.invited_by);
    phrases.set_day("until", until);
    let link = || Paragraph::Link(format!("{}/login", settings.base_url));
    let mut body = vec![phrases.words("invitation-intro"), phrases.words("welcome-where"), link()];
    if content.password.is_empty() {
        body.push(phrases.words("invitation-known"));
    } else {
        body.push(Paragraph::Value(phrases.get("welcome-username"), content.username));
        body.push(Paragraph::Value(phrases.get("welcome-password"), content.password));
        body.push(phrases.words("welcome-steps"));
    }
    body.push(phrases.words("invitation-until"));
    Outgoing::Mail(recipient.email, phrases.letter("invitation-subject", body))
}

/// The notice of a change to an account. It goes by SMS when the recipient has a phone number, else by
/// e-mail.
fn notice(settings: &OrganisationSettings, content: &SecurityNoticeContent) -> Outgoing {
    let recipient = content.recipient.clone().unwrap_or_default();
    let mut phrases = Phrases::new(settings, &recipient);
    if let Some(at) = chassis::time::from_proto(content.at.as_ref()) {
        phrases.set_day("day", at);
    }
    let change = match content.change() {
        SecurityChange::Unspecified | SecurityChange::Password => "password",
        SecurityChange::Email => "email",
        SecurityChange::Phone => "phone",
        SecurityChange::Device => "device",
        SecurityChange::AccessEnds => "access",
    };
    let what = format!("notice-{change}");
    if Channel::of(Some(&recipient)) == Channel::Sms {
        let text = format!("{} {}", phrases.get(&what), phrases.get("notice-not-you"));
        return Outgoing::Sms(recipient.phone, gsm7(&text));
    }
    let mut body = vec![phrases.words(&what)];
    if content.change() != SecurityChange::AccessEnds {
        body.push(phrases.words("notice-not-you"));
    }
    let subject =
        if content.change() == SecurityChange::AccessEnds { "access-subject" } else { "notice-subject" };
    Outgoing::Mail(recipient.email, phrases.letter(subject, body))
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::{Contact, Recipient};

    use super::{super::Letter, *};

    fn settings() -> OrganisationSettings {
        OrganisationSettings {
            name: "Thuisgenoten".to_owned(),
            product_name: "MijnThuisgenotenDossier".to_owned(),
            base_url: "https://thuisgenoten.nl".to_owned(),
            language: "nl".to_owned(),
            contact: Some(Contact { phone: "088 1501".to_owned(), ..Contact::default() }),
            ..OrganisationSettings::default()
        }
    }

    fn recipient() -> Recipient {
        let (email, display_name) = ("jan@voorbeeld.nl".to_owned(), "<b>Jan</b>".to_owned());
        Recipient { email, display_name, language: "nl".to_owned(), ..Recipient::default() }
    }

    fn text(content: Content) -> (Letter, String) {
        let until = "2027-05-17T08:00:00Z".parse().unwrap();
        match render(&settings(), content, until) {
            Outgoing::Mail(_, letter) => {
                let text = letter.text.clone();
                (letter, text)
            }
            Outgoing::Sms(..) => unreachable!(),
        }
    }

    #[test]
    fn a_welcome_states_its_end_date_and_escapes_names() {
        let (username, password) = ("jan@voorbeeld.nl".to_owned(), "ABCD-EFGH-JKMN-PQRS".to_owned());
        let content = WelcomeMessageContent { recipient: Some(recipient()), username, password };
        let (letter, text) = text(Content::Welcome(content));
        assert!(text.contains("17 mei 2027") && text.contains("ABCD-EFGH-JKMN-PQRS"));
        assert!(text.contains("https://thuisgenoten.nl/login"));
        assert!(!letter.html.contains("<b>Jan</b>"), "{}", letter.html);
    }

    #[test]
    fn a_reset_letter_holds_a_password_or_a_link() {
        let password = "ABCD-EFGH-JKMN-PQRS".to_owned();
        let content = ResetPasswordContent { recipient: Some(recipient()), password, life_minutes: 240 };
        let (letter, words) = text(Content::ResetPassword(content));
        assert!(words.contains("ABCD-EFGH-JKMN-PQRS") && words.contains("4 uur"), "T28, T29: {words}");
        assert!(!letter.subject.contains("ABCD"));
        for (life_minutes, words) in [
            (30, "30 minuten"),
            (60, "1 uur en"),
            (90, "1 uur en 30 minuten"),
            (61, "1 uur en 1 minuut"),
            (1440, "24 uur"),
        ] {
            let password = "ABCD".to_owned();
            let content = ResetPasswordContent { recipient: Some(recipient()), password, life_minutes };
            let (_, text) = text(Content::ResetPassword(content));
            assert!(text.contains(&format!("werkt {words}")), "{text}");
        }
        let content =
            ResetLinkContent { recipient: Some(recipient()), token: "o.t".to_owned(), life_minutes: 240 };
        let (_, words) = text(Content::ResetLink(content));
        assert!(words.contains("https://thuisgenoten.nl/password/reset/o.t"), "V14: {words}");
    }

    #[test]
    fn an_invitation_has_a_password_for_new_people_only() {
        let invited_by = "mevrouw de Vries".to_owned();
        let known =
            InvitationMessageContent { recipient: Some(recipient()), invited_by, ..Default::default() };
        let (_, words) = text(Content::Invitation(known.clone()));
        assert!(words.contains("mevrouw de Vries") && !words.contains("Uw gebruikersnaam"), "{words}");
        let (username, password) = ("jan@voorbeeld.nl".to_owned(), "ABCD-EFGH-JKMN-PQRS".to_owned());
        let new = InvitationMessageContent { username, password, ..known };
        assert!(text(Content::Invitation(new)).1.contains("ABCD-EFGH-JKMN-PQRS"), "V50");
    }
}
