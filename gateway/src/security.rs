//! The rules for every request: HTTPS, security headers, and no write from another site.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use chassis::telemetry::Trace;

use crate::{app::App, compress::MayCompress, cookie};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// The layer that redirects to HTTPS and adds the security headers to every answer.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let peer = peer(request.extensions());
    let secure = is_forwarded_https(&app.trusted_proxies, peer, request.headers());
    let host = host(request.headers());
    let may_compress = is_own_read(request.method(), request.headers());
    let mut response =
        if secure == Some(false) && !is_local(&host) && !request.uri().path().starts_with("/healthz") {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let location = HeaderValue::try_from(format!("https://{host}{path}"));
            let location = location.unwrap_or(HeaderValue::from_static("/"));
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
        } else {
            next.run(request).await
        };
    if may_compress {
        response.extensions_mut().insert(MayCompress);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure == Some(true) {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The IP address at the other end of the connection: a browser's or a proxy's.
#[must_use]
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

/// The trace of a request. Whether it is kept is decided by a trusted proxy, or here.
#[must_use]
pub fn trace(trusted: &[IpAddr], request: &Request) -> Trace {
    let peer = peer(request.extensions());
    match peer {
        Some(peer) if trusted.contains(&peer) => Trace::of_headers(request.headers()),
        _ => Trace::of_headers(request.headers()).decided_here(),
    }
}

/// Whether a trusted proxy reports that the browser uses HTTPS; `None`: no trusted proxy reports anything.
fn is_forwarded_https(trusted: &[IpAddr], peer: Option<IpAddr>, headers: &HeaderMap) -> Option<bool> {
    peer.filter(|peer| trusted.contains(peer))?;
    Some(headers.get("x-forwarded-proto")?.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// The IP address that a request came from: the peer, or the address that trusted proxies report in
/// `X-Forwarded-For`. The list is read from its end, as long as a trusted proxy added the entry; entries of
/// others do not count (ATT-09).
#[must_use]
pub fn address(trusted: &[IpAddr], peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    let Some(mut address) = peer else { return String::new() };
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    while trusted.contains(&address) {
        let Some(Ok(previous)) = forwarded.pop().map(str::parse) else { break };
        address = previous;
    }
    address.to_string()
}

/// The host that the request asks for, with its port; empty where it has a character that no host has.
#[must_use]
pub fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_valid = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if is_valid { host.to_owned() } else { String::new() }
}

fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name == "127.0.0.1" || name == "[::1]" || name.ends_with(".localhost")
}

/// Whether a request reads, and no other site has chosen what it sends: it comes from our own pages, was typed by the
/// person, or carries its credential itself.
fn is_own_read(method: &Method, headers: &HeaderMap) -> bool {
    method.is_safe() && (is_of_own_site(headers) == Some(true) || cookie::bearer(headers).is_some())
}

/// Whether the browser says that our own pages or the person caused the request, and no other site; `None`: the
/// browser does not say.
fn is_of_own_site(headers: &HeaderMap) -> Option<bool> {
    headers.get("sec-fetch-site").map(|site| site == "same-origin" || site == "none")
}

/// Whether a request may change something: it comes from our own pages, or it carries its credential itself
/// (ATT-03).
///
/// A browser sends `Sec-Fetch-Site` or `Origin` with every write, and a page of another site cannot forge
/// them. Nor can that page set an `Authorization` header or a JSON content type without a CORS preflight,
/// which is refused.
#[must_use]
pub fn is_same_site(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() || cookie::bearer(headers).is_some() {
        return true;
    }
    if let Some(is_own) = is_of_own_site(headers) {
        return is_own;
    }
    if let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) {
        let (_, origin) = origin.split_once("://").unwrap_or_default();
        return !origin.is_empty() && origin.eq_ignore_ascii_case(&host(headers));
    }
    // The request is not from a browser, so it must not carry a cookie, which a browser would have added by
    // itself.
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    json && !headers.contains_key(header::COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn write_from_another_site_is_seen_by_each_header() {
        let post = |pairs: &[_]| is_same_site(&Method::POST, &headers(pairs));
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        assert!(!post(&[("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site")]));
        assert!(post(&[("host", "a.nl:8080"), ("origin", "http://a.nl:8080")]));
        assert!(!post(&[("host", "a.nl"), ("origin", "https://b.nl")]));
        assert!(!post(&[("host", "a.nl"), ("origin", "null")]));
        assert!(!post(&[]));
        assert!(!post(&[("content-type", "text/plain")]));
        assert!(post(&[("content-type", "application/json")]));
        assert!(!post(&[("content-type", "application/json"), ("cookie", "__Host-session=x")]));
        assert!(post(&[("authorization", "Bearer x")]));
        assert!(is_same_site(&Method::GET, &headers(&[("sec-fetch-site", "cross-site")])));
    }

    #[test]
    fn an_address_is_what_the_last_trusted_proxy_saw() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let forwarded = headers(&[("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.2")]);
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(address(&proxies, Some(ip("10.0.0.1")), &forwarded), "192.0.2.7");
        assert_eq!(
            address(&proxies, Some(ip("203.0.113.9")), &forwarded),
            "203.0.113.9",
            "a stranger's claim"
        );
        assert_eq!(address(&[], Some(ip("10.0.0.1")), &forwarded), "10.0.0.1");
        let broken = headers(&[("x-forwarded-for", "x")]);
        assert_eq!(address(&proxies, Some(ip("10.0.0.1")), &broken), "10.0.0.1");
    }

    #[test]
    fn only_a_trusted_proxy_may_report_https() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let stranger: IpAddr = "10.0.0.2".parse().unwrap();
        let forwarded = headers(&[("x-forwarded-proto", "http")]);
        assert_eq!(is_forwarded_https(&[proxy], Some(proxy), &forwarded), Some(false));
        assert_eq!(is_forwarded_https(&[proxy], Some(stranger), &forwarded), None);
        assert_eq!(is_forwarded_https(&[], Some(proxy), &forwarded), None);
    }
}
