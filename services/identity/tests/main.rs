//! Tests of identity through its RPCs, on a real Postgres. Its events are read from its outbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod account;
mod invitations;
mod login;
mod model;
mod organisation;
mod password;
mod person;
mod rights;
mod same_work;
mod schema;
mod session;
mod support;
mod system_account;
mod throttle;
mod trail;
mod ways_in;
