//! Another language, for this browser.

use axum_extra::extract::cookie::Cookie;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    form::{Input, safe_next},
    i18n::Language,
    page::Page,
    problem::Problem,
    render::LANGUAGE,
    session,
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(choose))
}

/// A language to read in.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LanguageChoice {
    /// `nl` or `en`.
    language: String,
    /// The page to go back to.
    next: Option<String>,
}

/// Choose the language of the pages.
#[utoipa::path(post, path = "/language", tag = "preferences", request_body = LanguageChoice,
    responses((status = 200, body = LanguageChoice)))]
async fn choose(Input(choice): Input<LanguageChoice>) -> Result<Page, Problem> {
    let language = Language::of_code(&choice.language).ok_or_else(Problem::unreadable)?;
    let back = choice.next.as_deref().filter(|next| next.starts_with("/login"));
    let back = back.map(str::to_owned).or_else(|| safe_next(choice.next.as_deref()));
    let back = back.filter(|back| !back.starts_with("//")).unwrap_or_else(|| "/".to_owned());
    let cookie: Cookie<'static> = session::cookie(LANGUAGE, language.code().to_owned());
    Ok(Page::done(&choice, back).with_cookie(cookie))
}
