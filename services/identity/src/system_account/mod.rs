//! Systems of an organisation: a credential that is given out once, and short-lived tokens for it.

pub mod rpc;
mod table;
