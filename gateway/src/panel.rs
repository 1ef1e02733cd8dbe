//! A panel of the start page: what is newest in one section.

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, problem::Problem, session::Session};

/// Calls a service for the content of a panel.
pub type Panel = for<'a> fn(&'a App, &'a Session) -> BoxFuture<'a, Result<PanelContent, Problem>>;

/// What a panel shows.
#[derive(Debug, Default)]
pub struct PanelContent {
    /// The rows, newest first.
    pub rows: Vec<PanelRow>,
    /// How many things the section has: at most 100, and then there may be more.
    pub count: i32,
    /// Whether the person must prove more before the panel shows anything.
    pub is_locked: bool,
}

/// A row of a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelRow {
    /// The id of what the row shows.
    pub id: String,
    /// When it was written, or begins.
    pub at: Timestamp,
    /// Whether the row is about a moment: the page then shows the time of day, else the day alone.
    #[serde(skip)]
    pub is_moment: bool,
    /// The text. Pages show its first two lines.
    pub text: String,
    /// Who wrote it, or another second line; empty: none.
    pub by: String,
}
