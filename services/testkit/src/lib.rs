#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by a panic"
)]

pub mod bus;
pub mod caller;
pub mod example;
pub mod fake;
pub mod grpc;
pub mod keys;
pub mod matrix;
pub mod outbox;
pub mod postgres;
pub mod process;
pub mod records;
pub mod schema;

pub use bus::Bus;
pub use keys::Keys;
pub use matrix::Matrix;
pub use process::InProcess;

/// The time at which tests start: Monday 3 May 2027, 10.00 in the Netherlands.
#[must_use]
pub fn monday_morning() -> jiff::Timestamp {
    "2027-05-03T08:00:00Z".parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "`make test` passes the servers' addresses in variables")]
fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic_with(&format!("{name} is not set: run tests with `make test`, or under `zorgportaal parts --`"))
    })
}

#[expect(clippy::panic, reason = "a test fails by a panic")]
fn panic_with(message: &str) -> ! {
    panic!("{message}")
}
