//! Identity over its RPCs, on a real Postgres; what it tells is read from its outbox.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "a test that cannot go on panics; these call every method of the contract"
)]

mod access;
mod account;
mod login;
mod organisation;
mod password;
mod person;
mod rights;
mod schema;
mod session;
mod support;
mod system_account;
mod throttle;
mod ways_in;
