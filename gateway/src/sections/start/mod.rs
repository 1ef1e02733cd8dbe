//! The start page: what is new in each section.

mod examples;
mod views;

use std::sync::Arc;

use axum::{Extension, extract::State};
use chassis::{section, time};
use futures::future::try_join_all;
use utoipa_axum::routes;

pub use self::examples::examples;
use self::views::{PanelView, StartView};
use super::table;
use crate::{
    app::App, form::Routes, organisation::Organisation, page::Page, panel::PanelContent, problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().page(routes!(show))
}

/// What is new in the dossier (T24, P58, R22).
#[utoipa::path(get, path = "/", tag = "start", security(("session" = [])),
    responses((status = 200, body = StartView)))]
async fn show(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Viewer(session): Viewer,
) -> Result<Page, Problem> {
    let settings = organisation.and_then(|found| found.settings.start.clone()).unwrap_or_default();
    let mut entries: Vec<_> =
        table::visible(&session).map(|entry| (section::name(entry.section), entry)).collect();
    if !settings.panels.is_empty() {
        let place = |name: &str| settings.panels.iter().position(|wanted| wanted == name);
        entries.retain(|(name, _)| place(name).is_some());
        entries.sort_by_key(|(name, _)| place(name));
    }
    let panels = entries.into_iter().filter_map(|(name, entry)| Some((name, entry, entry.panel?)));
    let panels = panels.map(|(name, entry, panel)| {
        let content = panel(&app, &session);
        async move {
            // A section that needs a higher level does not keep the person from the others.
            let content = match content.await {
                Err(problem) if problem.asks_step_up() => {
                    PanelContent { is_locked: true, ..Default::default() }
                }
                content => content?,
            };
            let PanelContent { rows, count, is_locked } = content;
            Ok::<_, Problem>(PanelView { section: name, path: entry.path, rows, count, is_locked })
        }
    });
    // The services are called for all panels at the same time.
    let panels = try_join_all(panels).await?;
    let facts = &session.facts;
    let is_own = facts.impersonator.is_empty();
    Ok(Page::show(StartView {
        name: facts.display_name.clone(),
        username: if is_own { facts.username.clone() } else { String::new() },
        panels,
        shows_empty: settings.empty_panels,
        last_login_at: time::from_proto(facts.last_login_at.as_ref()),
    }))
}
