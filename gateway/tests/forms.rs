//! Forms: for whom and about whom they are, and what becomes of what was typed.

use axum::http::Method;

use crate::{
    html,
    support::{Answer, Portal, TOKEN},
};

const FORM: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];

/// The value of the first hidden field with a name.
fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", page.text)).1;
    rest.split('"').next().unwrap().to_owned()
}

async fn send(portal: &Portal, path: &str, session: Option<&str>, body: &str) -> Answer {
    portal.ask_with(&Method::POST, path, session, &FORM, body).await
}

#[tokio::test]
async fn a_form_without_its_stamp_or_with_another_is_not_taken() {
    let portal = Portal::start().await;
    for body in ["value=a%40b.nl", "value=a%40b.nl&stamp=x"] {
        let answer = send(&portal, "/account/email", Some(TOKEN), body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert!(!portal.identity.calls().contains(&"StartEmailChange".to_owned()));
}

#[tokio::test]
async fn with_another_client_chosen_since_nothing_is_written_and_both_are_named() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/email", Some(TOKEN)).await;
    let stamp = hidden(&page, "stamp");
    let body = format!("value=a%40b.nl&stamp={stamp}");
    let answer = send(&portal, "/account/email", Some(crate::support::OTHER_CLIENT), &body).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text.contains("mevrouw Ander"), "{}", answer.text);
    assert!(answer.text.contains("/clients/c/select"), "a way back: {}", answer.text);
    assert_eq!(html::faults(&answer.text), Vec::<String>::new());
    assert!(!portal.identity.calls().contains(&"StartEmailChange".to_owned()));
    // Back to the first client: what was typed comes along.
    let kept = hidden(&answer, "pending_form");
    let stamp = hidden(&answer, "stamp");
    let body = format!("pending_form={kept}&stamp={stamp}");
    let back = send(&portal, "/clients/c/select", Some(crate::support::OTHER_CLIENT), &body).await;
    assert_eq!(back.status, 200);
    assert!(!back.text.contains("Het gaat over het dossier"), "one's own address is of no dossier");
    assert!(back.text.contains("a@b.nl") && back.text.contains("action=\"/account/email\""), "{}", back.text);
}

#[tokio::test]
async fn what_was_typed_survives_a_step_up() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/email", Some(TOKEN)).await;
    let body = format!("value=nieuw%40voorbeeld.nl&stamp={}", hidden(&page, "stamp"));
    let asked = send(&portal, "/account/email", Some(TOKEN), &body).await;
    let leads_away = |page: &crate::support::Answer| page.text.contains("action=\"/language\"");
    assert!(leads_away(&page) && !leads_away(&asked), "another language would lose it");
    assert_eq!(asked.status, 403);
    assert!(asked.text.contains("Nog een code"), "{}", asked.text);
    assert_eq!(html::faults(&asked.text), Vec::<String>::new());
    let hold = |page: &Answer| {
        let fields =
            ["stamp", "pending_form", "purpose"].map(|name| format!("{name}={}", hidden(page, name)));
        fields.join("&")
    };
    let sent = send(&portal, "/step-up/send", Some(TOKEN), &hold(&asked)).await;
    assert_eq!(sent.status, 200);
    assert_eq!(html::faults(&sent.text), Vec::<String>::new());
    let done = send(&portal, "/step-up", Some(TOKEN), &format!("{}&code=123456", hold(&sent))).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.text.contains("nieuw@voorbeeld.nl") && done.text.contains("action=\"/account/email\""));
    assert!(
        done.headers
            .get_all("set-cookie")
            .iter()
            .any(|it| it.to_str().unwrap().starts_with("__Host-proof=a-proof"))
    );
    assert_eq!(html::faults(&done.text), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_typed_survives_a_login_of_the_same_person_and_of_nobody_else() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/preferences", Some(TOKEN)).await;
    let body = format!("language=en&text_size=large&stamp={}", hidden(&page, "stamp"));
    let asked = send(&portal, "/account/preferences", Some("an-ended-session"), &body).await;
    assert_eq!(asked.status, 401);
    assert!(asked.text.contains("Wat u had getypt, is bewaard."), "{}", asked.text);
    assert!(asked.text.contains("Naar binnen"), "the organisation's own word for it");
    let kept = hidden(&asked, "pending_form");
    let wrong = send(&portal, "/login", None, &format!("username=a&password=fout&pending_form={kept}")).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(hidden(&wrong, "pending_form"), kept, "a wrong password loses nothing");
    let code = send(&portal, "/login", None, &format!("username=a&password=goed&pending_form={kept}")).await;
    assert_eq!(code.status, 200);
    assert_eq!(hidden(&code, "pending_form"), kept);
    let cookie = [FORM[0], FORM[1], ("cookie", "__Host-login=code")];
    let body = format!("code=1&pending_form={kept}");
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, &body).await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("action=\"/account/preferences\""), "{}", done.text);
    assert!(done.text.contains("value=\"large\""), "{}", done.text);

    let forged = format!("code=1&pending_form={}", hidden(&page, "stamp"));
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, &forged).await;
    assert_eq!((done.status, done.header("location")), (303, "/"), "what is not ours is dropped");
}

#[tokio::test]
async fn passwords_and_codes_are_never_kept() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/password", Some(TOKEN)).await;
    let stamp = hidden(&page, "stamp");
    let body = format!("current_password=geheim1&new_password=geheim2&repeat_password=geheim2&stamp={stamp}");
    let asked = send(&portal, "/account/password", Some("an-ended-session"), &body).await;
    assert_eq!(asked.status, 303);
    assert_eq!(
        asked.header("location"),
        "/login?next=/account/password",
        "the form is there again afterwards"
    );
    let sent = format!("{:?}{}", asked.headers, asked.text);
    assert!(!sent.contains("geheim"), "{sent}");
}

#[tokio::test]
async fn after_a_code_the_browser_keeps_a_device_for_its_days() {
    let portal = Portal::start().await;
    let cookie = [FORM[0], FORM[1], ("cookie", "__Host-login=code")];
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, "code=1").await;
    let device = done.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned());
    let device = device.into_iter().find(|it| it.starts_with("__Host-device=")).unwrap();
    assert!(device.contains("Max-Age=7776000") && device.contains("HttpOnly"), "{device}");
}
