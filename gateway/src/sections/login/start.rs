//! The first step: user name and password.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
};
use proto::identity::v1::StartLoginRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Progress, proceed, views::LoginView};
use crate::{
    app::App,
    browser::Browser,
    form::{Input, Next, safe_next},
    kept::Onward,
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
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// The form. Who is logged in already goes on.
#[utoipa::path(get, path = "/login", tag = "login", params(Next), responses((status = 200, body = LoginView)))]
pub async fn show(
    organisation: Option<Extension<Arc<Organisation>>>,
    session: Option<Extension<Arc<Session>>>,
    Query(Next { next }): Query<Next>,
) -> Page {
    let onward = Onward { next: next.clone(), kept: None };
    let view = LoginView { asks_organisation: organisation.is_none(), ..LoginView::again(onward) };
    if session.is_some() {
        let path = safe_next(next.as_deref()).unwrap_or_else(|| "/".to_owned());
        return Page::done(&view, path);
    }
    Page::show(view)
}

/// Begin a login: only the right password leads on (T8–T16).
#[utoipa::path(post, path = "/login", tag = "login", request_body = Credentials,
    responses((status = 200, body = Progress), (status = 422, description = "One answer for whatever is wrong")))]
pub async fn submit(
    State(app): State<App>,
    by_host: Option<Extension<Arc<Organisation>>>,
    browser: Browser,
    Input(form): Input<Credentials>,
) -> Result<Page, Problem> {
    let typed = by_host.is_none() || !form.organisation.is_empty();
    let organisation = if typed {
        app.organisations.by_name(&form.organisation).await?
    } else {
        by_host.map(|Extension(organisation)| organisation)
    };
    let onward = Onward { next: form.next, kept: form.kept };
    let devices = browser.device_token.clone();
    let request = StartLoginRequest {
        // An unknown organisation takes the same way, so that the answer does not tell.
        organisation_id: organisation.as_ref().map(|found| found.id.clone()).unwrap_or_default(),
        username: form.username.clone(),
        password: form.password,
        device_token: browser.device_token,
        address: browser.address,
    };
    match app.clients.identity()?.start_login(request).await {
        Ok(started) => {
            let page = proceed(&app, started.into_inner().progress, onward, &devices).await?;
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
                problem: Some(problem.word()),
                ..LoginView::again(onward)
            };
            Err(problem.with_form(view))
        }
    }
}
