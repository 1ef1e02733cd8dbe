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

/// Sends a form without what must be filled in; gives the page and the calls to identity.
async fn send_empty(portal: &Portal, path: &str, cookie: &str, body: &str) -> (Answer, Vec<String>) {
    let headers = [FORM[0], FORM[1], ("cookie", cookie)];
    portal.identity.take_calls();
    let page = portal.ask_with(&Method::POST, path, None, &headers, body).await;
    assert_eq!(page.status, 422, "{path}: {page:?}");
    assert_eq!(html::faults(&page.text), Vec::<String>::new(), "{path}");
    assert!(page.text.contains("<title>Fout: "), "{path}: {}", page.text);
    (page, portal.identity.take_calls())
}

#[tokio::test]
async fn an_empty_form_is_an_error_at_each_empty_field_and_no_try() {
    let portal = Portal::start().await;
    for (path, body, step, errors) in [
        ("/login", "", "StartLogin", &["Vul uw gebruikersnaam in.", "Vul uw wachtwoord in."][..]),
        ("/login", "username=a", "StartLogin", &["Vul uw wachtwoord in."]),
        ("/login/code", "code=+", "VerifyCode", &["Vul de code in."]),
        ("/password/forgotten", "", "StartPasswordReset", &["Vul uw gebruikersnaam in."]),
        (
            "/login/password",
            "",
            "SetOwnPassword",
            &[
                "Vul uw huidige wachtwoord in.",
                "Vul een nieuw wachtwoord in.",
                "Vul het nieuwe wachtwoord nog een keer in.",
            ],
        ),
    ] {
        let cookie = format!("__Host-login={}", path.rsplit('/').next().unwrap());
        let (page, calls) = send_empty(&portal, path, &cookie, body).await;
        for error in errors {
            let at_field = format!("-error\">{error}</p>");
            let alone = format!("-error\" role=\"alert\">{error}</p>");
            assert!(
                page.text.contains(&at_field) || page.text.contains(&alone),
                "{path}: {error}: {}",
                page.text
            );
        }
        assert!(!page.text.contains("utrecht-alert--ok"), "{path}: a success");
        assert!(!calls.iter().any(|call| call == step), "{path}: {calls:?}");
    }
}

#[tokio::test]
async fn a_wrong_login_says_one_sentence_that_describes_both_fields() {
    let portal = Portal::start().await;
    let page = send(&portal, "/login", None, "username=a&password=fout").await;
    let words = "Uw gebruikersnaam of wachtwoord klopt niet. Probeer het over een halve minuut opnieuw.";
    assert_eq!(page.text.matches(words).count(), 1, "{}", page.text);
    assert_eq!(
        page.text.matches("aria-invalid=\"true\" aria-describedby=\"error-summary").count(),
        2,
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_code_is_described_by_where_it_went_and_its_error_stands_there_once() {
    let portal = Portal::start().await;
    let cookie = "__Host-login=code";
    let (page, _) = send_empty(&portal, "/login/code", cookie, "code=").await;
    assert!(page.text.contains("aria-describedby=\"code-sent code-hint code-error\""), "{}", page.text);
    assert_eq!(page.text.matches("Vul de code in.").count(), 1, "{}", page.text);
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_message_of_a_page() {
    let portal = Portal::start().await;
    for (cookie, shown) in [
        ("logged-out", "U bent uitgelogd."),
        ("rights-sent~UGV0cmEgPGI-", "Opgeslagen. Petra &#60;b&#62; krijgt een e-mail."),
        ("nothing", ""),
        ("rights-sent~%", ""),
        ("rights-sent", ""),
        ("<script>", ""),
    ] {
        let headers = [("cookie", format!("__Host-flash={cookie}"))];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = portal.ask_with(&Method::GET, "/login", None, &headers, "").await;
        assert_eq!(page.text.contains("utrecht-alert--ok"), !shown.is_empty(), "{cookie}: {}", page.text);
        assert!(page.text.contains(shown), "{cookie}: {}", page.text);
        let first = shown.split_inclusive('.').next().unwrap_or_default();
        assert!(page.text.contains(&format!("<title>{first}")), "the title says it: {}", page.text);
    }
}

#[tokio::test]
async fn a_new_code_that_is_asked_for_too_soon_is_refused_at_the_button() {
    let portal = Portal::start().await;
    let headers = [FORM[0], FORM[1], ("cookie", "__Host-login=code")];
    let page = portal.ask_with(&Method::POST, "/login/code/resend", None, &headers, "").await;
    assert_eq!(page.status, 429);
    let words = "Wacht een minuut voordat u een nieuwe code vraagt.";
    assert_eq!(page.text.matches(words).count(), 1, "{}", page.text);
    let (code, button) = page.text.split_once("id=\"resend-error\"").unwrap();
    assert!(!code.contains("aria-invalid"), "the code is not wrong: {code}");
    assert!(button.contains(words) && button.contains("aria-describedby=\"resend-error\""), "{button}");
    assert_eq!(html::faults(&page.text), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_refuses_the_terms_is_logged_out() {
    let portal = Portal::start().await;
    let headers = [FORM[0], FORM[1], ("cookie", "__Host-login=terms")];
    let terms = portal.ask_with(&Method::GET, "/login/terms", None, &headers, "").await;
    let (_, refusal) =
        terms.text.split_once("<form class=\"zp-form-end\" method=\"post\" action=\"/logout\">").unwrap();
    assert!(refusal.contains("Ik ga niet akkoord. Uitloggen"), "{refusal}");
    let out = portal.ask_with(&Method::POST, "/logout", None, &headers, "").await;
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    let cookies: Vec<_> = out.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert!(
        cookies.iter().any(|it| it.starts_with("__Host-login=;") && it.contains("Max-Age=0")),
        "{cookies:?}"
    );
}

#[tokio::test]
async fn a_report_that_is_sent_twice_is_written_once() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/reports/new", Some(TOKEN)).await;
    let body = format!("text=Samen%20gewandeld.&stamp={}", hidden_value(&page, "stamp"));
    portal.dossier.take_calls();
    let send = || send(&portal, "/reports/new", Some(TOKEN), &body);
    let (first, second) = tokio::join!(send(), send());
    for answer in [&first, &second] {
        assert_eq!((answer.status, answer.header("location")), (303, "/reports"), "{answer:?}");
    }
    assert_eq!(portal.dossier.take_calls(), ["WriteReport"]);
}

#[tokio::test]
async fn a_long_report_of_other_letters_reaches_the_service() {
    let portal = Portal::start().await;
    let page = portal.ask(&Method::GET, "/reports/new", Some(TOKEN)).await;
    // Each of these letters takes four bytes, and twelve in a form.
    let text = "%F0%90%8E%A0".repeat(20_000);
    let body = format!("text={text}&stamp={}", hidden_value(&page, "stamp"));
    let answer = send(&portal, "/reports/new", Some(TOKEN), &body).await;
    assert_eq!(answer.status, 303, "{answer:?}");
}
