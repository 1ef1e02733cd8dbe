//! Looking along in a person's name, by a link that a staff system asked for (R60).

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
};
use proto::identity::v1::OpenImpersonationRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    cookie,
    example::Example,
    form::{FormRoute, Routes},
    i18n::filters,
    organisation::{Organisation, is_of},
    page::{Page, View},
    problem::Problem,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(show, open), FormRoute::button().without_stamp())
}

/// Asks whether to begin to look along.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/impersonate.html")]
struct ImpersonateView {
    #[serde(skip)]
    token: String,
}

impl View for ImpersonateView {
    const TITLE: &'static str = "impersonate-title";
}

/// A session in the person's name.
#[derive(Serialize, ToSchema)]
struct Opened {
    /// The session token; send it as bearer token.
    session_token: String,
}

/// The page that the link leads to. Opening the page does not use up the link.
#[utoipa::path(get, path = "/impersonate/{token}", tag = "impersonation",
    params(("token" = String, Path, description = "The token in the link")),
    responses((status = 200, body = ImpersonateView)))]
async fn show(Path(token): Path<String>) -> Page {
    Page::show(ImpersonateView { token })
}

/// Begin to look along. The link is used up, and the session lasts 30 minutes.
#[utoipa::path(post, path = "/impersonate/{token}", tag = "impersonation",
    params(("token" = String, Path, description = "The token in the link")),
    responses((status = 200, body = Opened), (status = 404, description = "The link is used up or too old")))]
async fn open(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Path(token): Path<String>,
) -> Result<Page, Problem> {
    if !is_of(organisation.as_deref().map(|it| &**it), &token) {
        return Err(Problem::not_found());
    }
    let request = OpenImpersonationRequest { impersonation_token: token };
    let opened = app.services.identity()?.open_impersonation(request).await?.into_inner();
    let cookie = cookie::make(cookie::SESSION, opened.session_token.clone());
    let session = app.sessions.resolve(&opened.session_token).await?;
    let chooses = session.is_some_and(|session| session.has_to_choose_client());
    let path = if chooses { "/clients" } else { "/" };
    Ok(Page::done(&Opened { session_token: opened.session_token }, path).with_cookie(cookie))
}

/// The page, for the style guide.
#[must_use]
pub fn examples() -> Vec<Example> {
    vec![Example::outside("impersonate", Arc::new(ImpersonateView { token: "x".to_owned() }))]
}
