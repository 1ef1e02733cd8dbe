//! A forgotten password: asking for a link, and choosing a new password by the link.

mod examples;
mod forgotten;
mod repeated;
mod reset;

use utoipa_axum::routes;

pub use self::{examples::examples, repeated::are_same};
use crate::form::{FormRoute, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .form(
            routes!(forgotten::show, forgotten::submit),
            FormRoute::of::<forgotten::Forgotten>().without_stamp(),
        )
        .form(routes!(reset::show, reset::submit), FormRoute::of::<reset::Replacement>().without_stamp())
}
