use axum::{
    body::Body,
    http::{Request, Response, StatusCode},
};
use chassis::Clock;
use gateway::{App, Clients, Live, ServiceSettings, router};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use testkit::{Keys, monday_morning};
use tower::ServiceExt;

/// A gateway whose services are not there: nobody listens on these ports.
fn app(keys: &Keys) -> axum::Router {
    let nowhere = || "http://127.0.0.1:1".to_owned();
    let services = ServiceSettings { identity: nowhere(), dossier: nowhere(), messaging: nowhere() };
    let clock = Clock::fixed(monday_morning());
    let clients = Clients::new(&services, keys.settings.signer("gateway").unwrap(), clock.clone()).unwrap();
    router(App::new(clients, Live::deaf(), clock, Vec::new()))
}

async fn get(path: &str) -> Response<Body> {
    let keys = Keys::generate();
    let request = Request::get(path).header("host", "thuisgenoten.localhost").body(Body::empty()).unwrap();
    app(&keys).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The documented paths that can be got, without the prefix.
fn paths() -> Vec<String> {
    let document: serde_json::Value = serde_json::from_str(&gateway::openapi().to_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let got = paths.iter().filter(|(_, methods)| methods.get("get").is_some());
    got.map(|(path, _)| path.trim_start_matches("/api/v1"))
        .map(|path| if path.is_empty() { "/".to_owned() } else { path.to_owned() })
        .collect()
}

#[tokio::test]
async fn every_page_and_document_says_in_dutch_that_it_cannot_be_had_and_keeps_the_headers() {
    assert!(paths().len() >= 5, "{:?}", paths());
    for path in paths() {
        let page = get(&path).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        for header in ["content-security-policy", "x-content-type-options", "referrer-policy", "retry-after"]
        {
            assert!(page.headers().contains_key(header), "{path}: {header}");
        }
        assert_eq!(page.headers()["cache-control"], "no-store", "{path}");
        let html = Html::parse_document(&text(page).await);
        let count = |selector: &str| html.select(&Selector::parse(selector).unwrap()).count();
        assert_eq!((count("h1"), count("main"), count("html[lang=nl]")), (1, 1, 1), "{path}");
        let words = html.root_element().text().collect::<String>();
        assert!(words.contains("Dit werkt nu even niet."), "{path}: {words}");

        let path = format!("/api/v1{}", path.trim_end_matches('/'));
        let document = get(&path).await;
        assert_eq!(document.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(document.headers()["content-type"], "application/problem+json", "{path}");
        let body: serde_json::Value = serde_json::from_str(&text(document).await).unwrap();
        assert_eq!(body["status"], 503);
        assert_eq!(body["reason"], "UNAVAILABLE");
    }
}

#[tokio::test]
async fn styles_scripts_and_colours_are_kept_for_ever_and_nothing_else_is() {
    let page = text(get("/login").await).await;
    let style = page.split("/assets/app.").nth(1).unwrap().split('"').next().unwrap();
    let asset = get(&format!("/assets/app.{style}")).await;
    assert_eq!(asset.status(), StatusCode::OK);
    assert!(asset.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let theme = get("/assets/theme/00687d-004a59-e8f4f6.css").await;
    assert!(text(theme).await.contains("--zp-primary:#00687d"));
    for wrong in ["/assets/theme/x-y-z.css", "/assets/theme/00687d-004a59-};body.css", "/assets/none.css"] {
        assert_eq!(get(wrong).await.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn alive_is_not_ready() {
    assert_eq!(get("/healthz/live").await.status(), StatusCode::OK);
    assert_eq!(get("/healthz/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/live").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/api/v1/openapi.json").await.status(), StatusCode::OK);
}
