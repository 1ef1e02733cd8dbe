//! Changing one's own password.

use askama::Template;
use axum::extract::State;
use proto::identity::v1::ChangePasswordRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    form::{Input, are_same},
    i18n::filters,
    page::{Page, View},
    problem::Problem,
    render::FLASH,
    session::{self, Viewer},
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, submit))
}

/// A new password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/account/password.html")]
struct PasswordView {
    #[serde(skip)]
    problem: Option<Problem>,
}

impl PasswordView {
    fn errors(&self) -> Vec<(&'static str, String)> {
        let order = ["current_password", "new_password", "repeat_password"];
        self.problem.as_ref().map(|problem| problem.errors(&order)).unwrap_or_default()
    }

    fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }
}

impl View for PasswordView {
    const TITLE: &'static str = "change-password-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// The form, with the rules before anything is typed.
#[utoipa::path(get, path = "/account/password", tag = "account", security(("session" = [])),
    responses((status = 200, body = PasswordView)))]
async fn show(_viewer: Viewer) -> Page {
    Page::show(PasswordView::default())
}

/// A new password (T87, P35).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON document")]
struct Change {
    /// The current one.
    #[serde(default)]
    current_password: String,
    /// The new one.
    #[serde(default)]
    new_password: String,
    /// The new one again.
    #[serde(default)]
    repeat_password: String,
}

/// That it is changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// Always true.
    changed: bool,
}

/// Change the password (T87, P52, R44). Other sessions end.
#[utoipa::path(post, path = "/account/password", tag = "account", request_body = Change, security(("session" = [])),
    responses((status = 200, body = Changed), (status = 422, description = "The fields that are wrong")))]
async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Change>,
) -> Result<Page, Problem> {
    let refused = |problem: Problem| {
        let view = PasswordView { problem: Some(problem.clone()) };
        if problem.is_about_input() { problem.with_form(view) } else { problem }
    };
    are_same(&form.new_password, &form.repeat_password).map_err(refused)?;
    let request =
        ChangePasswordRequest { current_password: form.current_password, new_password: form.new_password };
    let changed = app.clients.identity_for(&session).change_password(request).await;
    changed.map_err(|status| refused(status.into()))?;
    let flash = session::cookie(FLASH, "password-changed".to_owned());
    Ok(Page::done(&Changed { changed: true }, "/account").with_cookie(flash))
}
