//! E-mail addresses: one judge for registration, change and sending, so that what is accepted can be sent.

use idna::domain_to_ascii_strict;
use lettre::Address;

use crate::typed;

/// The longest address, in characters (RFC 5321 §4.5.3.1.3: 256 with its brackets).
const MAX_ADDRESS: usize = 254;
/// The longest part before the at sign, in characters (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The characters of an unquoted part before the at sign besides letters and digits (RFC 5322 §3.2.3).
const ATEXT: &str = "!#$%&'*+/=?^_`{|}~-.";

/// An e-mail address that a mail server without extensions accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress {
    typed: String,
    ascii: Address,
}

impl MailAddress {
    /// Reads an address as a person typed or pasted it. `None` where no mail server could ever deliver to it: the part
    /// before the at sign is ASCII without quotes, and the domain has a name that DNS can hold. Only the mail server
    /// knows whether the mailbox exists.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed::word(typed);
        let typed = typed.strip_prefix("mailto:").unwrap_or(&typed);
        let (local, domain) = typed.rsplit_once('@')?;
        let is_local = !local.is_empty()
            && local.len() <= MAX_LOCAL
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_ascii_alphanumeric() || ATEXT.contains(c));
        // Domains of one label and addresses of hosts are not on the internet.
        let domain = domain_to_ascii_strict(domain).ok().filter(|domain| domain.contains('.'))?;
        let is_number = domain.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
        let ascii = Address::new(local, &domain).ok()?;
        let fits = AsRef::<str>::as_ref(&ascii).len() <= MAX_ADDRESS;
        (is_local && !is_number && fits).then(|| Self { typed: typed.to_owned(), ascii })
    }

    /// The address as people write it, with the letters of its domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The address as it is sent to: the domain in its ASCII form (RFC 5890).
    #[must_use]
    pub fn for_sending(&self) -> Address {
        self.ascii.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_can_be_sent() {
        let long = "a".repeat(64);
        for (typed, sent) in [
            ("jan@voorbeeld.nl", "jan@voorbeeld.nl"),
            (" Jan.de-Vries+zorg@Voorbeeld.NL ", "Jan.de-Vries+zorg@voorbeeld.nl"),
            ("o'brien@voorbeeld.nl", "o'brien@voorbeeld.nl"),
            ("jan@zorg-münchen.nl", "jan@xn--zorg-mnchen-yhb.nl"),
            ("jan@mail.voorbeeld.museum", "jan@mail.voorbeeld.museum"),
            ("mailto:jan@voorbeeld.nl", "jan@voorbeeld.nl"),
            ("jan\u{200b}@voorbeeld.nl\u{feff}", "jan@voorbeeld.nl"),
            ("\u{202a}jan@voorbeeld.nl\u{202c}", "jan@voorbeeld.nl"),
            ("ｊａｎ＠voorbeeld.nl", "jan@voorbeeld.nl"),
            (&format!("{long}@voorbeeld.nl"), &format!("{long}@voorbeeld.nl")),
        ] {
            let address = MailAddress::parse(typed).map(|address| address.for_sending().to_string());
            assert_eq!(address.as_deref(), Some(sent), "{typed}");
        }
        assert_eq!(MailAddress::parse("jan@zorg-münchen.nl").unwrap().as_str(), "jan@zorg-münchen.nl");
    }

    #[test]
    fn what_can_never_be_sent_is_refused() {
        for typed in [
            "",
            "jan",
            "jan@",
            "@x.nl",
            "a@b@c.nl",
            "jan@x.nl\r\nBcc: y@z.nl",
            "a@x.nl,b@x.nl",
            "a b@x.nl",
            "jan..dots@voorbeeld.nl",
            ".jan@voorbeeld.nl",
            "jan.@voorbeeld.nl",
            "jan[1]@voorbeeld.nl",
            "jan@-zorg.nl",
            "jan@zorg-.nl",
            "jan@voorbeeld..nl",
            "jan@.nl",
            "jan@voorbeeld.nl.",
            "jan@voorbeeld",
            "jan@127.0.0.1",
            "jan@[127.0.0.1]",
            "jan@vo_or.nl",
            "jörg@voorbeeld.nl",
            "\"jan\"@voorbeeld.nl",
            "jan <jan@voorbeeld.nl>",
            "jan\0@voorbeeld.nl",
            &format!("{}@voorbeeld.nl", "a".repeat(65)),
            &format!("jan@{}.nl", "a".repeat(64)),
            &format!("jan@{}nl", "voorbeeld.".repeat(26)),
        ] {
            assert_eq!(MailAddress::parse(typed), None, "{typed}");
        }
    }
}
