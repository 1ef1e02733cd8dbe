//! Dossier over its RPCs, on a real Postgres; what it tells is read from its outbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod client;
mod import;
mod report;
mod schema;
mod support;
