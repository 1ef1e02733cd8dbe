//! What a connection, its proxies and the request line say of a request: the host, the visitor's address and whether
//! the visitor uses HTTPS. Read once per request, so that every part of the gateway sees the same.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts, uri::Authority},
};
use chassis::telemetry::Trace;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The networks of the proxies whose forwarded headers are trusted.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// The settings have a proxy that is neither an address nor a network.
#[derive(Debug, thiserror::Error)]
#[error("trusted_proxies: {0} is neither an address nor a network, such as 10.0.0.1 or 10.0.0.0/8")]
pub struct ProxyError(String);

impl Proxies {
    /// The networks with these texts: addresses, or networks in CIDR form.
    ///
    /// # Errors
    /// Where a text is neither; the error names the text.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, ProxyError> {
        let network = |text: &str| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| address()).map_err(|_| ProxyError(text.to_owned()))
        };
        texts.iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no proxy is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is that of a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Vec::<String>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Where a request comes from and where it goes.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// The host that the request asks for: in lower case, without a final point, with a port that is not the scheme's
    /// own.
    pub host: String,
    /// The visitor's address: the peer, or the address that the last trusted proxy saw (ATT-09); `None` in tests
    /// without a connection.
    pub address: Option<IpAddr>,
    /// Whether a trusted proxy reports that the visitor uses HTTPS; `None`: no trusted proxy reports anything.
    pub is_https: Option<bool>,
    /// Whether the peer is a trusted proxy.
    pub is_proxied: bool,
}

/// The request names no host, or more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHost;

impl Edge {
    /// Reads a request.
    ///
    /// # Errors
    /// [`NoHost`] where the request names no host, two hosts, or something that is no host (RFC 9112 §3.2, RFC 9113
    /// §8.3.1).
    pub fn read(proxies: &Proxies, request: &Request) -> Result<Self, NoHost> {
        let peer =
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let (address, is_https) = forwarded(proxies, peer, request.headers());
        let is_proxied = peer.is_some_and(|peer| proxies.trust(peer));
        Ok(Self { host: host(request.uri(), request.headers())?, address, is_https, is_proxied })
    }

    /// The host without its port.
    #[must_use]
    pub fn host_name(&self) -> &str {
        without_port(&self.host)
    }

    /// Whether the host is a name of this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let name = self.host_name();
        matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
    }

    /// Whether an `Origin` header names this host.
    #[must_use]
    pub fn is_origin(&self, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let is_secure = scheme.eq_ignore_ascii_case("https");
        let host = authority.parse().ok().and_then(|authority| plain_host(&authority));
        // Nobody can change what an HTTPS page sends; a page over HTTP may come from anybody on the way.
        host.as_deref() == Some(&*self.host) && (is_secure || self.is_https != Some(true))
    }

    /// The trace of a request. It begins here: an id from outside is only linked to, so that nobody chooses the id under
    /// which we log and audit (ATT-09). A trusted proxy decides whether the trace is kept.
    #[must_use]
    pub fn trace(&self, headers: &HeaderMap) -> Trace {
        Trace::of_stranger(headers, self.is_proxied)
    }
}

impl<S: Sync> FromRequestParts<S> for Edge {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

fn host(uri: &Uri, headers: &HeaderMap) -> Result<String, NoHost> {
    let mut named = headers.get_all(header::HOST).iter();
    let by_header = match (named.next(), named.next()) {
        (None, _) => None,
        (Some(host), None) => Some(Authority::try_from(host.as_bytes()).map_err(|_| NoHost)?),
        (Some(_), Some(_)) => return Err(NoHost),
    };
    let by_header = by_header.map(|host| plain_host(&host).ok_or(NoHost)).transpose()?;
    let by_uri = uri.authority().map(|host| plain_host(host).ok_or(NoHost)).transpose()?;
    match (by_uri, by_header) {
        (Some(by_uri), Some(by_header)) if by_uri != by_header => Err(NoHost),
        (by_uri, by_header) => by_uri.or(by_header).ok_or(NoHost),
    }
}

/// The host of an authority in the form in which hosts are compared; `None` where it is no host.
fn plain_host(authority: &Authority) -> Option<String> {
    let text = authority.as_str().to_ascii_lowercase();
    let port = authority.port_u16().filter(|port| ![80, 443].contains(port));
    let name = without_port(&text);
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    let is_valid = !name.is_empty() && text.bytes().all(is_host);
    is_valid.then(|| port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

/// The visitor's address and scheme. The lists of proxies are read from the right: each trusted proxy added the
/// address that it saw and, where it says anything, the scheme.
fn forwarded(proxies: &Proxies, peer: Option<IpAddr>, headers: &HeaderMap) -> (Option<IpAddr>, Option<bool>) {
    let Some(mut address) = peer else { return (None, None) };
    if !proxies.trust(address) {
        return (peer, None);
    }
    let (mut addresses, mut schemes) = (list(headers, &FORWARDED_FOR), list(headers, &FORWARDED_PROTO));
    let mut scheme = None;
    while proxies.trust(address) {
        scheme = schemes.pop().or(scheme);
        let Some(previous) = addresses.pop().and_then(address_of) else { break };
        address = previous;
    }
    // Proxies that name schemes but no addresses: the first scheme is the visitor's.
    if addresses.is_empty() && proxies.trust(address) {
        scheme = schemes.first().copied().or(scheme);
    }
    (Some(address), scheme.map(|scheme| scheme.eq_ignore_ascii_case("https")))
}

/// The entries of a header that is a list, over all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    // As bytes: what a visitor puts before a proxy's entry must not hide the entry.
    let lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let entries = lines.flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    entries.filter(|entry| !entry.is_empty()).map(|entry| str::from_utf8(entry).unwrap_or("?")).collect()
}

/// The address in an entry, which may have a port.
fn address_of(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches('"');
    let bare = entry.trim_start_matches('[').split(']').next()?;
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
