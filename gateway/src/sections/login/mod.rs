//! Logging in, step by step, and logging out.

mod attempt;
mod code;
mod examples;
mod forms;
mod logout;
mod password;
mod progress;
mod start;
mod terms;
mod views;

use utoipa_axum::routes;

pub use self::{
    examples::examples,
    views::{LoginView, is_about_resend},
};
use crate::form::{FormRoute, Routes};

/// The routes.
pub fn routes() -> Routes {
    let code = FormRoute::of::<forms::TypedCode>().without_stamp();
    let request = FormRoute::of::<forms::CodeRequest>().without_stamp().on_page("/login/code");
    let answer = FormRoute::of::<forms::InvitationAnswer>().without_stamp();
    Routes::new()
        .form(routes!(start::show, start::submit), FormRoute::of::<forms::Credentials>().without_stamp())
        .form(routes!(code::show, code::submit), code)
        .form(routes!(code::show_device, code::submit_device), code)
        .form(routes!(code::send), request)
        .form(routes!(code::resend), request)
        .form(
            routes!(password::show, password::submit),
            FormRoute::of::<forms::OwnPassword>().without_stamp(),
        )
        .form(routes!(terms::show, terms::accept), FormRoute::of::<forms::Agreement>().without_stamp())
        .form(routes!(terms::show_invitation, terms::accept_invitation), answer)
        .form(routes!(terms::decline_invitation), answer.on_page("/login/invitation"))
        .form(routes!(logout::show, logout::submit), FormRoute::button().without_stamp())
}
