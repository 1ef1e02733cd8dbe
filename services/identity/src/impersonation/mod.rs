//! A member of staff sees the portal in an account's name (R60). A staff system gets a link that works for
//! five minutes, and the session ends after 30 minutes. The name of the person who looks is on every page and
//! in every audit record. The access rules say what is forbidden in such a session.

pub mod rpc;
pub mod table;

use jiff::SignedDuration;

/// How long the link works.
pub const LINK_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long the session lasts at most.
pub const SESSION_LIFE: SignedDuration = SignedDuration::from_mins(30);
