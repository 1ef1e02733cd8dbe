//! Tests of the gateway's texts, its OpenAPI description and every route, with fake services and without
//! services.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod compress;
mod forms;
mod html;
mod live;
mod openapi;
mod outside;
mod routes;
mod support;
mod words;
