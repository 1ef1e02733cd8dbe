//! What is known of who asks, beside the session: where from, with what, and as which device.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{app::App, cookie, security};

/// A browser, or a program.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Where it asks from.
    pub address: String,
    /// What it is called, such as "Firefox, Windows"; empty where it does not say.
    pub name: String,
    /// What it keeps of an earlier login; empty: nothing.
    pub device_token: String,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let device = cookie::read(&parts.headers, cookie::DEVICE);
        let device = device.or_else(|| Some(parts.headers.get("x-device-token")?.to_str().ok()?.to_owned()));
        Ok(Self {
            address: security::address(&app.trusted_proxies, peer, &parts.headers),
            name: name_of(&parts.headers),
            device_token: device.unwrap_or_default(),
        })
    }
}

/// What a browser is called, in words for its owner: the first of each that its name for itself holds.
fn name_of(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // Every browser also claims to be others: the order tells.
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
    fn a_browser_is_called_by_what_its_owner_knows() {
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
