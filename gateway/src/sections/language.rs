//! Choosing the language of the pages, for this browser.

use serde::Serialize;
use utoipa_axum::routes;

use crate::{
    continuation::safe_next,
    cookie,
    describe::LanguageCode,
    form::{FormRoute, Input, Routes, form},
    i18n::Language,
    page::Page,
    problem::Problem,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().form(routes!(choose), FormRoute::of::<LanguageChoice>().without_stamp())
}

form! {
    /// A language to read in.
    #[derive(Serialize)]
    struct LanguageChoice, shown as LanguageFields {
        /// The language.
        #[schema(value_type = LanguageCode)]
        hidden language: String,
        /// The page to go back to.
        hidden next: String,
    }
}

/// Choose the language of the pages.
#[utoipa::path(post, path = "/language", tag = "preferences", request_body = LanguageChoice,
    responses((status = 200, body = LanguageChoice)))]
async fn choose(Input(choice): Input<LanguageChoice>) -> Result<Page, Problem> {
    let language = Language::of_code(&choice.language).ok_or_else(Problem::unreadable)?;
    // Going back to a step of a login is right here; `safe_next` refuses it, because a login must not lead to
    // a login.
    let is_login = choice.next.starts_with("/login") && !choice.next.starts_with("//");
    let back = if is_login { Some(choice.next.clone()) } else { safe_next(Some(&choice.next)) };
    let cookie = cookie::make(cookie::LANGUAGE, language.code().to_owned());
    Ok(Page::done(&choice, back.unwrap_or_else(|| "/".to_owned())).with_cookie(cookie))
}
