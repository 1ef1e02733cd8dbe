//! The gateway's cookies: every name, and how cookies are made, read and removed (SES-02).

use axum::http::{HeaderMap, header::AUTHORIZATION};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

/// The session's token.
pub const SESSION: &str = "__Host-session";
/// The token of a login that is under way.
pub const LOGIN: &str = "__Host-login";
/// The tokens by which a browser is known, of up to [`DEVICES`] accounts.
pub const DEVICE: &str = "__Host-device";
/// The proof of a step-up, for its five minutes.
pub const PROOF: &str = "__Host-proof";
/// The organisation whose name was typed, where the host is of several organisations.
pub const ORGANISATION: &str = "__Host-organisation";
/// The language that was chosen in this browser.
pub const LANGUAGE: &str = "__Host-language";
/// The key of a message for the next page.
pub const FLASH: &str = "__Host-flash";

/// How many accounts' devices one browser keeps: a couple shares a tablet.
const DEVICES: usize = 5;
/// What stands between the tokens in [`DEVICE`].
const BETWEEN: char = '~';

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

/// A message for the next page, by the key of its words.
#[must_use]
pub fn flash(word: &str) -> Cookie<'static> {
    make(FLASH, word.to_owned())
}

/// The cookie that makes a browser known for some days. `others` is the cookie's value so far: tokens of other accounts
/// stay in it.
#[must_use]
pub fn device(token: &str, others: &str, days: i32) -> Cookie<'static> {
    let others = others.split(BETWEEN).filter(|other| !other.is_empty() && *other != token);
    let all: Vec<&str> = std::iter::once(token).chain(others).take(DEVICES).collect();
    let mut cookie = make(DEVICE, all.join(&BETWEEN.to_string()));
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
