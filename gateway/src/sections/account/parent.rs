//! The page one level above the pages of the account.

use crate::page::Parent;

/// The page of the account.
pub const PARENT: Parent = Parent { path: "/account", title: "account-title" };
