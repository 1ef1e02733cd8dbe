//! Choosing a new password by the link that was sent.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
};
use proto::identity::v1::{ErrorReason, FinishPasswordResetRequest, GetPasswordResetRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::{forgotten::ForgottenView, repeated::are_same};
use crate::{
    app::App,
    cookie,
    form::{FormFields, Input, form},
    i18n::filters,
    organisation::{Organisation, is_of},
    page::{FormState, Page, View},
    problem::Problem,
};

form! {
    /// A new password, chosen by a link (V16).
    pub struct Replacement, shown as ReplacementFields {
        /// The user name.
        shown username: String,
        /// The new password.
        #[schema(min_length = 8, max_length = 1000)]
        secret new_password: String,
        /// The new password again.
        secret repeat_password: String,
    }
}

/// The form for a new password.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/password/reset.html")]
pub struct ResetView {
    #[serde(skip)]
    pub token: String,
    #[serde(skip)]
    pub fields: ReplacementFields,
    #[serde(skip)]
    pub form: FormState,
}

impl View for ResetView {
    const TITLE: &'static str = "reset-title";

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The new password is set.
#[derive(Serialize, ToSchema)]
pub struct Reset {
    /// Always true.
    reset: bool,
}

/// The form for a new password, to which the link leads (V15). A link that is used, too old or made up offers a new
/// link at once; opening the page uses nothing up, so that a mail scanner may open it.
#[utoipa::path(get, path = "/password/reset/{token}", tag = "password",
    params(("token" = String, Path, description = "The token in the link")),
    responses((status = 200, body = ResetView)))]
pub async fn show(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Path(token): Path<String>,
) -> Result<Page, Problem> {
    let organisation = organisation.as_deref().map(|it| &**it);
    if !is_of(organisation, &token) {
        return Ok(offer_new_link(organisation, Problem::new(ErrorReason::LinkExpired)));
    }
    let request = GetPasswordResetRequest { reset_token: token.clone() };
    match app.services.identity()?.get_password_reset(request).await.map_err(Problem::from) {
        Ok(_) => Ok(Page::show(ResetView { token, ..ResetView::default() })),
        Err(problem) if problem.is(ErrorReason::LinkExpired) => Ok(offer_new_link(organisation, problem)),
        Err(problem) => Err(problem),
    }
}

/// The form for a new link, with why the link does not work.
fn offer_new_link(organisation: Option<&Organisation>, problem: Problem) -> Page {
    let state = FormState::refused(problem.clone());
    Page::refused(problem, ForgottenView::new(organisation, state))
}

/// Set a new password by a link (V16–V17). The next login asks for the second factor.
#[utoipa::path(post, path = "/password/reset/{token}", tag = "password", request_body = Replacement,
    params(("token" = String, Path, description = "The token in the link")),
    responses((status = 200, body = Reset)))]
pub async fn submit(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Path(token): Path<String>,
    Input(form): Input<Replacement>,
) -> Result<Page, Problem> {
    let organisation = organisation.as_deref().map(|it| &**it);
    if !is_of(organisation, &token) {
        return Ok(offer_new_link(organisation, Problem::new(ErrorReason::LinkExpired)));
    }
    let replaced = async {
        let names = ReplacementFields::default();
        Problem::of_missing(&[
            (names.username.name, &form.username),
            (names.new_password.name, &form.new_password),
            (names.repeat_password.name, &form.repeat_password),
        ])?;
        are_same(&form.new_password, &form.repeat_password, names.repeat_password.name)?;
        let request = FinishPasswordResetRequest {
            reset_token: token.clone(),
            username: form.username.clone(),
            new_password: form.new_password.clone(),
        };
        Ok::<_, Problem>(app.services.identity()?.finish_password_reset(request).await.map(drop)?)
    };
    let Err(problem) = replaced.await else {
        let page = Page::done(&Reset { reset: true }, "/login");
        return Ok(page.with_cookie(cookie::flash("password-changed")));
    };
    let state = FormState::refused(problem.clone());
    if problem.is(ErrorReason::LinkExpired) {
        return Ok(offer_new_link(organisation, problem));
    }
    if !problem.is_about_input() {
        return Err(problem);
    }
    let fields = ReplacementFields::filled(&form, &problem);
    Ok(Page::refused(problem, ResetView { token, fields, form: state }))
}
