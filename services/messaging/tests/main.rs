//! Tests of messaging on a real Postgres, with a real SMTP server and an SMS provider over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod delivery;
mod providers;
mod schema;
mod support;
