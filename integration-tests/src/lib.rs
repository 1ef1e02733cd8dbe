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
pub use load::{Book, Load};
pub use portal::Portal;
pub use sink::Sink;
pub use system::System;
pub use visitor::Visitor;

/// How long anything that must happen may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; what runs in other processes tells in no other way.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    within(PATIENCE, what, ask).await
}

/// The same, with a patience of its own.
pub async fn within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
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
    tokio::time::timeout(patience, answered)
        .await
        .unwrap_or_else(|_| panic!("not within {patience:?}: {what}"))
}
