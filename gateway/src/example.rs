//! Examples for the style guide: the states of each page, with the hardest content that people may bring.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proto::Reason;

use crate::{page::AnyView, problem::Problem};

/// A state of a page.
pub struct Example {
    /// The name, in the address: the page, then the state.
    pub name: &'static str,
    /// The page.
    pub view: Arc<dyn AnyView>,
    /// Whether somebody is logged in.
    pub has_session: bool,
    /// Whether somebody looks along.
    pub is_impersonated: bool,
}

impl Example {
    /// A page of somebody who is logged in.
    #[must_use]
    pub fn inside(name: &'static str, view: impl AnyView + 'static) -> Self {
        Self { name, view: Arc::new(view), has_session: true, is_impersonated: false }
    }

    /// A page before the login.
    #[must_use]
    pub fn outside(name: &'static str, view: Arc<dyn AnyView>) -> Self {
        Self { name, view, has_session: false, is_impersonated: false }
    }
}

/// A name with a surname of 80 characters.
#[must_use]
pub fn long_name() -> String {
    format!("mevrouw {}", "Wolfeschlegelsteinhausenbergerdorff".chars().cycle().take(80).collect::<String>())
}

/// A name that is read from right to left.
pub const ARABIC_NAME: &str = "فاطمة الزهراء";

/// A text with a word of 1,000 characters, and characters that HTML knows.
#[must_use]
pub fn long_text() -> String {
    let word: String = "Zorgverzekeringsmaatschappij".chars().cycle().take(1000).collect();
    format!("De <b>ochtendzorg</b> & de medicatie zijn gegeven.\n\nBijzonderheden: {word}")
}

/// A time, `days` days before today in the examples.
#[must_use]
pub fn days_ago(days: i64) -> Timestamp {
    // 20 March 2027, 11:38 in the Netherlands.
    let today = Timestamp::from_second(1_805_539_080).unwrap_or_default();
    today - SignedDuration::from_hours(24 * days)
}

/// A problem with these fields.
#[must_use]
pub fn problem_of(fields: &[(&str, Reason)]) -> Problem {
    let fields: Vec<_> = fields.iter().map(|(name, reason)| ((*name).to_owned(), *reason)).collect();
    let first = fields.first().map_or_else(Problem::unreadable, |(_, reason)| Problem::new(*reason));
    Problem { fields, ..first }
}
