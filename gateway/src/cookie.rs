//! The gateway's cookies: every name, and how cookies are made, read and removed (SES-02).

use axum::http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, COOKIE},
};
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chassis::proof;

use crate::i18n::{BothLanguages, Language, has_word};

/// The session token.
pub const SESSION: &str = "__Host-session";
/// The token of a login that is under way.
pub const LOGIN: &str = "__Host-login";
/// The device tokens of up to [`MAX_DEVICES`] accounts, by which later logins know the browser.
pub const DEVICE: &str = "__Host-device";
/// The proof of a step-up, which is valid for five minutes.
pub const PROOF: &str = "__Host-proof";
/// The organisation that the person typed, on a host that serves several organisations.
pub const ORGANISATION: &str = "__Host-organisation";
/// The language that the person chose in this browser.
pub const LANGUAGE: &str = "__Host-language";
/// The message that the next page shows: see [`Flash`].
pub const FLASH: &str = "__Host-flash";

/// How many accounts' device tokens one browser keeps: a couple may share a tablet.
const MAX_DEVICES: usize = 5;
/// Separates the tokens in [`DEVICE`], and the key from the name in [`FLASH`].
const SEPARATOR: char = '~';

/// A cookie for this host alone, unreadable for scripts, gone when the browser closes.
#[must_use]
pub fn make(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

/// A cookie that removes the cookie with this name.
#[must_use]
pub fn removal(name: &'static str) -> Cookie<'static> {
    let mut cookie = make(name, String::new());
    cookie.make_removal();
    cookie
}

/// The value of a cookie that a request brings.
#[must_use]
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    // As bytes and pair by pair: a cookie of somebody else may hold anything (RFC 6265 §5.4), and must cost nobody the
    // session.
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let mut pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let value = pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    str::from_utf8(value).ok().map(str::to_owned)
}

/// A message that one page shows, once.
#[derive(Debug, PartialEq, Eq)]
pub struct Flash {
    /// The Fluent key of the message, after `flash-`.
    pub word: String,
    /// The name of the person whom the message is about; empty: about nobody.
    pub name: String,
}

impl Flash {
    /// Reads the cookie's value; `None` where no message has such a key, because a stranger may have made the cookie.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let value = read(headers, FLASH)?;
        let (word, name) = value.split_once(SEPARATOR).unwrap_or((&value, ""));
        let name = BASE64_URL_SAFE_NO_PAD.decode(name).ok().and_then(|name| String::from_utf8(name).ok())?;
        let key = format!("flash-{word}");
        // A message about a person is no message without the name.
        let is_known = if name.is_empty() {
            BothLanguages::of_nobody().of(Language::default()).knows(&key)
        } else {
            has_word(Language::default().code(), &key)
        };
        is_known.then(|| Self { word: word.to_owned(), name })
    }
}

/// The cookie that makes the next page show the message with this Fluent key.
#[must_use]
pub fn flash(word: &str) -> Cookie<'static> {
    make(FLASH, word.to_owned())
}

/// The same for a message about a person.
#[must_use]
pub fn flash_about(word: &str, name: &str) -> Cookie<'static> {
    make(FLASH, format!("{word}{SEPARATOR}{}", BASE64_URL_SAFE_NO_PAD.encode(name)))
}

/// The cookie with the proof of a step-up. It goes with the proof's life, so that a page knows whether to ask for a
/// step-up first.
#[must_use]
pub fn proof(text: String) -> Cookie<'static> {
    let mut cookie = make(PROOF, text);
    cookie.set_max_age(time::Duration::seconds(proof::LIFE.as_secs()));
    cookie
}

/// The cookie that keeps a device remembered for some days. `former` is the cookie's value so far: the tokens
/// of other accounts stay in the cookie.
#[must_use]
pub fn device(token: &str, former: &str, days: i32) -> Cookie<'static> {
    let others = former.split(SEPARATOR).filter(|other| !other.is_empty() && *other != token);
    let all: Vec<&str> = std::iter::once(token).chain(others).take(MAX_DEVICES).collect();
    let mut cookie = make(DEVICE, all.join(&SEPARATOR.to_string()));
    cookie.set_max_age(time::Duration::days(i64::from(days)));
    cookie
}

/// The session token of a request: a bearer token, or the session cookie.
#[must_use]
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    bearer(headers).or_else(|| read(headers, SESSION))
}

/// The bearer token of a request.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    chassis::token::bearer(headers.get(AUTHORIZATION)?.to_str().ok()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_cookie_costs_nobody_the_session() {
        for line in [
            &b"__Host-session=x"[..],
            b"a=caf\xe9; __Host-session=x",
            b"a=\xff\xfe;__Host-session=x;b",
            b"; ;=; __Host-session=x",
            b"x__Host-session=y; __Host-session=x",
            b"__Host-session2=y; __Host-session=x; __Host-session=z",
        ] {
            let line = HeaderValue::from_bytes(line).unwrap();
            let headers = HeaderMap::from_iter([(COOKIE, line.clone())]);
            assert_eq!(read(&headers, SESSION).as_deref(), Some("x"), "{line:?}");
        }
        let mut headers = HeaderMap::new();
        for line in ["a=b", "__Host-session=x"] {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(read(&headers, SESSION).as_deref(), Some("x"), "HTTP/2 may send one line per cookie");
    }

    #[test]
    fn a_bearer_token_is_read_as_the_rfc_says() {
        for (line, token) in [
            ("Bearer x", Some("x")),
            ("bearer x", Some("x")),
            ("BEARER  x ", Some("x")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic x", None),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(line))]);
            assert_eq!(bearer(&headers).as_deref(), token, "{line}");
        }
    }
}
