//! The timeline: the records of all sections that the person may view, newest first (V33, H27–H28).

use axum::extract::{Query, State};
use chassis::channel::Channel;
use proto::{
    access::v1::Section,
    dossier::v1::{
        Entry as Found, ListTimelineRequest, Listing, Selection, dossier_service_client::DossierServiceClient,
    },
    identity::v1::MenuHeading,
};
use tonic::Status;
use utoipa_axum::routes;

use super::{
    kind::Place,
    list::{self, Filter},
    table::{self, AnyRecord},
    views::RecordsView,
};
use crate::{app::App, form::Routes, page::Page, problem::Problem, sections::entry::Entry, sessions::Viewer};

/// The timeline in the table of sections. The start page shows each section in a panel of its own.
pub const TIMELINE: Entry = Entry {
    section: Section::Timeline,
    path: AnyRecord::PATH,
    word: "timeline-menu",
    heading: MenuHeading::Care,
    also: &[],
    panel: None,
};

impl Place for AnyRecord {
    const SECTION: Section = Section::Timeline;
    const PATH: &'static str = "/timeline";
    const TITLE: &'static str = "timeline-title";

    fn live() -> Vec<&'static str> {
        table::names().collect()
    }

    async fn list(
        mut dossier: DossierServiceClient<Channel>,
        selection: Selection,
    ) -> Result<Listing, Status> {
        let request = ListTimelineRequest { selection: Some(selection) };
        Ok(dossier.list_timeline(request).await?.into_inner().listing.unwrap_or_default())
    }

    async fn get(_: DossierServiceClient<Channel>, _: String) -> Result<Found, Status> {
        // Each record has its page in its own section.
        Err(Status::not_found("NOT_FOUND"))
    }
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new().page(routes!(show))
}

/// The records of all sections that the person may view, newest first.
#[utoipa::path(get, path = "/timeline", tag = "dossier", params(Filter), security(("session" = [])),
    responses((status = 200, body = RecordsView<AnyRecord>)))]
async fn show(
    State(app): State<App>,
    Viewer(session): Viewer,
    filter: Query<Filter>,
) -> Result<Page, Problem> {
    list::list::<AnyRecord>(&app, &session, filter).await
}
