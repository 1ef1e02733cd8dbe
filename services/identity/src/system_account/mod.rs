//! Accounts of an organisation's systems: a credential, shown once, is exchanged for short-lived tokens.

pub mod rpc;
mod table;
