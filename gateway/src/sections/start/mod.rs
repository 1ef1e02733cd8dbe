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
    app::App, form::Routes, organisation::Organisation, page::Page, problem::Problem, sessions::Viewer,
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
    let entries = table::visible(&session).filter_map(|entry| Some((entry, entry.panel?)));
    let panels = entries.map(|(entry, panel)| {
        let rows = panel(&app, &session);
        async move {
            Ok::<_, Problem>(PanelView {
                section: section::name(entry.section),
                path: entry.path,
                rows: rows.await?,
            })
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
        shows_empty: organisation
            .is_some_and(|found| found.settings.start.as_ref().is_some_and(|start| start.empty_panels)),
        last_login_at: time::from_proto(facts.last_login_at.as_ref()),
    }))
}
