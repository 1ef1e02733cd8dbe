//! What messaging listens to.

mod account_removed;

pub use account_removed::AccountRemoved;
