//! The rules for every request: HTTPS, security headers, and no write from another site.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    compress::MayCompress,
    cookie,
    edge::{Edge, NoHost},
};

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

/// The layer that reads where a request comes from and goes to, redirects to HTTPS, and adds the security headers to
/// every answer.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let may_compress = is_own_read(request.method(), request.headers());
    let edge = Edge::read(&app.proxies, &request);
    let is_https = edge.as_ref().ok().and_then(|edge| edge.is_https);
    let mut response = match edge {
        Err(NoHost) => StatusCode::BAD_REQUEST.into_response(),
        Ok(edge) if is_https == Some(false) && !edge.is_local() && !is_health(&request) => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let location = HeaderValue::try_from(format!("https://{}{path}", edge.host));
            let location = location.unwrap_or(HeaderValue::from_static("/"));
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
        }
        Ok(edge) => {
            request.extensions_mut().insert(edge);
            next.run(request).await
        }
    };
    if may_compress {
        response.extensions_mut().insert(MayCompress);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_https == Some(true) {
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

fn is_health(request: &Request) -> bool {
    request.uri().path().starts_with("/healthz")
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
pub fn is_same_site(edge: &Edge, method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() || cookie::bearer(headers).is_some() {
        return true;
    }
    if let Some(is_own) = is_of_own_site(headers) {
        return is_own;
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        return origin.to_str().is_ok_and(|origin| edge.is_origin(origin));
    }
    // The request is not from a browser, so it must not carry a cookie, which a browser would have added by
    // itself.
    media_type(headers) == "application/json" && !headers.contains_key(header::COOKIE)
}

/// The media type of a request's body in lower case, without its parameters (RFC 9110 §8.3.1); empty: none is named.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
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
        let edge = |host: &str| Edge { host: host.to_owned(), ..Edge::default() };
        let post = |pairs: &[_]| is_same_site(&edge("a.nl"), &Method::POST, &headers(pairs));
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        assert!(!post(&[("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site")]));
        assert!(post(&[("origin", "https://a.nl")]));
        assert!(!post(&[("origin", "https://b.nl")]));
        assert!(!post(&[("origin", "null")]));
        assert!(!post(&[]));
        assert!(!post(&[("content-type", "text/plain")]));
        assert!(post(&[("content-type", "application/json")]));
        assert!(post(&[("content-type", "Application/JSON ; charset=utf-8")]));
        assert!(!post(&[("content-type", "application/jsonp")]));
        assert!(!post(&[("content-type", "application/json"), ("cookie", "__Host-session=x")]));
        assert!(post(&[("authorization", "Bearer x")]));
        assert!(post(&[("authorization", "bearer  x")]));
        assert!(is_same_site(&edge("a.nl"), &Method::GET, &headers(&[("sec-fetch-site", "cross-site")])));
    }
}
