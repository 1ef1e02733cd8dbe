//! A staff system looks along in an account's name (R60): by a link of five minutes, for 30 minutes, with its name on every
//! page and in every audit record. What may not be done so stands in the access rules.

pub mod rpc;
pub mod table;

use jiff::SignedDuration;

/// How long the link is good.
pub const LINK: SignedDuration = SignedDuration::from_mins(5);
/// How long the session lasts.
pub const LIFE: SignedDuration = SignedDuration::from_mins(30);
