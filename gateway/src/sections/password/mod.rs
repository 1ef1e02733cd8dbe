//! A forgotten password: asking for help, and choosing a new one by a link.

mod views;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use proto::identity::v1::{FinishPasswordResetRequest, StartPasswordResetRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::views::{ForgottenView, ResetView};
use crate::{
    app::App,
    browser::Browser,
    form::{Input, are_same},
    organisation::Organisation,
    page::Page,
    problem::Problem,
    render::FLASH,
    session,
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, submit)).routes(routes!(show_reset, reset))
}

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    /// The organisation's name, where the host does not tell it (T27).
    #[serde(default)]
    organisation: String,
    /// The user name.
    #[serde(default)]
    username: String,
    /// The e-mail address, where the organisation asks for it (V13).
    #[serde(default)]
    email: String,
}

/// That it was asked for; the same for everybody.
#[derive(Serialize, ToSchema)]
struct Asked {
    /// Always true.
    asked: bool,
}

/// The form.
#[utoipa::path(get, path = "/password/forgotten", tag = "password", responses((status = 200, body = ForgottenView)))]
async fn show(organisation: Option<Extension<Arc<Organisation>>>) -> Page {
    Page::show(ForgottenView::of(organisation.as_deref().map(|it| &**it)))
}

/// Ask for a new password (T26–T30, V12–V14, H8–H9). The answer is the same whoever it is.
#[utoipa::path(post, path = "/password/forgotten", tag = "password", request_body = Forgotten,
    responses((status = 200, body = Asked)))]
async fn submit(
    State(app): State<App>,
    by_host: Option<Extension<Arc<Organisation>>>,
    browser: Browser,
    Input(form): Input<Forgotten>,
) -> Result<Page, Problem> {
    let organisation = match by_host {
        Some(Extension(organisation)) if form.organisation.is_empty() => Some(organisation),
        _ => app.organisations.by_name(&form.organisation).await?,
    };
    let request = StartPasswordResetRequest {
        organisation_id: organisation.map(|found| found.id.clone()).unwrap_or_default(),
        username: form.username,
        email: form.email,
        address: browser.address,
    };
    app.clients.identity()?.start_password_reset(request).await?;
    let flash = session::cookie(FLASH, "reset-asked".to_owned());
    Ok(Page::done(&Asked { asked: true }, "/login").with_cookie(flash))
}

/// A new password by a link (V16).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Replacement {
    /// The user name.
    #[serde(default)]
    username: String,
    /// The new password.
    #[serde(default)]
    new_password: String,
    /// The new password again.
    #[serde(default)]
    repeat_password: String,
}

/// That the new password holds.
#[derive(Serialize, ToSchema)]
struct Reset {
    /// Always true.
    reset: bool,
}

/// The form that a link leads to (V15).
#[utoipa::path(get, path = "/password/reset/{token}", tag = "password",
    params(("token" = String, Path, description = "As it was sent")), responses((status = 200, body = ResetView)))]
async fn show_reset(Path(token): Path<String>) -> Page {
    Page::show(ResetView { token, ..ResetView::default() })
}

/// Set a new password by a link (V16–V17). Logging in asks for the second factor.
#[utoipa::path(post, path = "/password/reset/{token}", tag = "password", request_body = Replacement,
    params(("token" = String, Path, description = "As it was sent")), responses((status = 200, body = Reset)))]
async fn reset(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Path(token): Path<String>,
    Input(form): Input<Replacement>,
) -> Result<Page, Problem> {
    let refused = |problem: Problem, username: String, token: String| {
        if problem.reason == "LINK_EXPIRED" {
            let view = ForgottenView::of(organisation.as_deref().map(|it| &**it));
            return problem.clone().with_form(ForgottenView { problem: Some(problem.word()), ..view });
        }
        if !problem.is_about_input() {
            return problem;
        }
        problem.clone().with_form(ResetView { token, username, problem: Some(problem) })
    };
    if let Err(problem) = are_same(&form.new_password, &form.repeat_password) {
        return Err(refused(problem, form.username, token));
    }
    let request = FinishPasswordResetRequest {
        reset_token: token.clone(),
        username: form.username.clone(),
        new_password: form.new_password,
    };
    match app.clients.identity()?.finish_password_reset(request).await {
        Ok(_) => {
            let flash = session::cookie(FLASH, "password-changed".to_owned());
            Ok(Page::done(&Reset { reset: true }, "/login").with_cookie(flash))
        }
        Err(status) => Err(refused(status.into(), form.username, token)),
    }
}
