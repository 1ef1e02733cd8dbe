//! The states of the start page, for the style guide.

use super::views::{PanelView, StartView};
use crate::{
    example::{Example, days_ago, long_name},
    sections::records,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let view = |name: String, panels: Vec<PanelView>| StartView {
        shows_empty: panels.len() > 1,
        name,
        username: "m.jansen".to_owned(),
        panels,
        last_login_at: Some(days_ago(1)),
    };
    vec![
        Example::inside("start", view("de heer M. Jansen".to_owned(), panels(1))),
        Example::inside("start-eight-panels", view(long_name(), panels(8))),
        Example::inside(
            "start-locked",
            view("de heer M. Jansen".to_owned(), vec![locked(), reports_panel(2)]),
        ),
        Example::inside("start-empty", view("de heer M. Jansen".to_owned(), vec![reports_panel(0)])),
        Example::inside("start-nothing", view("de heer M. Jansen".to_owned(), Vec::new())),
    ]
}

/// So many panels. Each shows reports, because no other section has a panel yet; the third is empty.
fn panels(count: usize) -> Vec<PanelView> {
    (0..count).map(|number| reports_panel(if number == 2 { 0 } else { 2 })).collect()
}

fn reports_panel(rows: usize) -> PanelView {
    let rows = records::panel_rows(rows);
    PanelView {
        section: "reports",
        path: "/reports",
        count: if rows.is_empty() { 0 } else { 100 },
        rows,
        is_locked: false,
    }
}

/// A panel that needs a code, and one whose newest records are not shown.
fn locked() -> PanelView {
    PanelView { is_locked: true, ..reports_panel(0) }
}
