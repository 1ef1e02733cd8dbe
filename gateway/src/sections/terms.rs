//! The page with the terms, to read them again (P7).

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    example::{Example, long_name, long_text},
    form::Routes,
    i18n::filters,
    organisation::Organisation,
    page::{Page, Parent, View},
    sections::account,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().page(routes!(show))
}

/// All terms of an organisation.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/terms.html")]
struct AllTermsView {
    /// The terms of each legal entity.
    terms: Vec<Terms>,
}

/// The terms of one legal entity.
#[derive(Serialize, ToSchema)]
struct Terms {
    /// The title.
    title: String,
    /// The version.
    version: i32,
    /// The text in Dutch.
    text_nl: String,
    /// The text in English.
    text_en: String,
}

impl View for AllTermsView {
    const TITLE: &'static str = "terms-title";

    fn parent(&self) -> Option<Parent> {
        Some(account::PARENT)
    }
}

/// The terms; no session is needed.
#[utoipa::path(get, path = "/terms", tag = "terms", responses((status = 200, body = AllTermsView)))]
async fn show(organisation: Option<Extension<Arc<Organisation>>>) -> Page {
    let terms = organisation.iter().flat_map(|found| &found.settings.terms).map(|terms| Terms {
        title: terms.title.clone(),
        version: terms.version,
        text_nl: terms.text_nl.clone(),
        text_en: terms.text_en.clone(),
    });
    Page::show(AllTermsView { terms: terms.collect() })
}

/// The page, for the style guide.
#[must_use]
pub fn examples() -> Vec<Example> {
    let terms = Terms { title: long_name(), version: 1, text_nl: long_text(), text_en: long_text() };
    vec![Example::inside("terms", AllTermsView { terms: vec![terms] })]
}
