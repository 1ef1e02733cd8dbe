//! Reads an organisation's settings file and checks the bounds of every key. An error names the key.

use chassis::{mail_address::MailAddress, section};
use proto::identity::v1::OrganisationSettings;

use super::{contrast_with_white, file::File};
use crate::{error::Error, factor::Medium, password::MIN_LENGTH};

/// Reads and checks a settings file.
///
/// # Errors
/// `SETTINGS_INVALID`, with the key that is missing, unknown or out of its bounds.
pub fn read(text: &str) -> Result<OrganisationSettings, Error> {
    let file: File = ::toml::from_str(text).map_err(|error| Error::setting(&key_of(&error, text)))?;
    let rules = [
        ("key", is_key(&file.key)),
        ("name", is_line(&file.name, 100)),
        ("product_name", is_line(&file.product_name, 100)),
        ("hosts", !file.hosts.is_empty() && file.hosts.iter().all(|host| is_host(host))),
        ("language", ["nl", "en"].contains(&file.language.as_str())),
        ("base_url", is_base_url(&file.base_url)),
        (
            "sender_address",
            file.sender_address.len() <= 200 && MailAddress::parse(&file.sender_address).is_some(),
        ),
        ("contact.phone", is_line(&file.contact.phone, 50)),
        ("contact.email", is_line(&file.contact.email, 200) && file.contact.email.contains('@')),
        ("contact.hours", is_line(&file.contact.hours, 200)),
        ("contact.care_questions", is_line(&file.contact.care_questions, 300)),
        ("theme.primary", contrast_with_white(&file.theme.primary).is_some_and(|contrast| contrast >= 4.5)),
        (
            "theme.primary_dark",
            contrast_with_white(&file.theme.primary_dark).is_some_and(|contrast| contrast >= 7.0),
        ),
        ("theme.tint", contrast_with_white(&file.theme.tint).is_some_and(|contrast| contrast <= 1.3)),
        // At most ten minutes (OTP-01).
        ("login.code_life_minutes", (1..=10).contains(&file.login.code_life_minutes)),
        (
            "password.min_length",
            usize::try_from(file.password.min_length).is_ok_and(|least| (MIN_LENGTH..=64).contains(&least)),
        ),
        ("login.shown_digits", [0, 4].contains(&file.login.shown_digits)),
        // The number is typed in the step that asks for the code, and only an SMS code goes to a number.
        (
            "login.ask_number",
            !file.login.ask_number || (file.login.ask_code && file.login.medium() == Medium::Sms),
        ),
        ("login.device_life_days", (1..=180).contains(&file.login.device_life_days)),
        ("password.welcome_life_days", (1..=30).contains(&file.password.welcome_life_days)),
        ("password.life_days", (0..=3650).contains(&file.password.life_days)),
        ("password.reset_life_minutes", (10..=1440).contains(&file.password.reset_life_minutes)),
        ("accounts.max_accounts", (0..=100).contains(&file.accounts.max_accounts)),
        ("accounts.extra_accounts", (0..=100).contains(&file.accounts.extra_accounts)),
        ("accounts.invitation_life_days", (1..=60).contains(&file.accounts.invitation_life_days)),
        ("accounts.days_after_care", (8..=365).contains(&file.accounts.days_after_care)),
        ("accounts.days_without_access", (30..=1825).contains(&file.accounts.days_without_access)),
        (
            "terms",
            file.terms.iter().all(|terms| {
                is_key(&terms.entity)
                    && is_line(&terms.title, 200)
                    && terms.version > 0
                    && [&terms.text_nl, &terms.text_en].iter().all(|text| !text.trim().is_empty())
            }),
        ),
        ("levels", file.levels.keys().all(|section| section::of_name(section).is_some())),
        ("menu", file.menu.is_valid()),
        ("start.panels", file.start.is_valid()),
        ("labels", file.labels.iter().all(|(key, words)| is_label_key(key) && is_line(words, 100))),
        // SES-01: the bounds within which an organisation may choose.
        ("session.idle_minutes", (15..=60).contains(&file.session.idle_minutes)),
        ("session.absolute_hours", (1..=24).contains(&file.session.absolute_hours)),
    ];
    if let Some((key, _)) = rules.iter().find(|(_, holds)| !holds) {
        return Err(Error::setting(key));
    }
    Ok(file.into())
}

/// The key of a parser's error: the key quoted in the message, else the key on the line where parsing ended.
fn key_of(error: &::toml::de::Error, text: &str) -> String {
    let message = error.message();
    let names_key = message.starts_with("missing field") || message.starts_with("unknown field");
    if let Some(quoted) = message.split('`').nth(1).filter(|_| names_key) {
        return quoted.to_owned();
    }
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| {
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        text.get(start..).unwrap_or_default().split(['=', '\n']).next().unwrap_or_default().trim()
    });
    line.filter(|key| !key.is_empty()).unwrap_or("file").to_owned()
}

fn is_label_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

fn is_key(key: &str) -> bool {
    (2..=40).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One line of text without control characters: a line break could end a mail header (ASVS 1.3.11).
fn is_line(text: &str, max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control)
}

fn is_host(host: &str) -> bool {
    (1..=253).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}

fn is_base_url(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme))
        && !url.ends_with('/')
        && url.len() <= 200
        && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::ErrorReason;

    use super::*;

    const FILE: &str = include_str!("../../../../deploy/organisations/thuisgenoten.toml");

    /// The key that an error names.
    fn error_key(error: Error) -> String {
        let Error::Fields(fields) = error else { panic!("{error}") };
        assert_eq!(fields[0].reason, ErrorReason::SettingsInvalid);
        fields[0].name.clone()
    }

    #[test]
    fn example_settings_files_are_valid() {
        for file in [
            FILE,
            include_str!("../../../../deploy/organisations/profila.toml"),
            include_str!("../../../../deploy/organisations/vivre.toml"),
            include_str!("../../../../deploy/organisations/hilverzorg.toml"),
            include_str!("../../../../deploy/organisations/rozelaar.toml"),
        ] {
            read(file).unwrap();
        }
        let settings = read(FILE).unwrap();
        assert_eq!(settings.login.unwrap().code_life_seconds, 300, "T17: five minutes");
    }

    #[test]
    fn settings_error_names_its_key() {
        for (right, wrong, key) in [
            ("code_life_minutes = 5", "code_life_minutes = 11", "login.code_life_minutes"),
            ("key = \"thuisgenoten\"", "key = \"Thuis genoten\"", "key"),
            ("key = \"thuisgenoten\"", "", "key"),
            ("key = \"thuisgenoten\"", "key = \"thuisgenoten\"\nshade = 1", "shade"),
            ("second_factor = \"email_each\"", "second_factor = \"none\"", "second_factor"),
            ("code_life_minutes = 5", "code_life_minutes = 5\nask_number = true", "login.ask_number"),
            ("[login]", "[levels]\nkitchen = \"low\"\n[login]", "levels"),
            ("[labels]", "[labels]\nCode = \"x\"", "labels"),
            ("\"start\",", "\"start\", \"kitchen\",", "menu"),
            ("\"start\",", "\"start\", \"start\",", "menu"),
            ("\"start\",", "", "menu"),
            (
                "[[menu.groups]]",
                "[[menu.groups]]\nheading = \"own\"\nitems = [\"account\"]\n[[menu.groups]]\nheading = \"own\"",
                "menu",
            ),
            ("[[menu.groups]]", "[[menu.groups]]\nitems = []\n[[menu.groups]]", "menu"),
            ("behind_button = true", "behind_button = true\ncolour = 1", "colour"),
            ("[[menu.groups]]", "[[menu.groups]]\nheading = \"kitchen\"", "heading"),
            ("tabs = [\"reports\", ", "tabs = [\"kitchen\", ", "menu"),
            ("tabs = [\"reports\", \"care-plans\"]", "tabs = [\"reports\"]", "menu"),
            ("tabs = [\"reports\", ", "tabs = [\"planning\", ", "menu"),
            ("tabs = [\"reports\", \"care-plans\"]", "", "menu"),
            ("[labels]", "[start]\npanels = [\"kitchen\"]\n[labels]", "start.panels"),
            ("[labels]", "[start]\npanels = [\"reports\", \"reports\"]\n[labels]", "start.panels"),
            ("language = \"nl\"", "language = 5", "language"),
        ] {
            assert!(FILE.contains(right), "{right}");
            let error = read(&FILE.replace(right, wrong)).unwrap_err();
            assert_eq!(error_key(error), key, "{wrong}");
        }
    }

    #[test]
    fn theme_with_low_contrast_is_refused() {
        let settings = read(FILE).unwrap();
        let pale = FILE.replace(&settings.theme.unwrap().primary, "#ffcc00");
        assert_eq!(error_key(read(&pale).unwrap_err()), "theme.primary");
    }
}
