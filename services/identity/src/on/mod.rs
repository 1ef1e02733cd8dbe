//! What identity listens to.

mod care;
mod client_name;

pub use care::{CareEnded, CareResumed};
pub use client_name::ClientName;
