//! At the first login: an own password.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
};
use proto::identity::v1::SetOwnPasswordRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Attempt, LoginProgress, Next, logged_in, views::OwnPasswordView};
use crate::{app::App, form::Input, organisation::Organisation, page::Page, problem::Problem};

/// A new password (T20–T22).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// The password that was sent.
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
}

fn least(organisation: Option<&Organisation>) -> i32 {
    organisation.and_then(|found| found.settings.password).map_or(8, |password| password.min_length)
}

/// The form, with the rules before anything is typed.
#[utoipa::path(get, path = "/login/password", tag = "login", params(Next),
    responses((status = 200, body = OwnPasswordView)))]
pub async fn show(
    organisation: Option<Extension<Arc<Organisation>>>,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    Attempt::of(&headers)?;
    let min_length = least(organisation.as_ref().map(|found| &*found.0));
    Ok(Page::show(OwnPasswordView { min_length, next, problem: None }))
}

/// Set an own password, and be logged in (T19–T24). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/password", tag = "login", request_body = OwnPassword,
    responses((status = 200, body = LoginProgress), (status = 422, description = "The fields that are wrong")))]
pub async fn submit(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    headers: HeaderMap,
    Input(form): Input<OwnPassword>,
) -> Result<Page, Problem> {
    let attempt = Attempt::of(&headers)?;
    let min_length = least(organisation.as_ref().map(|found| &*found.0));
    let again = |problem: Problem, next: Option<String>| {
        let view = OwnPasswordView { min_length, next, problem: Some(problem.clone()) };
        problem.with_form(view)
    };
    if form.new_password != form.repeat_password {
        let problem = Problem::shared(StatusCode::UNPROCESSABLE_ENTITY, "PASSWORDS_DIFFER");
        let fields = vec![("repeat_password".to_owned(), problem.reason.clone())];
        return Err(again(Problem { fields, ..problem }, form.next));
    }
    let request = SetOwnPasswordRequest {
        login_token: attempt.token,
        current_password: form.current_password,
        new_password: form.new_password,
    };
    match app.clients.identity()?.set_own_password(request).await {
        Ok(set) => Ok(logged_in(set.into_inner().session_token, form.next.as_deref())),
        Err(status) => {
            let problem = Problem::from(status);
            Err(if problem.is_about_input() { again(problem, form.next) } else { problem })
        }
    }
}
