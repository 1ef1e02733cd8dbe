//! The gateway: its words, its description, and every route, against a service that is not there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod openapi;
mod routes;
mod words;
