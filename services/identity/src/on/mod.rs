//! The events of other services that identity handles.

mod care;
mod client_name;

pub use care::{CareEnded, CareResumed};
pub use client_name::ClientName;
