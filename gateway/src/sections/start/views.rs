//! The view of the start page.

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{i18n::filters, page::View, panel::PanelRow};

/// What is newest in one section.
#[derive(Serialize, ToSchema)]
pub struct PanelView {
    /// The section, such as `reports`.
    pub section: &'static str,
    /// The path of the section's page.
    #[serde(skip)]
    pub path: &'static str,
    /// The newest, at most three.
    pub rows: Vec<PanelRow>,
    /// How many things the section has: at most 100, and then there may be more (H13).
    pub count: i32,
    /// Whether the person must give a code before the section shows anything.
    pub is_locked: bool,
}

impl PanelView {
    /// Whether the section has nothing to show or to lead to.
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.count == 0 && !self.is_locked
    }

    /// The Fluent key of the text in the place of rows.
    fn no_rows(&self) -> String {
        if self.is_locked {
            "panel-locked".to_owned()
        } else if self.count > 0 {
            "panel-older".to_owned()
        } else {
            self.word("none")
        }
    }

    /// How many things the section has, for people; empty: the section has none.
    fn shown_count(&self) -> String {
        match self.count {
            0 => String::new(),
            100.. => " (99+)".to_owned(),
            count => format!(" ({count})"),
        }
    }

    /// The Fluent key of the panel's text with this end.
    fn word(&self, end: &str) -> String {
        format!("{}-{end}", self.section)
    }
}

/// The start page.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/start/show.html")]
pub struct StartView {
    /// The name of the person who is logged in.
    pub name: String,
    /// The person's user name (R43); empty for somebody who acts in the person's name.
    pub username: String,
    /// A panel for each section that the person may view, in the order of the menu.
    pub panels: Vec<PanelView>,
    /// Whether panels without a row are shown.
    #[serde(skip)]
    pub shows_empty: bool,
    /// When the person logged in before this login; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
}

impl StartView {
    /// The panels that the page shows. An empty panel disappears, unless the organisation shows what is empty (R62).
    fn shown(&self) -> impl Iterator<Item = &PanelView> {
        self.panels.iter().filter(|panel| self.shows_empty || !panel.is_empty())
    }

    /// The names of the sections whose news changes the page.
    fn live(&self) -> String {
        self.panels.iter().map(|panel| panel.section).collect::<Vec<_>>().join(" ")
    }
}

impl View for StartView {
    const TITLE: &'static str = "start-title";
}
