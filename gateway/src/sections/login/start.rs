//! The first step: user name and password.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
};
use proto::identity::v1::StartLoginRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Attempt, LoginProgress, Next, views::LoginView};
use crate::{
    app::App,
    form::{Input, safe_next, with_next},
    organisation::Organisation,
    page::Page,
    problem::Problem,
    render::ORGANISATION,
    session::{self, Session},
};

/// User name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The organisation's name, where the host does not tell it (T12).
    #[serde(default)]
    organisation: String,
    /// The user name.
    #[serde(default)]
    username: String,
    /// The password.
    #[serde(default)]
    password: String,
    /// The page to go to afterwards.
    next: Option<String>,
}

/// The form. Who is logged in already goes on.
#[utoipa::path(get, path = "/login", tag = "login", params(Next), responses((status = 200, body = LoginView)))]
pub async fn show(
    organisation: Option<Extension<Arc<Organisation>>>,
    session: Option<Extension<Arc<Session>>>,
    Query(Next { next }): Query<Next>,
) -> Page {
    let view = LoginView { asks_organisation: organisation.is_none(), next, ..LoginView::default() };
    if session.is_some() {
        let path = safe_next(view.next.as_deref()).unwrap_or_else(|| "/".to_owned());
        return Page::done(&view, path);
    }
    Page::show(view)
}

/// Begin a login: the right password sends a code (T8–T16).
#[utoipa::path(post, path = "/login", tag = "login", request_body = Credentials,
    responses((status = 200, body = LoginProgress), (status = 422, description = "One answer for whatever is wrong")))]
pub async fn submit(
    State(app): State<App>,
    by_host: Option<Extension<Arc<Organisation>>>,
    Input(form): Input<Credentials>,
) -> Result<Page, Problem> {
    let typed = by_host.is_none() || !form.organisation.is_empty();
    let organisation = if typed {
        app.organisations.by_name(&form.organisation).await?
    } else {
        by_host.map(|Extension(organisation)| organisation)
    };
    let request = StartLoginRequest {
        // An unknown organisation takes the same way, so that the answer does not tell.
        organisation_id: organisation.as_ref().map(|found| found.id.clone()).unwrap_or_default(),
        username: form.username.clone(),
        password: form.password,
    };
    match app.clients.identity()?.start_login(request).await {
        Ok(started) => {
            let started = started.into_inner();
            let path = with_next("/login/code", form.next.as_deref());
            let cookie = Attempt::cookie(&started.login_token, &started.code_sent_to);
            let progress = LoginProgress {
                step: "code",
                login_token: Some(started.login_token),
                code_sent_to: Some(started.code_sent_to),
                code_life_seconds: Some(started.code_life_seconds),
                session_token: None,
            };
            let page = Page::done(&progress, path).with_cookie(cookie);
            let name = organisation.filter(|_| typed).map(|found| found.settings.key.clone());
            Ok(match name {
                Some(name) => page.with_cookie(session::cookie(ORGANISATION, name)),
                None => page,
            })
        }
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            // The password field comes back empty, the rest as it was typed.
            let view = LoginView {
                asks_organisation: typed,
                organisation: form.organisation,
                username: form.username,
                next: form.next,
                problem: Some(problem.word()),
            };
            Err(problem.with_form(view))
        }
    }
}
