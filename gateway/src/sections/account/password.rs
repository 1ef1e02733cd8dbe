//! Changing one's own password.

#![expect(clippy::struct_field_names, reason = "the names are those of the JSON document")]

use askama::Template;
use axum::extract::State;
use proto::identity::v1::ChangePasswordRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    cookie,
    form::{FormFields, FormRoute, Input, Routes, form},
    i18n::filters,
    page::{FormState, Page, Parent, View},
    problem::Problem,
    sections::password::are_same,
    sessions::{OwnViewer, Viewer},
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(show, submit), FormRoute::of::<NewPassword>().of_account())
}

/// The form for a new password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/account/password.html")]
pub struct PasswordView {
    #[serde(skip)]
    pub fields: NewPasswordFields,
    #[serde(skip)]
    pub form: FormState,
}

impl View for PasswordView {
    const TITLE: &'static str = "change-password-title";

    fn parent(&self) -> Option<Parent> {
        Some(super::parent::PARENT)
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The form for a new password, with the rules for it.
#[utoipa::path(get, path = "/account/password", tag = "account", security(("session" = [])),
    responses((status = 200, body = PasswordView)))]
async fn show(_viewer: OwnViewer) -> Page {
    Page::show(PasswordView::default())
}

form! {
    /// A new password (T87, P35).
    pub struct NewPassword, shown as NewPasswordFields {
        /// The current password.
        secret current_password: String,
        /// The new password.
        #[schema(min_length = 8, max_length = 1000)]
        secret new_password: String,
        /// The new password again.
        secret repeat_password: String,
    }
}

/// The password is changed.
#[derive(Serialize, ToSchema)]
struct Changed {
    /// Always true.
    changed: bool,
}

/// Change the password (T87, P52, R44). Other sessions end.
#[utoipa::path(post, path = "/account/password", tag = "account", request_body = NewPassword,
    security(("session" = [])),
    responses((status = 200, body = Changed), (status = 422, description = "The fields that are wrong")))]
async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<NewPassword>,
) -> Result<Page, Problem> {
    let changed = async {
        let names = NewPasswordFields::default();
        Problem::of_missing(&[
            (names.current_password.name, &form.current_password),
            (names.new_password.name, &form.new_password),
            (names.repeat_password.name, &form.repeat_password),
        ])?;
        are_same(&form.new_password, &form.repeat_password, names.repeat_password.name)?;
        let request = ChangePasswordRequest {
            current_password: form.current_password.clone(),
            new_password: form.new_password.clone(),
        };
        Ok::<_, Problem>(app.services.identity_for(&session).change_password(request).await.map(drop)?)
    };
    match changed.await {
        Ok(()) => {
            let page = Page::done(&Changed { changed: true }, "/account");
            Ok(page.with_cookie(cookie::flash("password-changed")))
        }
        Err(problem) if problem.is_about_input() => {
            let fields = NewPasswordFields::filled(&form, &problem);
            let view = PasswordView { fields, form: FormState::refused(problem.clone()) };
            Ok(Page::refused(problem, view))
        }
        Err(problem) => Err(problem),
    }
}
