//! The browser behind a request: its address, its name and its device tokens.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::{cookie, edge::Edge};

/// A browser, or a program that uses the JSON.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// The IP address that the request comes from.
    pub address: String,
    /// Its name for people, such as "Firefox, Windows"; empty where `User-Agent` names no known browser.
    pub name: String,
    /// The device tokens of earlier logins, as the cookie or the header holds them; empty: none.
    pub device_token: String,
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<Edge>().and_then(|edge| edge.address);
        let device = cookie::read(&parts.headers, cookie::DEVICE);
        let device = device.or_else(|| Some(parts.headers.get("x-device-token")?.to_str().ok()?.to_owned()));
        Ok(Self {
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            name: name_of(&parts.headers),
            device_token: device.unwrap_or_default(),
        })
    }
}

/// The name of a browser and its system, as its owner knows them. In each list the first match in
/// `User-Agent` counts.
fn name_of(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // `User-Agent` also names other browsers (Edge names Chrome and Safari): the most specific comes first.
    let browser = first(&[
        ("Edg", "Edge"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn browser_name_is_read_from_the_user_agent() {
        let name = |agent: &'static str| {
            name_of(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]))
        };
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Safari/604";
        assert_eq!(name(safari), "Safari, iPhone");
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/130 Safari/537 Edg/130";
        assert_eq!(name(edge), "Edge, Windows");
        assert_eq!(
            name("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
            "Firefox, Linux"
        );
        assert_eq!(name("curl/8"), "");
    }
}
