//! Who may call which method: rules from the contract, a pure decision, and one layer that enforces it.

mod decide;
mod layer;
mod rules;

pub use decide::decide;
pub use layer::{AccessLayer, Admission};
pub use rules::{Allowed, MissingRule, Rule, Rules, scopes};
