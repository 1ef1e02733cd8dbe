//! Who has access to the chosen client's dossier: seeing it, inviting people, giving rights, ending access.

mod examples;
mod invite;
mod invite_form;
mod list;
mod person;
mod rights;
mod views;

use utoipa_axum::routes;

pub use self::examples::examples;
use crate::form::{FormRoute, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .page(routes!(list::show_access))
        .page(routes!(list::show))
        .form(routes!(invite::show, invite::submit), FormRoute::of::<invite_form::Guest>())
        .form(routes!(rights::show, rights::submit), FormRoute::of::<rights::Rights>())
        .form(routes!(rights::show_end, rights::end), FormRoute::button())
        .form(routes!(rights::resend), FormRoute::button().on_page("/users"))
}
