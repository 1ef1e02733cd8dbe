//! A panel of the start page: what is newest in one section.

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, problem::Problem, session::Session};

/// Calls a service for the rows of a panel, newest first.
pub type Panel = for<'a> fn(&'a App, &'a Session) -> BoxFuture<'a, Result<Vec<PanelRow>, Problem>>;

/// A row of a panel.
#[derive(Serialize, ToSchema)]
pub struct PanelRow {
    /// The id of what the row shows.
    pub id: String,
    /// When it was written.
    pub at: Timestamp,
    /// The text. Pages show its first two lines.
    pub text: String,
    /// Who wrote it.
    pub by: String,
}
