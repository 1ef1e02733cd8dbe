//! The first step of a login: user name and password.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
};
use proto::identity::v1::StartLoginRequest;

use super::{
    attempt::proceed,
    forms::{Credentials, CredentialsFields},
    progress::Progress,
    views::LoginView,
};
use crate::{
    app::App,
    browser::Browser,
    continuation::{Continuation, Next, safe_next},
    cookie,
    form::{FormFields, Input},
    organisation::Organisation,
    page::{FormState, Page},
    problem::Problem,
    session::Session,
};

/// The form for user name and password. A person who is logged in already is sent on to the portal.
#[utoipa::path(get, path = "/login", tag = "login", params(Next), responses((status = 200, body = LoginView)))]
pub async fn show(
    organisation: Option<Extension<Arc<Organisation>>>,
    session: Option<Extension<Arc<Session>>>,
    Query(Next { next }): Query<Next>,
) -> Page {
    let path = safe_next(next.as_deref());
    let view =
        LoginView { asks_organisation: organisation.is_none(), ..LoginView::new(Continuation::to(next)) };
    if session.is_some() {
        return Page::done(&view, path.unwrap_or_else(|| "/".to_owned()));
    }
    Page::show(view)
}

/// Begin a login: only the right password leads to the next step (T8–T16).
#[utoipa::path(post, path = "/login", tag = "login", request_body = Credentials,
    responses((status = 200, body = Progress), (status = 422, description = "The same, whatever is wrong")))]
pub async fn submit(
    State(app): State<App>,
    by_host: Option<Extension<Arc<Organisation>>>,
    browser: Browser,
    Input(form): Input<Credentials>,
) -> Result<Page, Problem> {
    let is_typed = by_host.is_none() || !form.organisation.is_empty();
    let organisation = if is_typed {
        app.organisations.by_name(&form.organisation).await?
    } else {
        by_host.map(|Extension(organisation)| organisation)
    };
    let continuation = form.continuation();
    let asks_organisation = is_typed;
    let refused = |problem: Problem, continuation| {
        let fields = CredentialsFields::filled(&form, &problem);
        let form = FormState { problem: Some(problem.clone()), continuation };
        Page::refused(problem, LoginView::refused(fields, form, asks_organisation))
    };
    if let Err(problem) = missing(&form, is_typed) {
        return Ok(refused(problem, continuation));
    }
    let devices = browser.device_token.clone();
    let request = StartLoginRequest {
        // Identity is called for an unknown organisation as well, so that the answer does not reveal which
        // ones exist.
        organisation_id: organisation.as_ref().map(|found| found.id.clone()).unwrap_or_default(),
        username: form.username.clone(),
        password: form.password.clone(),
        device_token: browser.device_token,
        address: browser.address,
    };
    match app.services.identity()?.start_login(request).await {
        Ok(started) => {
            let page = proceed(&app, started.into_inner().progress, continuation, &devices).await?;
            let name = organisation.filter(|_| is_typed).map(|found| found.settings.key.clone());
            Ok(match name {
                Some(name) => page.with_cookie(cookie::make(cookie::ORGANISATION, name)),
                None => page,
            })
        }
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            Ok(refused(problem, continuation))
        }
    }
}

/// Refuses a form with an empty field, which is no try: no password is hashed, and nothing is counted.
fn missing(form: &Credentials, asks_organisation: bool) -> Result<(), Problem> {
    let names = CredentialsFields::default();
    let organisation = (names.organisation.name, form.organisation.as_str());
    let rest = [(names.username.name, form.username.as_str()), (names.password.name, form.password.as_str())];
    let asked = asks_organisation.then_some(organisation).into_iter().chain(rest);
    Problem::of_missing(&asked.collect::<Vec<_>>())
}
