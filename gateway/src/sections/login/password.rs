//! Choosing a password: at the first login, after a temporary password, or because the password has expired.

use axum::extract::{Query, State};
use proto::identity::v1::SetOwnPasswordRequest;

use super::{
    attempt::Attempt,
    forms::{OwnPassword, OwnPasswordFields},
    progress::Progress,
    views::OwnPasswordView,
};
use crate::{
    app::App,
    continuation::{Continuation, Next},
    form::Input,
    page::Page,
    problem::Problem,
    sections::password::are_same,
};

/// The form for a new password, with the rules for it.
#[utoipa::path(get, path = "/login/password", tag = "login", params(Next),
    responses((status = 200, body = OwnPasswordView)))]
pub async fn show(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    attempt.page(&app, Continuation::to(next), "/login/password").await
}

/// Set a password of one's own (T19–T24, P34–P39, V8–V10, R11). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/password", tag = "login", request_body = OwnPassword,
    responses((status = 200, body = Progress), (status = 422, description = "The fields that are wrong")))]
pub async fn submit(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<OwnPassword>,
) -> Result<Page, Problem> {
    let continuation = form.continuation();
    let names = OwnPasswordFields::default();
    let typed = Problem::of_missing(&[
        (names.current_password.name, &form.current_password),
        (names.new_password.name, &form.new_password),
        (names.repeat_password.name, &form.repeat_password),
    ]);
    let typed =
        typed.and_then(|()| are_same(&form.new_password, &form.repeat_password, names.repeat_password.name));
    if let Err(problem) = typed {
        return attempt.show_again(&app, continuation, problem, "").await;
    }
    let request = SetOwnPasswordRequest {
        login_token: attempt.token.clone(),
        current_password: form.current_password,
        new_password: form.new_password,
    };
    let set = app.services.identity()?.set_own_password(request).await;
    attempt.after_step(&app, continuation, set.map(|it| it.into_inner().progress), "").await
}
