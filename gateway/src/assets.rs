//! Styles, fonts and scripts, each under a name with its hash; and a style sheet with an organisation's
//! colours.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use proto::identity::v1::Theme;

/// A file that the build put into the binary.
pub struct Asset {
    name: &'static str,
    path: &'static str,
    kind: &'static str,
    content: &'static [u8],
    /// The content, compressed; empty: the content does not get smaller.
    brotli: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The routes that serve the files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/theme/{colours}", get(theme))
        .route("/assets/{file}", get(file))
        .route("/favicon.ico", get(|headers| file(Path(path("favicon.svg").to_owned()), headers)))
}

/// The path of a file, below `/assets/`; empty where there is no such file.
#[must_use]
pub fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.path)
}

/// The path of the style sheet with an organisation's colours. The path holds the colours, so its content
/// never changes.
#[must_use]
pub fn theme_path(theme: &Theme) -> String {
    let plain = |colour: &str| colour.trim_start_matches('#').to_owned();
    format!("theme/{}-{}-{}.css", plain(&theme.primary), plain(&theme.primary_dark), plain(&theme.tint))
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let compressed = [("br", asset.brotli), ("gzip", asset.gzip)];
    let found = compressed.into_iter().find(|(name, content)| !content.is_empty() && accepts(&headers, name));
    let content = found.map_or(asset.content, |(_, content)| content);
    let mut response = immutable_response(asset.kind, content);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some((name, _)) = found {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// Whether the browser takes content in this encoding (RFC 9110, 12.5.3). `*` and preferences do not count: browsers
/// name what they take.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut weighted = accepted.flat_map(crate::accept::weighted);
    weighted.any(|(name, weight)| name.eq_ignore_ascii_case(encoding) && weight > 0.0)
}

async fn theme(Path(colours): Path<String>) -> Response {
    let is_colour = |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let colours: Vec<&str> = colours.strip_suffix(".css").unwrap_or_default().split('-').collect();
    match colours.as_slice() {
        [primary, dark, tint] if [primary, dark, tint].into_iter().all(|colour| is_colour(colour)) => {
            let style =
                format!(":root{{--zp-primary:#{primary};--zp-primary-dark:#{dark};--zp-tint:#{tint}}}");
            immutable_response("text/css; charset=utf-8", style)
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn immutable_response(kind: &'static str, content: impl IntoResponse) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}
