#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "a test that cannot go on panics"
)]

pub mod browser;
pub mod ecd;
pub mod load;
pub mod portal;
pub mod sink;
pub mod system;
pub mod visitor;

use std::time::Duration;

pub use browser::Browser;
pub use ecd::{Ecd, Registered};
pub use load::{Load, Observations};
pub use portal::Portal;
pub use sink::Sink;
pub use system::System;
pub use visitor::Visitor;

/// How long a test waits for something to happen before the test fails.
pub const WAIT_LIMIT: Duration = Duration::from_secs(30);

/// Calls `ask` every 20 ms until it gives an answer: the system runs in other processes, which a test can
/// only poll.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    within(WAIT_LIMIT, what, ask).await
}

/// The same, with another time limit than [`WAIT_LIMIT`].
pub async fn within<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let answered = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(limit, answered).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"))
}
