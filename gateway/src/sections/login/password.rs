//! An own password: at the first login, after a temporary one, or because its life is over.

use axum::extract::{Query, State};
use proto::identity::v1::SetOwnPasswordRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Attempt, Progress, again, answered, step, views::OwnPasswordView};
use crate::{
    app::App,
    form::{Input, Next, are_same},
    kept::Onward,
    page::Page,
    problem::Problem,
};

/// A new password (T20–T22).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// The password that the login began with.
    #[serde(default)]
    current_password: String,
    /// The new one.
    #[serde(default)]
    new_password: String,
    /// The new one again.
    #[serde(default)]
    repeat_password: String,
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// The form, with the rules before anything is typed.
#[utoipa::path(get, path = "/login/password", tag = "login", params(Next),
    responses((status = 200, body = OwnPasswordView)))]
pub async fn show(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    step(&app, &attempt, Onward { next, kept: None }, "/login/password").await
}

/// Set an own password (T19–T24, P34–P39, V8–V10, R11). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/password", tag = "login", request_body = OwnPassword,
    responses((status = 200, body = Progress), (status = 422, description = "The fields that are wrong")))]
pub async fn submit(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<OwnPassword>,
) -> Result<Page, Problem> {
    let onward = Onward { next: form.next, kept: form.kept };
    if let Err(problem) = are_same(&form.new_password, &form.repeat_password) {
        return Err(again(&app, &attempt.token, onward, problem, "").await);
    }
    let request = SetOwnPasswordRequest {
        login_token: attempt.token.clone(),
        current_password: form.current_password,
        new_password: form.new_password,
    };
    let set = app.clients.identity()?.set_own_password(request).await;
    answered(&app, &attempt, onward, set.map(|it| it.into_inner().progress), "").await
}
