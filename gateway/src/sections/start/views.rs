//! What the start page shows.

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{i18n::filters, page::View, sections::reports::DayView};

/// The start page.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/start/show.html")]
pub struct StartView {
    /// The name of who is logged in.
    pub name: String,
    /// Their user name (R43); empty for whoever looks along in their name.
    pub username: String,
    /// The newest reports, day by day; absent where they are not for the caller.
    pub days: Option<Vec<DayView>>,
    /// When one logged in before; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
}

impl View for StartView {
    const TITLE: &'static str = "start-title";
}
