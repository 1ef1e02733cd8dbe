//! Systems of an organisation: a credential that is told once, and short-lived tokens for it.

pub mod rpc;
mod store;

/// What a system may be allowed.
pub const SCOPES: [&str; 7] = [
    "identity.read",
    "identity.write",
    "identity.impersonate",
    "dossier.read",
    "dossier.write",
    "feed.read",
    "audit.verify",
];
