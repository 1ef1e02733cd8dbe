use axum::http::Method;

use crate::support::{Answer, Portal, TOKEN};

const ACCEPT: (&str, &str) = ("accept-encoding", "gzip, deflate, br");

async fn get(portal: &Portal, path: &str, accept: &str) -> Answer {
    let headers = [("accept-encoding", accept), ("sec-fetch-site", "same-origin")];
    portal.ask_with(&Method::GET, path, Some(TOKEN), &headers, "").await
}

#[tokio::test]
async fn pages_and_documents_are_compressed_for_browsers_that_ask() {
    let portal = Portal::start().await;
    for path in ["/reports", "/api/v1/reports", "/api/v1/openapi.json"] {
        for (accept, encoding) in [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0", ""), ("", "")] {
            let answer = get(&portal, path, accept).await;
            let (status, found) = (answer.status, answer.header("content-encoding"));
            // A short document stays as it is.
            let is_short = answer.header("content-length").parse().is_ok_and(|length: usize| length < 1024);
            assert_eq!((status, found), (200, if is_short { "" } else { encoding }), "{path} {accept}");
        }
    }
    let (plain, compressed) = (get(&portal, "/reports", "").await, get(&portal, "/reports", "br").await);
    assert_eq!((plain.header("content-encoding"), compressed.header("content-encoding")), ("", "br"));
    assert!(plain.header("vary").contains("accept-encoding"), "{plain:?}");
}

#[tokio::test]
async fn pages_that_another_site_asks_for_are_not_compressed() {
    let portal = Portal::start().await;
    for headers in [
        vec![ACCEPT],
        vec![ACCEPT, ("sec-fetch-site", "cross-site")],
        vec![ACCEPT, ("sec-fetch-site", "same-site")],
    ] {
        let answer = portal.ask_with(&Method::GET, "/reports?x=guess", Some(TOKEN), &headers, "").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, ""), "{headers:?}");
    }
    let bearer = format!("Bearer {TOKEN}");
    let headers = [ACCEPT, ("authorization", bearer.as_str())];
    let answer = portal.ask_with(&Method::GET, "/api/v1/openapi.json", None, &headers, "").await;
    assert_eq!(answer.header("content-encoding"), "br");
}

#[tokio::test]
async fn answers_to_forms_are_not_compressed() {
    let portal = Portal::start().await;
    let headers =
        [ACCEPT, ("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    let fields = "username=x&password=y&organisation=";
    for (path, body) in [("/login", fields), ("/users/x", "stamp=x&typed=y")] {
        let answer = portal.ask_with(&Method::POST, path, Some(TOKEN), &headers, body).await;
        assert!(answer.text.len() > 1024 && answer.status >= 400, "{path}: {answer:?}");
        assert_eq!(answer.header("content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn no_two_answers_hold_the_same_stamp() {
    let portal = Portal::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let page = get(&portal, "/users/x", "").await.text;
        let stamps: Vec<_> = page.split("name=\"stamp\" value=\"").skip(1).collect();
        assert!(!stamps.is_empty(), "{page}");
        for stamp in stamps {
            assert!(seen.insert(stamp.split('"').next().unwrap().to_owned()));
        }
    }
}

#[tokio::test]
async fn assets_are_compressed_beforehand() {
    let portal = Portal::start().await;
    let page = get(&portal, "/login", "").await.text;
    for asset in page.split("/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        if asset.starts_with("theme") {
            continue;
        }
        let path = format!("/assets/{asset}");
        let plain = get(&portal, &path, "identity").await;
        for encoding in ["br", "gzip"] {
            let answer = get(&portal, &path, encoding).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding), "{path}");
            let length = |answer: &Answer| answer.header("content-length").parse::<usize>().unwrap();
            assert!(length(&answer) < length(&plain), "{path} {encoding}");
            assert!(
                answer.header("vary").contains("accept-encoding") && !plain.header("vary").is_empty(),
                "{path}"
            );
        }
    }
}
