//! Every route, as page and as JSON, without a session and with one (ATT-01, ATT-03, ATT-10, ATT-14).

use axum::http::Method;
use chassis::config::Environment;
use proto::SERVICES;
use serde_json::Value;

use crate::{
    html,
    support::{Answer, HOSTILE, OTHER_CLIENT, Portal, TOKEN, gateway},
};

/// What a request needs to get an answer from a route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// A login under way.
    Login,
    Session,
}

/// Every route. A test compares this list with the routes in the code.
const ROUTES: [(&str, &str, Needs); 58] = [
    ("GET", "", Needs::Session),
    ("POST", "/language", Needs::Nothing),
    ("GET", "/login", Needs::Nothing),
    ("POST", "/login", Needs::Nothing),
    ("GET", "/login/code", Needs::Login),
    ("POST", "/login/code", Needs::Login),
    ("POST", "/login/code/send", Needs::Login),
    ("POST", "/login/code/resend", Needs::Login),
    ("GET", "/login/device", Needs::Login),
    ("POST", "/login/device", Needs::Login),
    ("GET", "/login/password", Needs::Login),
    ("POST", "/login/password", Needs::Login),
    ("GET", "/login/terms", Needs::Login),
    ("POST", "/login/terms", Needs::Login),
    ("GET", "/login/invitation", Needs::Login),
    ("POST", "/login/invitation", Needs::Login),
    ("POST", "/login/invitation/decline", Needs::Login),
    ("GET", "/logout", Needs::Nothing),
    ("POST", "/logout", Needs::Nothing),
    ("GET", "/password/forgotten", Needs::Nothing),
    ("POST", "/password/forgotten", Needs::Nothing),
    ("GET", "/password/reset/{token}", Needs::Nothing),
    ("POST", "/password/reset/{token}", Needs::Nothing),
    ("GET", "/impersonate/{token}", Needs::Nothing),
    ("POST", "/impersonate/{token}", Needs::Nothing),
    ("GET", "/terms", Needs::Nothing),
    ("GET", "/step-up", Needs::Session),
    ("POST", "/step-up", Needs::Session),
    ("POST", "/step-up/send", Needs::Session),
    ("GET", "/session", Needs::Session),
    ("POST", "/session", Needs::Session),
    ("GET", "/clients", Needs::Session),
    ("POST", "/clients/{id}/select", Needs::Session),
    ("GET", "/account", Needs::Session),
    ("GET", "/account/password", Needs::Session),
    ("POST", "/account/password", Needs::Session),
    ("GET", "/account/{contact}", Needs::Session),
    ("POST", "/account/{contact}", Needs::Session),
    ("POST", "/account/{contact}/confirm", Needs::Session),
    ("GET", "/account/security", Needs::Session),
    ("POST", "/account/security/sessions/end", Needs::Session),
    ("POST", "/account/security/devices/forget", Needs::Session),
    ("GET", "/account/preferences", Needs::Session),
    ("POST", "/account/preferences", Needs::Session),
    ("GET", "/access", Needs::Session),
    ("GET", "/users", Needs::Session),
    ("GET", "/users/new", Needs::Session),
    ("POST", "/users/new", Needs::Session),
    ("GET", "/users/{id}", Needs::Session),
    ("POST", "/users/{id}", Needs::Session),
    ("GET", "/users/{id}/end", Needs::Session),
    ("POST", "/users/{id}/end", Needs::Session),
    ("POST", "/users/{id}/resend", Needs::Session),
    ("GET", "/reports/new", Needs::Session),
    ("POST", "/reports/new", Needs::Session),
    ("GET", "/timeline", Needs::Session),
    ("GET", "/healthz/live", Needs::Nothing),
    ("GET", "/healthz/ready", Needs::Nothing),
];

/// The routes that are both page and JSON.
fn pages() -> impl Iterator<Item = (Method, &'static str, Needs)> {
    let pages = ROUTES.iter().filter(|(_, path, _)| !path.starts_with("/healthz"));
    let pages = pages.map(|(method, path, needs)| (method.parse().unwrap(), *path, *needs));
    // Each kind of record has a list and a page of one record.
    let of_kind = testkit::records::sections().flat_map(|section| {
        let list = format!("/{}", chassis::section::name(section));
        [format!("{list}/{{id}}"), list]
    });
    pages.chain(of_kind.map(|path| (Method::GET, &*path.leak(), Needs::Session)))
}

/// The path of a page, as a browser asks for it.
fn page_path(path: &str) -> String {
    if path.is_empty() { "/".to_owned() } else { with_examples(path) }
}

/// A path with example values for its parameters.
fn with_examples(path: &str) -> String {
    path.replace("{id}", "x").replace("{token}", "t").replace("{contact}", "email")
}

fn has_headers(answer: &Answer, what: &str) {
    for header in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "permissions-policy",
    ] {
        assert!(answer.headers.contains_key(header), "{what}: {header}");
    }
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-"), "{what}: {cookie}");
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{what}: {cookie}");
        }
    }
}

/// Checks a page, with a session or without.
fn is_sound_page(answer: &Answer, what: &str) {
    has_headers(answer, what);
    assert!(answer.status < 500, "{what}: {answer:?}");
    if answer.status == 303 {
        let location = answer.header("location");
        assert!(location.starts_with('/') && !location.starts_with("//"), "{what}: {answer:?}");
    } else {
        assert!(answer.header("content-type").starts_with("text/html"), "{what}: {answer:?}");
        assert_eq!(html::faults(&answer.text), Vec::<String>::new(), "{what}");
    }
}

/// Checks a JSON answer, with a session or without.
fn is_sound_document(answer: &Answer, what: &str) {
    has_headers(answer, what);
    assert!(answer.status < 500, "{what}: {answer:?}");
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{what}: {answer:?}"));
    if answer.status == 200 {
        assert_eq!(answer.header("content-type"), "application/json", "{what}");
    } else {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        assert_eq!(body["status"], answer.status, "{what}");
        assert!(!body["title"].as_str().unwrap().is_empty(), "{what}");
        assert!(!body["reason"].as_str().unwrap().is_empty(), "{what}");
    }
}

#[test]
fn every_documented_route_is_tested_here() {
    let document: Value = serde_json::from_str(&gateway::openapi().to_json().unwrap()).unwrap();
    let mut documented = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            documented.push((method.to_uppercase(), path.trim_start_matches("/api/v1").to_owned()));
        }
    }
    let mut listed: Vec<_> = pages().map(|(method, path, _)| (method.to_string(), path.to_owned())).collect();
    documented.sort();
    listed.sort();
    assert_eq!(documented, listed);
}

#[tokio::test]
async fn without_a_session_all_but_open_pages_ask_for_a_login() {
    let portal = Portal::start().await;
    for session in [None, Some("an-ended-session")] {
        for (method, path, needs) in pages() {
            let what = format!("{method} {path} with {session:?}");
            let page = portal.ask(&method, &page_path(path), session).await;
            is_sound_page(&page, &what);
            let document = portal.ask(&method, &format!("/api/v1{}", with_examples(path)), session).await;
            is_sound_document(&document, &what);
            if needs == Needs::Session || needs == Needs::Login {
                assert_eq!(page.status, 303, "{what}: {page:?}");
                assert!(page.header("location").starts_with("/login"), "{what}: {page:?}");
                assert_eq!(document.status, 401, "{what}: {document:?}");
            } else {
                assert!(!document.text.contains("TOKEN_REFUSED"), "{what}: {document:?}");
            }
        }
    }
    assert_eq!(portal.dossier.take_calls(), Vec::<String>::new(), "the dossier was never called");
}

#[tokio::test]
async fn every_page_of_a_session_escapes_hostile_text() {
    let portal = Portal::start().await;
    let mut hostile = 0;
    for (method, path, needs) in pages().filter(|(_, path, _)| *path != "/logout") {
        let what = format!("{method} {path}");
        let page = portal.ask(&method, &page_path(path), Some(TOKEN)).await;
        is_sound_page(&page, &what);
        let document = portal.ask(&method, &format!("/api/v1{}", with_examples(path)), Some(TOKEN)).await;
        is_sound_document(&document, &what);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "{what}");
        if needs == Needs::Session && method == Method::GET {
            assert_eq!(document.status, 200, "{what}: {document:?}");
            if path == "/session" {
                continue;
            }
            assert_eq!(page.status, 200, "{what}: {page:?}");
            assert!(page.text.contains("&lt;script&gt;") || page.text.contains("&#60;script&#62;"), "{what}");
            hostile += usize::from(document.text.contains(&serde_json::to_string(HOSTILE).unwrap()));
        }
    }
    let banner = portal.ask(&Method::GET, "/reports", Some(OTHER_CLIENT)).await;
    assert!(
        banner.text.contains("zp-bar--alert") && !banner.text.contains("<script>alert"),
        "{}",
        banner.text
    );
    for path in ["/account/email", "/account/password", "/users/new", "/step-up"] {
        let refused = portal.ask(&Method::GET, path, Some(OTHER_CLIENT)).await;
        assert_eq!(refused.status, 403, "R60: {path}");
        assert!(refused.text.contains("Dit kan alleen de persoon zelf doen."), "{}", refused.text);
    }
    assert!(hostile >= 8, "only {hostile} JSON answers have the hostile text unchanged");
}

#[tokio::test]
async fn every_step_of_a_login_answers_with_a_sound_page() {
    let portal = Portal::start().await;
    for (method, path, _) in pages().filter(|(.., needs)| *needs == Needs::Login) {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let attempt = format!("__Host-login={}", path.rsplit('/').next().unwrap());
        let headers = [form, ("sec-fetch-site", "same-origin"), ("cookie", attempt.as_str())];
        let page = portal.ask_with(&method, path, None, &headers, "").await;
        is_sound_page(&page, path);
        assert!(!page.text.contains("<script>alert"), "{path}");
        if method == Method::GET {
            assert_eq!(page.status, 200, "{path}: {page:?}");
        }
    }
}

#[tokio::test]
async fn a_page_calls_each_service_at_most_once() {
    let portal = Portal::start().await;
    portal.ask(&Method::GET, "/reports", Some(TOKEN)).await;
    for (method, path, _) in pages().filter(|(method, path, needs)| {
        *method == Method::GET && *needs == Needs::Session && *path != "/logout"
    }) {
        portal.identity.take_calls();
        portal.dossier.take_calls();
        portal.ask(&method, &page_path(path), Some(TOKEN)).await;
        let (identity, dossier) = (portal.identity.take_calls(), portal.dossier.take_calls());
        // One call for the session, one for the page; the page of sessions and devices needs two.
        let most = if path == "/account/security" { 3 } else { 2 };
        assert!(identity.len() <= most, "{path}: {identity:?}");
        // The start page calls once for each of its panels: each section has its own right and its own record.
        let methods: std::collections::HashSet<_> = dossier.iter().collect();
        let is_start = path.is_empty();
        assert!(dossier.len() <= 1 || (is_start && methods.len() == dossier.len()), "{path}: {dossier:?}");
    }
}

#[tokio::test]
async fn no_write_is_taken_from_another_site() {
    let portal = Portal::start().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, path, _) in pages().filter(|(method, ..)| *method == Method::POST) {
        for from_elsewhere in [
            &[form, ("sec-fetch-site", "cross-site")][..],
            &[form, ("sec-fetch-site", "same-site")],
            &[form, ("origin", "https://elsewhere.example")],
            &[form, ("origin", "null")],
            &[form],
            &[("content-type", "text/plain")],
            &[("content-type", "application/json")],
        ] {
            for path in [page_path(path), format!("/api/v1{}", with_examples(path))] {
                portal.identity.take_calls();
                let answer = portal.ask_with(&method, &path, Some(TOKEN), from_elsewhere, "{}").await;
                assert_eq!(answer.status, 403, "{path} {from_elsewhere:?}: {answer:?}");
                has_headers(&answer, &path);
                let reads = ["FindOrganisation", "ResolveSession"];
                let calls = portal.identity.take_calls();
                assert!(calls.iter().all(|call| reads.contains(&&**call)), "{calls:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_form_of_a_session_is_taken_without_its_stamp() {
    let portal = Portal::start().await;
    // Keeping a session alive is about nobody's data, so this form carries no stamp.
    let forms = pages().filter(|(method, path, needs)| {
        *method == Method::POST && *needs == Needs::Session && *path != "/session"
    });
    let mut taken = 0;
    for (method, path, _) in forms {
        portal.identity.take_calls();
        let answer = portal.ask(&method, &page_path(path), Some(TOKEN)).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        let calls = portal.identity.take_calls();
        let reads = ["FindOrganisation", "ResolveSession"];
        assert!(calls.iter().all(|call| reads.contains(&&**call)), "{path}: {calls:?}");
        taken += 1;
    }
    assert!(taken > 10, "{taken}");
}

#[tokio::test]
async fn forged_identity_headers_are_ignored() {
    let portal = Portal::start().await;
    let forged = [
        ("x-user-id", "a"),
        ("x-account-id", "a"),
        ("x-forwarded-user", "a"),
        ("grpc-metadata-authorization", "Bearer x"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "profila.localhost"),
    ];
    let answer = portal.ask_with(&Method::GET, "/api/v1/reports", None, &forged, "").await;
    assert_eq!(answer.status, 401, "ATT-09: {answer:?}");
}

#[tokio::test]
async fn unknown_paths_are_not_found_as_page_and_as_json() {
    let portal = Portal::start().await;
    for session in [None, Some(TOKEN)] {
        for (method, path) in
            [("GET", "/nothing"), ("DELETE", "/nothing"), ("GET", "/reports/x/y"), ("PUT", "/loginx")]
        {
            let method: Method = method.parse().unwrap();
            let page = portal.ask(&method, path, session).await;
            is_sound_page(&page, path);
            assert_eq!(page.status, 404, "{path}");
            let document = portal.ask(&method, &format!("/api/v1{}", with_examples(path)), session).await;
            is_sound_document(&document, path);
            assert_eq!(document.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn style_guide_shows_every_state_as_a_sound_page() {
    let portal = Portal::start().await;
    let index = portal.ask(&Method::GET, "/styleguide", None).await;
    let pages: Vec<&str> =
        index.text.split("href=\"/styleguide/").skip(1).map(|it| it.split('"').next().unwrap()).collect();
    assert!(pages.len() > 40, "{pages:?}");
    is_sound_page(&index, "/styleguide");
    for page in pages {
        for language in ["nl", "en"] {
            let path = format!("/styleguide/{page}?language={language}&text=largest");
            let answer = portal.ask(&Method::GET, &path, None).await;
            assert_eq!(answer.status, 200, "{path}");
            is_sound_page(&answer, &path);
            assert!(!answer.text.contains("Unknown localization key"), "{path}: {}", answer.text);
        }
    }
    assert_eq!(portal.ask(&Method::GET, "/styleguide/x", None).await.status, 404);
}

#[tokio::test]
async fn style_guide_is_not_there_in_production() {
    for (environment, status) in [(Environment::Production, 404), (Environment::Development, 200)] {
        let portal = Portal::start_in(environment).await;
        assert_eq!(portal.ask(&Method::GET, "/styleguide", None).await.status, status, "{environment:?}");
    }
}

/// The answer of a gateway whose services do not run: nothing listens on this port.
async fn ask_without_services(path: &str) -> Answer {
    use tower::ServiceExt;
    let services = SERVICES.map(|name| (name.to_owned(), "http://127.0.0.1:1".to_owned())).into();
    let request = axum::http::Request::get(path).header("host", crate::support::HOST);
    let request = request.body(axum::body::Body::empty()).unwrap();
    Answer::read(gateway(&services).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn without_services_every_page_and_json_says_unavailable() {
    for (_, path, _) in pages().filter(|(method, ..)| *method == Method::GET) {
        let page = ask_without_services(&page_path(path)).await;
        assert_eq!(page.status, 503, "{path}");
        has_headers(&page, path);
        assert!(page.headers.contains_key("retry-after"), "{path}");
        assert_eq!(html::faults(&page.text), Vec::<String>::new(), "{path}");
        assert!(page.text.contains("Dit werkt nu even niet."), "{path}: {}", page.text);

        let document = ask_without_services(&format!("/api/v1{}", with_examples(path))).await;
        assert_eq!(document.status, 503, "{path}");
        assert_eq!(document.header("content-type"), "application/problem+json", "{path}");
        let body: Value = serde_json::from_str(&document.text).unwrap();
        assert_eq!((&body["status"], &body["reason"]), (&503.into(), &"UNAVAILABLE".into()));
    }
}

#[tokio::test]
async fn assets_are_cached_for_ever_and_unknown_ones_not_found() {
    let page = ask_without_services("/login").await.text;
    let style = page.split("/assets/app.").nth(1).unwrap().split('"').next().unwrap();
    let asset = ask_without_services(&format!("/assets/app.{style}")).await;
    assert_eq!(asset.status, 200);
    assert!(asset.header("cache-control").contains("immutable"));
    let theme = ask_without_services("/assets/theme/00687d-004a59-e8f4f6.css").await;
    assert!(theme.text.contains("--zp-primary:#00687d"));
    for wrong in ["/assets/theme/x-y-z.css", "/assets/theme/00687d-004a59-};body.css", "/assets/none.css"] {
        assert_eq!(ask_without_services(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn without_services_the_gateway_is_live_but_not_ready() {
    assert_eq!(ask_without_services("/healthz/live").await.status, 200);
    assert_eq!(ask_without_services("/healthz/ready").await.status, 503);
    assert_eq!(ask_without_services("/live").await.status, 503);
    assert_eq!(ask_without_services("/api/v1/openapi.json").await.status, 200);
}
