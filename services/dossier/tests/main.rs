//! Tests of dossier through its RPCs, on a real Postgres. Its events are read from its outbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod client;
mod import;
mod kinds;
mod migration;
mod own;
mod record;
mod report;
mod schema;
mod support;
mod timeline;
