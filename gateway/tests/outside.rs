//! What strangers and their programs really send: each row of a table is one more thing that was seen.

use axum::http::Method;

use crate::support::{Portal, TOKEN};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_wrong_method_says_which_methods_there_are() {
    let portal = Portal::start().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/reports", "GET,HEAD"),
        (Method::PUT, "/login", "GET,HEAD,POST"),
        (Method::PATCH, "/api/v1/reports", "GET,HEAD"),
        (Method::OPTIONS, "/api/v1/login", "GET,HEAD,POST"),
        (Method::POST, "/api/v1/reports", "GET,HEAD"),
    ] {
        for session in [None, Some(TOKEN)] {
            let answer = portal.ask(&method, path, session).await;
            assert_eq!((answer.status, answer.header("allow")), (405, allowed), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_path_without() {
    let portal = Portal::start().await;
    for (path, location) in [
        ("/login/", Some("/login")),
        ("/login/?next=%2Freports", Some("/login?next=%2Freports")),
        ("/api/v1/reports/", Some("/api/v1/reports")),
        ("//evil.example/", None),
        ("/", None),
    ] {
        let answer = portal.ask(&Method::GET, path, None).await;
        match location {
            Some(location) => {
                assert_eq!((answer.status, answer.header("location")), (308, location), "{path}");
            }
            None => assert_ne!(answer.status, 308, "{path}: {}", answer.header("location")),
        }
    }
}

#[tokio::test]
async fn a_json_body_is_an_object_however_it_is_labelled() {
    let portal = Portal::start().await;
    let right = r#"{"username": "jan", "password": "goed"}"#;
    for (kind, body, status) in [
        ("application/json", right, 200),
        ("Application/JSON", right, 200),
        ("application/json; charset=utf-8", right, 200),
        ("application/json ;charset=UTF-8", right, 200),
        ("application/json", &format!("\u{feff}{right}"), 200),
        ("application/json", &format!(" \n{right}"), 200),
        ("application/json", "[]", 400),
        ("application/json", "[null, null]", 400),
        ("application/json", r#"["", "jan", "goed"]"#, 400),
        ("application/json", "null", 400),
        ("application/json", "", 400),
        ("application/json", "{", 400),
        ("application/json", r#"{"unknown": 1}"#, 400),
        ("text/plain", right, 400),
        ("application/x-www-form-urlencoded", right, 400),
    ] {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", kind)];
        let answer = portal.ask_with(&Method::POST, "/api/v1/login", None, &headers, body).await;
        assert_eq!(answer.status, status, "{kind} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_form_is_read_however_it_is_labelled() {
    let portal = Portal::start().await;
    for kind in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
    ] {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", kind)];
        let body = "username=jan&password=goed";
        let answer = portal.ask_with(&Method::POST, "/login", None, &headers, body).await;
        assert_eq!(answer.status, 303, "{kind}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_session_is_found_beside_whatever_else_is_sent() {
    let portal = Portal::start().await;
    let bearer = format!("bearer  {TOKEN}");
    let cookie = format!("other=1; __Host-session={TOKEN}; x");
    for headers in [&[("authorization", bearer.as_str())][..], &[("cookie", &cookie)]] {
        let answer = portal.ask_with(&Method::GET, "/api/v1/reports", None, headers, "").await;
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn who_is_not_logged_in_hears_how_to_be() {
    let portal = Portal::start().await;
    for path in ["/api/v1/reports", "/live"] {
        let answer = portal.ask(&Method::GET, path, None).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{path}");
    }
}

#[tokio::test]
async fn json_has_the_language_that_is_liked_best() {
    let portal = Portal::start().await;
    for (accepted, word) in
        [("nl;q=0.3, en", "not logged in"), ("en;q=0.3, nl;q=0.9", "niet ingelogd"), ("en;q=0", "niet")]
    {
        let headers = [JSON, ("accept-language", accepted)];
        let answer = portal.ask_with(&Method::GET, "/api/v1/reports", None, &headers, "").await;
        assert!(answer.text.contains(word), "{accepted}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused() {
    let portal = Portal::start().await;
    // `ask_with` sends one good host before this one.
    let answer = portal.ask_with(&Method::GET, "/login", None, &[("host", "a.nl")], "").await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}

#[tokio::test]
async fn the_right_password_sent_twice_gets_one_login_and_one_answer() {
    let portal = Portal::start().await;
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    let send = |body: &'static str| portal.ask_with(&Method::POST, "/login", None, &headers, body);
    let (first, second) =
        tokio::join!(send("username=jan&password=goed"), send("username=jan&password=goed"),);
    let third = send("username=jan&password=goed").await;
    for answer in [&first, &second, &third] {
        assert_eq!((answer.status, answer.header("location")), (303, "/login/code"), "{}", answer.text);
        assert_eq!(answer.header("set-cookie"), first.header("set-cookie"));
    }
    let logins = || portal.identity.take_calls().iter().filter(|call| *call == "StartLogin").count();
    assert_eq!(logins(), 1);
    for _ in 0..2 {
        assert_ne!(send("username=jan&password=fout").await.status, 303);
    }
    assert_eq!(logins(), 2, "a refused password is judged each time");
}

#[tokio::test]
async fn a_link_that_does_not_work_is_refused_before_a_password_is_chosen() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/password/reset/used", None).await;
    assert_eq!(page.status, 404, "{}", page.text);
    assert!(
        page.text.contains("action=\"/password/forgotten\"") && !page.text.contains("new_password"),
        "{}",
        page.text
    );
    let page = portal.ask(&Method::GET, "/password/reset/good", None).await;
    assert!(page.status == 200 && page.text.contains("new_password"), "{}", page.text);
}

/// A browser gives up the first request of a double click. The step goes on, and the second request gets its answer.
#[tokio::test]
async fn the_step_of_a_request_that_was_given_up_is_not_repeated() {
    let portal = Portal::start().await;
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    let send = || portal.ask_with(&Method::POST, "/login", None, &headers, "username=jan&password=goed");
    // The pages are found first, so that the next request is given up while identity judges the password.
    portal.ask(&Method::GET, "/login", None).await;
    portal.identity.take_calls();
    let mut first = Box::pin(send());
    while !portal.identity.has_call("StartLogin") {
        assert!(futures::poll!(first.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    drop(first);
    let second = send().await;
    assert_eq!((second.status, second.header("location")), (303, "/login/code"), "{}", second.text);
    let calls = portal.identity.take_calls();
    assert_eq!(calls.iter().filter(|call| *call == "StartLogin").count(), 1, "{calls:?}");
}
