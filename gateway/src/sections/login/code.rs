//! The second step of a login: sending a code and checking the typed code.

use axum::extract::{Query, State};
use proto::identity::v1::{ResendCodeRequest, SendCodeRequest, VerifyCodeRequest};

use super::{
    attempt::Attempt,
    forms::{CodeFields, CodeRequest, TypedCode},
    progress::Progress,
    views,
};
use crate::{
    app::App,
    browser::Browser,
    continuation::{Continuation, Next},
    cookie,
    form::Input,
    page::Page,
    problem::Problem,
};

/// The form for the code; or, before a code was sent, the form that asks to send one.
#[utoipa::path(get, path = "/login/code", tag = "login", params(Next),
    responses((status = 200, body = views::CodeView)))]
pub async fn show(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    attempt.page(&app, Continuation::to(next), "/login/code").await
}

/// The form for the code that was sent because the device is new (V5, H4).
#[utoipa::path(get, path = "/login/device", tag = "login", params(Next),
    responses((status = 200, body = views::CodeView)))]
pub async fn show_device(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    attempt.page(&app, Continuation::to(next), "/login/device").await
}

/// Check the code (T15–T17, P31). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/code", tag = "login", request_body = TypedCode,
    responses((status = 200, body = Progress), (status = 422, description = "The code is wrong or expired")))]
pub async fn submit(
    State(app): State<App>,
    attempt: Attempt,
    browser: Browser,
    Input(form): Input<TypedCode>,
) -> Result<Page, Problem> {
    check(&app, attempt, browser, form).await
}

/// Check the code for a new device (V7, H6). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/device", tag = "login", request_body = TypedCode,
    responses((status = 200, body = Progress), (status = 422, description = "The code is wrong or expired")))]
pub async fn submit_device(
    State(app): State<App>,
    attempt: Attempt,
    browser: Browser,
    Input(form): Input<TypedCode>,
) -> Result<Page, Problem> {
    check(&app, attempt, browser, form).await
}

async fn check(app: &App, attempt: Attempt, browser: Browser, form: TypedCode) -> Result<Page, Problem> {
    if let Err(problem) = Problem::of_missing(&[(CodeFields::default().code.name, &form.code)]) {
        return attempt.show_again(app, form.continuation(), problem, "").await;
    }
    let request = VerifyCodeRequest {
        login_token: attempt.token.clone(),
        code: form.code.clone(),
        device_name: browser.name,
    };
    let verified = app.services.identity()?.verify_code(request).await.map(|it| it.into_inner().progress);
    attempt.after_step(app, form.continuation(), verified, &form.code).await
}

/// Send the code, where the person asks for it (P27, R13). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/code/send", tag = "login", request_body = CodeRequest,
    responses((status = 200, body = Progress), (status = 422, description = "Not a telephone number")))]
pub async fn send(
    State(app): State<App>,
    attempt: Attempt,
    browser: Browser,
    Input(form): Input<CodeRequest>,
) -> Result<Page, Problem> {
    let request = SendCodeRequest {
        login_token: attempt.token.clone(),
        phone: form.phone.clone(),
        address: browser.address,
    };
    let sent = app.services.identity()?.send_code(request).await;
    attempt.after_step(&app, form.continuation(), sent.map(|it| it.into_inner().progress), &form.phone).await
}

/// Send a new code (T18). The former code is void.
#[utoipa::path(post, path = "/login/code/resend", tag = "login", request_body = CodeRequest,
    responses((status = 200, body = Progress), (status = 429, description = "Too soon, or too many codes")))]
pub async fn resend(
    State(app): State<App>,
    attempt: Attempt,
    browser: Browser,
    Input(form): Input<CodeRequest>,
) -> Result<Page, Problem> {
    let request = ResendCodeRequest { login_token: attempt.token.clone(), address: browser.address };
    let sent = app.services.identity()?.resend_code(request).await.map(|it| it.into_inner().progress);
    let is_sent = sent.as_ref().is_ok_and(|sent| sent.as_ref().is_some_and(|it| it.code.is_some()));
    let page = attempt.after_step(&app, form.continuation(), sent, "").await?;
    Ok(if is_sent { page.with_cookie(cookie::flash("code-sent-again")) } else { page })
}
