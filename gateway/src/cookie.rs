//! The gateway's cookies: every name, and how cookies are made, read and removed (SES-02).

use axum::http::{HeaderMap, header::AUTHORIZATION};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

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
/// The Fluent key of the message that the next page shows.
pub const FLASH: &str = "__Host-flash";

/// How many accounts' device tokens one browser keeps: a couple may share a tablet.
const MAX_DEVICES: usize = 5;
/// Separates the tokens in [`DEVICE`].
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
    CookieJar::from_headers(headers).get(name).map(|cookie| cookie.value().to_owned())
}

/// The cookie that makes the next page show the message with this Fluent key.
#[must_use]
pub fn flash(word: &str) -> Cookie<'static> {
    make(FLASH, word.to_owned())
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
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::to_owned)
}
