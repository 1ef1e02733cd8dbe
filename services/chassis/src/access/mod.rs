//! Who may call which method: rules read from the `.proto` files, a pure decision per call, and one
//! tower layer that enforces the decision on every call.

mod decide;
mod layer;
mod rules;

pub use decide::decide;
pub use layer::{AccessLayer, Admission};
pub use rules::{Allowed, MissingRule, Rule, Rules, scopes};
