//! What identity listens to.

mod client_name;

pub use client_name::ClientName;
