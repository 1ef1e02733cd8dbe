//! Every route of the contract with browsers and programs, anonymous and signed in (ATT-01, ATT-03, ATT-10, ATT-14).

use axum::http::Method;
use proto::SERVICES;
use serde_json::Value;

use crate::{
    html,
    support::{Answer, HOSTILE, Portal, TOKEN, gateway},
};

/// Who gets an answer from a route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Everybody.
    Open,
    /// Whoever is in the middle of logging in.
    Login,
    /// Whoever is logged in.
    Session,
}

/// Every route; one that is missing here, or no longer there, fails.
const ROUTES: [(&str, &str, Door); 56] = [
    ("GET", "", Door::Session),
    ("POST", "/language", Door::Open),
    ("GET", "/login", Door::Open),
    ("POST", "/login", Door::Open),
    ("GET", "/login/code", Door::Login),
    ("POST", "/login/code", Door::Login),
    ("POST", "/login/code/send", Door::Login),
    ("POST", "/login/code/resend", Door::Login),
    ("GET", "/login/device", Door::Login),
    ("POST", "/login/device", Door::Login),
    ("GET", "/login/password", Door::Login),
    ("POST", "/login/password", Door::Login),
    ("GET", "/login/terms", Door::Login),
    ("POST", "/login/terms", Door::Login),
    ("GET", "/login/invitation", Door::Login),
    ("POST", "/login/invitation", Door::Login),
    ("POST", "/login/invitation/decline", Door::Login),
    ("GET", "/logout", Door::Open),
    ("POST", "/logout", Door::Open),
    ("GET", "/password/forgotten", Door::Open),
    ("POST", "/password/forgotten", Door::Open),
    ("GET", "/password/reset/{token}", Door::Open),
    ("POST", "/password/reset/{token}", Door::Open),
    ("GET", "/impersonate/{token}", Door::Open),
    ("POST", "/impersonate/{token}", Door::Open),
    ("GET", "/terms", Door::Open),
    ("GET", "/step-up", Door::Session),
    ("POST", "/step-up", Door::Session),
    ("POST", "/step-up/send", Door::Session),
    ("GET", "/session", Door::Session),
    ("POST", "/session", Door::Session),
    ("GET", "/clients", Door::Session),
    ("POST", "/clients/{id}/select", Door::Session),
    ("GET", "/account", Door::Session),
    ("GET", "/account/password", Door::Session),
    ("POST", "/account/password", Door::Session),
    ("GET", "/account/{contact}", Door::Session),
    ("POST", "/account/{contact}", Door::Session),
    ("POST", "/account/{contact}/confirm", Door::Session),
    ("GET", "/account/security", Door::Session),
    ("POST", "/account/security/sessions/end", Door::Session),
    ("POST", "/account/security/devices/forget", Door::Session),
    ("GET", "/account/preferences", Door::Session),
    ("POST", "/account/preferences", Door::Session),
    ("GET", "/access", Door::Session),
    ("GET", "/users", Door::Session),
    ("GET", "/users/new", Door::Session),
    ("POST", "/users/new", Door::Session),
    ("GET", "/users/{id}", Door::Session),
    ("POST", "/users/{id}", Door::Session),
    ("GET", "/users/{id}/end", Door::Session),
    ("POST", "/users/{id}/end", Door::Session),
    ("POST", "/users/{id}/resend", Door::Session),
    ("GET", "/reports", Door::Session),
    ("GET", "/healthz/live", Door::Open),
    ("GET", "/healthz/ready", Door::Open),
];

/// Those that are pages and documents.
fn pages() -> impl Iterator<Item = (Method, &'static str, Door)> {
    let pages = ROUTES.iter().filter(|(_, path, _)| !path.starts_with("/healthz"));
    pages.map(|(method, path, door)| (method.parse().unwrap(), *path, *door))
}

/// A path as a browser asks for it.
fn page_of(path: &str) -> String {
    if path.is_empty() { "/".to_owned() } else { filled(path) }
}

/// A path with something in the place of each name.
fn filled(path: &str) -> String {
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

/// What a page's answer must be like, whoever asks.
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

/// What a document's answer must be like, whoever asks.
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
fn every_documented_route_has_a_line_here() {
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
async fn a_stranger_gets_the_open_pages_and_is_sent_to_the_login_from_all_others() {
    let portal = Portal::start().await;
    for session in [None, Some("an-ended-session")] {
        for (method, path, door) in pages() {
            let what = format!("{method} {path} with {session:?}");
            let page = portal.ask(&method, &page_of(path), session).await;
            is_sound_page(&page, &what);
            let document = portal.ask(&method, &format!("/api/v1{}", filled(path)), session).await;
            is_sound_document(&document, &what);
            if door == Door::Session || door == Door::Login {
                assert_eq!(page.status, 303, "{what}: {page:?}");
                assert!(page.header("location").starts_with("/login"), "{what}: {page:?}");
                assert_eq!(document.status, 401, "{what}: {document:?}");
            } else {
                assert!(!document.text.contains("TOKEN_REFUSED"), "{what}: {document:?}");
            }
        }
    }
    assert_eq!(portal.dossier.calls(), Vec::<String>::new(), "nobody asked the dossier anything");
}

#[tokio::test]
async fn whoever_is_logged_in_gets_every_page_and_hostile_text_stays_text() {
    let portal = Portal::start().await;
    let mut hostile = 0;
    for (method, path, door) in pages().filter(|(_, path, _)| *path != "/logout") {
        let what = format!("{method} {path}");
        let page = portal.ask(&method, &page_of(path), Some(TOKEN)).await;
        is_sound_page(&page, &what);
        let document = portal.ask(&method, &format!("/api/v1{}", filled(path)), Some(TOKEN)).await;
        is_sound_document(&document, &what);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "{what}");
        if door == Door::Session && method == Method::GET {
            assert_eq!(document.status, 200, "{what}: {document:?}");
            if path == "/session" {
                continue;
            }
            assert_eq!(page.status, 200, "{what}: {page:?}");
            assert!(page.text.contains("&lt;script&gt;") || page.text.contains("&#60;script&#62;"), "{what}");
            hostile += usize::from(document.text.contains(&serde_json::to_string(HOSTILE).unwrap()));
        }
    }
    assert!(hostile >= 8, "{hostile} documents hold what people typed, as it was");
}

#[tokio::test]
async fn in_the_middle_of_a_login_every_step_has_its_page_and_says_what_is_wrong_with_a_form() {
    let portal = Portal::start().await;
    for (method, path, _) in pages().filter(|(.., door)| *door == Door::Login) {
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
async fn a_page_asks_each_service_at_most_once() {
    let portal = Portal::start().await;
    portal.ask(&Method::GET, "/reports", Some(TOKEN)).await;
    for (method, path, _) in pages()
        .filter(|(method, path, door)| *method == Method::GET && *door == Door::Session && *path != "/logout")
    {
        portal.identity.calls();
        portal.dossier.calls();
        portal.ask(&method, &page_of(path), Some(TOKEN)).await;
        let (identity, dossier) = (portal.identity.calls(), portal.dossier.calls());
        // One for the session, one for the page; sessions and devices are two lists of one page.
        let most = if path == "/account/security" { 3 } else { 2 };
        assert!(identity.len() <= most && dossier.len() <= 1, "{path}: {identity:?} {dossier:?}");
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
            for path in [page_of(path), format!("/api/v1{}", filled(path))] {
                portal.identity.calls();
                let answer = portal.ask_with(&method, &path, Some(TOKEN), from_elsewhere, "{}").await;
                assert_eq!(answer.status, 403, "{path} {from_elsewhere:?}: {answer:?}");
                has_headers(&answer, &path);
                let reads = ["FindOrganisation", "ResolveSession"];
                let calls = portal.identity.calls();
                assert!(calls.iter().all(|call| reads.contains(&&**call)), "{calls:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_form_of_a_session_is_taken_without_its_stamp() {
    let portal = Portal::start().await;
    // Going on with a session is about nobody's data.
    let forms = pages().filter(|(method, path, door)| {
        *method == Method::POST && *door == Door::Session && *path != "/session"
    });
    let mut taken = 0;
    for (method, path, _) in forms {
        portal.identity.calls();
        let answer = portal.ask(&method, &page_of(path), Some(TOKEN)).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        let calls = portal.identity.calls();
        let reads = ["FindOrganisation", "ResolveSession"];
        assert!(calls.iter().all(|call| reads.contains(&&**call)), "{path}: {calls:?}");
        taken += 1;
    }
    assert!(taken > 10, "{taken}");
}

#[tokio::test]
async fn forged_headers_of_who_asks_are_not_believed() {
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
async fn what_has_no_route_is_not_found_in_both_forms() {
    let portal = Portal::start().await;
    for session in [None, Some(TOKEN)] {
        for (method, path) in
            [("GET", "/nothing"), ("DELETE", "/reports"), ("GET", "/reports/x/y"), ("PUT", "/login")]
        {
            let method: Method = method.parse().unwrap();
            let page = portal.ask(&method, path, session).await;
            is_sound_page(&page, path);
            assert_eq!(page.status, 404, "{path}");
            let document = portal.ask(&method, &format!("/api/v1{}", filled(path)), session).await;
            is_sound_document(&document, path);
            assert_eq!(document.status, 404, "{path}");
        }
    }
}

/// A gateway whose services are not there: nobody listens on these ports.
async fn alone(path: &str) -> Answer {
    use tower::ServiceExt;
    let services = SERVICES.map(|name| (name.to_owned(), "http://127.0.0.1:1".to_owned())).into();
    let request = axum::http::Request::get(path).header("host", crate::support::HOST);
    let request = request.body(axum::body::Body::empty()).unwrap();
    Answer::read(gateway(&services).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn without_its_services_every_page_and_document_says_so_in_dutch() {
    for (_, path, _) in pages().filter(|(method, ..)| *method == Method::GET) {
        let page = alone(&page_of(path)).await;
        assert_eq!(page.status, 503, "{path}");
        has_headers(&page, path);
        assert!(page.headers.contains_key("retry-after"), "{path}");
        assert_eq!(html::faults(&page.text), Vec::<String>::new(), "{path}");
        assert!(page.text.contains("Dit werkt nu even niet."), "{path}: {}", page.text);

        let document = alone(&format!("/api/v1{}", filled(path))).await;
        assert_eq!(document.status, 503, "{path}");
        assert_eq!(document.header("content-type"), "application/problem+json", "{path}");
        let body: Value = serde_json::from_str(&document.text).unwrap();
        assert_eq!((&body["status"], &body["reason"]), (&503.into(), &"UNAVAILABLE".into()));
    }
}

#[tokio::test]
async fn styles_scripts_and_colours_are_kept_for_ever_and_nothing_else_is() {
    let page = alone("/login").await.text;
    let style = page.split("/assets/app.").nth(1).unwrap().split('"').next().unwrap();
    let asset = alone(&format!("/assets/app.{style}")).await;
    assert_eq!(asset.status, 200);
    assert!(asset.header("cache-control").contains("immutable"));
    let theme = alone("/assets/theme/00687d-004a59-e8f4f6.css").await;
    assert!(theme.text.contains("--zp-primary:#00687d"));
    for wrong in ["/assets/theme/x-y-z.css", "/assets/theme/00687d-004a59-};body.css", "/assets/none.css"] {
        assert_eq!(alone(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn alive_is_not_ready() {
    assert_eq!(alone("/healthz/live").await.status, 200);
    assert_eq!(alone("/healthz/ready").await.status, 503);
    assert_eq!(alone("/live").await.status, 503);
    assert_eq!(alone("/api/v1/openapi.json").await.status, 200);
}
