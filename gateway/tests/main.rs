//! The gateway: its words, its description, and every route, before made-up services and before none.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod forms;
mod html;
mod openapi;
mod routes;
mod support;
mod words;
