//! The handlers of the events that messaging consumes.

mod account_removed;

pub use account_removed::AccountRemoved;
