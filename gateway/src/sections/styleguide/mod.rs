//! The style guide: every component, and every page in its states, with the hardest content. For development and tests
//! alone; each address with its organisation's colours.

mod frame;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Router,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    cookie::Flash,
    error_page,
    example::{Example, long_name, long_text},
    i18n::{BothLanguages, Language, PageValues, filters},
    layout::{self, PageContext},
    organisation::Organisation,
    page::View,
    pending_form,
    problem::Problem,
    sections::{account, clients, impersonate, login, password, records, start, step_up, terms, users},
};

/// The routes; none in production.
pub fn routes(is_shown: bool) -> Router<App> {
    if !is_shown {
        return Router::new();
    }
    Router::new().route("/styleguide", get(index)).route("/styleguide/{name}", get(show))
}

/// How to show a page.
#[derive(Deserialize)]
struct Look {
    /// The text size.
    #[serde(default)]
    text: String,
    /// The language; absent: Dutch.
    language: Option<String>,
    /// The path whose menu item is current; absent: that of the style guide.
    at: Option<String>,
    /// `yes`: the page shows the message of the step before.
    #[serde(default)]
    message: String,
    /// `own`: the dossier is the person's own; else a client's with a long name.
    #[serde(default)]
    dossier: String,
}

/// The components, and links to the pages.
#[derive(Serialize, Template)]
#[template(path = "pages/styleguide.html")]
struct StyleguideView {
    /// The names of the pages.
    pages: Vec<&'static str>,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    text: String,
}

impl View for StyleguideView {
    const TITLE: &'static str = "styleguide-title";
}

/// Every state of every page.
fn examples() -> Vec<Example> {
    let of_sections = [
        login::examples,
        password::examples,
        start::examples,
        records::examples,
        clients::examples,
        users::examples,
        account::examples,
        step_up::examples,
        pending_form::examples,
        impersonate::examples,
        terms::examples,
        error_page::examples,
    ];
    of_sections.into_iter().flat_map(|examples| examples()).collect()
}

async fn index(
    app: State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    look: Query<Look>,
) -> Result<Response, Problem> {
    let pages = examples().iter().map(|example| example.name).collect();
    let view = StyleguideView { pages, name: long_name(), text: long_text() };
    answer(&app, organisation.as_deref().map(|it| &**it), &look, &Example::inside("styleguide", view))
}

async fn show(
    app: State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    look: Query<Look>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let example =
        examples().into_iter().find(|example| example.name == name).ok_or_else(Problem::not_found)?;
    answer(&app, organisation.as_deref().map(|it| &**it), &look, &example)
}

/// The page of an example, in the frame with fourteen items.
fn answer(
    app: &App,
    organisation: Option<&Organisation>,
    look: &Look,
    example: &Example,
) -> Result<Response, Problem> {
    let language = look.language.as_deref().and_then(Language::of_code).unwrap_or_default();
    let words = match organisation {
        Some(found) => found.words.of(language),
        None => BothLanguages::of_nobody().of(language),
    };
    let values = PageValues { words, is_remembered: false, stamping: None };
    let now = app.clock.now();
    let flash = (look.message == "yes").then(|| Flash { word: "rights-sent".to_owned(), name: long_name() });
    let is_client = look.dossier == "own";
    let session = example.has_session.then(|| frame::session(is_client, example.is_impersonated, now));
    let menu = organisation.and_then(|found| found.settings.menu.as_ref());
    let items = session.as_ref().map(|_| frame::items(menu.is_some_and(|menu| !menu.groups.is_empty())));
    let path = look.at.as_deref().unwrap_or("/styleguide");
    let context = PageContext {
        page_values: &values,
        organisation,
        session: session.as_ref(),
        items: &items.unwrap_or_default(),
        path,
        back: "/styleguide".to_owned(),
        text_size: if look.text.is_empty() { "normal" } else { &look.text },
        flash: flash.as_ref(),
        now,
    };
    let body = example.view.html(&values);
    let page = body.and_then(|body| layout::render(&context, &*example.view, body));
    let page = page.map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}
