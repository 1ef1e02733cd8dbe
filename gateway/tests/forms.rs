//! Forms: which account and client they are for, and what happens to what was typed.

use axum::http::Method;

use crate::{
    html,
    support::{Answer, Portal, TOKEN},
};

const FORM: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];

/// The value of the first hidden field with this name.
fn hidden_value(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", page.text)).1;
    rest.split('"').next().unwrap().to_owned()
}

async fn send(portal: &Portal, path: &str, session: Option<&str>, body: &str) -> Answer {
    portal.ask_with(&Method::POST, path, session, &FORM, body).await
}

#[tokio::test]
async fn form_without_a_valid_stamp_is_refused() {
    let portal = Portal::start().await;
    for body in ["value=a%40b.nl", "value=a%40b.nl&stamp=x"] {
        let answer = send(&portal, "/account/email", Some(TOKEN), body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert!(!portal.identity.take_calls().contains(&"StartEmailChange".to_owned()));
}

#[tokio::test]
async fn form_about_another_client_is_refused_and_can_go_back() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/email", Some(TOKEN)).await;
    let stamp = hidden_value(&page, "stamp");
    let body = format!("value=a%40b.nl&stamp={stamp}");
    let answer = send(&portal, "/account/email", Some(crate::support::OTHER_CLIENT), &body).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text.contains("mevrouw Ander"), "{}", answer.text);
    assert!(answer.text.contains("/clients/c/select"), "a way back: {}", answer.text);
    assert_eq!(html::faults(&answer.text), Vec::<String>::new());
    assert!(!portal.identity.take_calls().contains(&"StartEmailChange".to_owned()));
    // Back to the first client: what was typed is carried along.
    let pending = hidden_value(&answer, "pending_form");
    let stamp = hidden_value(&answer, "stamp");
    let body = format!("pending_form={pending}&stamp={stamp}");
    let back = send(&portal, "/clients/c/select", Some(crate::support::OTHER_CLIENT), &body).await;
    assert_eq!(back.status, 200);
    assert!(!back.text.contains("Het gaat over het dossier"), "the form is about the account");
    assert!(back.text.contains("a@b.nl") && back.text.contains("action=\"/account/email\""), "{}", back.text);
}

#[tokio::test]
async fn typed_values_survive_a_step_up() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/email", Some(TOKEN)).await;
    let body = format!("value=nieuw%40voorbeeld.nl&stamp={}", hidden_value(&page, "stamp"));
    let asked = send(&portal, "/account/email", Some(TOKEN), &body).await;
    let offers_language = |page: &crate::support::Answer| page.text.contains("action=\"/language\"");
    assert!(offers_language(&page) && !offers_language(&asked), "another language would lose what was typed");
    assert_eq!(asked.status, 403);
    assert!(asked.text.contains("Extra controle"), "{}", asked.text);
    assert_eq!(html::faults(&asked.text), Vec::<String>::new());
    let carried_fields = |page: &Answer| {
        let fields =
            ["stamp", "pending_form", "purpose"].map(|name| format!("{name}={}", hidden_value(page, name)));
        fields.join("&")
    };
    let sent = send(&portal, "/step-up/send", Some(TOKEN), &carried_fields(&asked)).await;
    assert_eq!(sent.status, 200);
    assert_eq!(html::faults(&sent.text), Vec::<String>::new());
    let body = format!("{}&code=123456", carried_fields(&sent));
    let done = send(&portal, "/step-up", Some(TOKEN), &body).await;
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
async fn typed_values_survive_a_login_and_forged_ones_are_dropped() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/preferences", Some(TOKEN)).await;
    let body = format!("language=en&text_size=large&stamp={}", hidden_value(&page, "stamp"));
    let asked = send(&portal, "/account/preferences", Some("an-ended-session"), &body).await;
    assert_eq!(asked.status, 401);
    assert!(asked.text.contains("Wat u had getypt, is bewaard."), "{}", asked.text);
    assert!(asked.text.contains("Naar binnen"), "the organisation's own text for the button");
    let pending = hidden_value(&asked, "pending_form");
    let body = format!("username=a&password=fout&pending_form={pending}");
    let wrong = send(&portal, "/login", None, &body).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(hidden_value(&wrong, "pending_form"), pending, "a wrong password keeps the form");
    let body = format!("username=a&password=goed&pending_form={pending}");
    let code = send(&portal, "/login", None, &body).await;
    assert_eq!(code.status, 200);
    assert_eq!(hidden_value(&code, "pending_form"), pending);
    let cookie = [FORM[0], FORM[1], ("cookie", "__Host-login=code")];
    let body = format!("code=1&pending_form={pending}");
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, &body).await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("action=\"/account/preferences\""), "{}", done.text);
    assert!(done.text.contains("value=\"large\""), "{}", done.text);

    let forged = format!("code=1&pending_form={}", hidden_value(&page, "stamp"));
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, &forged).await;
    assert_eq!((done.status, done.header("location")), (303, "/"), "a forged form is dropped");
}

#[tokio::test]
async fn a_form_with_passwords_is_never_kept() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/account/password", Some(TOKEN)).await;
    let stamp = hidden_value(&page, "stamp");
    let body = format!("current_password=geheim1&new_password=geheim2&repeat_password=geheim2&stamp={stamp}");
    let asked = send(&portal, "/account/password", Some("an-ended-session"), &body).await;
    assert_eq!(asked.status, 303);
    assert_eq!(
        asked.header("location"),
        "/login?next=/account/password",
        "the login leads back to the same form"
    );
    let sent = format!("{:?}{}", asked.headers, asked.text);
    assert!(!sent.contains("geheim"), "{sent}");
}

#[tokio::test]
async fn device_cookie_lives_as_long_as_identity_says() {
    let portal = Portal::start().await;
    let cookie = [FORM[0], FORM[1], ("cookie", "__Host-login=code")];
    let done = portal.ask_with(&Method::POST, "/login/code", None, &cookie, "code=1").await;
    let device = done.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned());
    let device = device.into_iter().find(|it| it.starts_with("__Host-device=")).unwrap();
    assert!(device.contains("Max-Age=7776000") && device.contains("HttpOnly"), "{device}");
}
