//! The actor of a call in words.

/// How the access log describes the actor: the words that the client reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The person's or system's name.
    pub name: String,
    /// The person's relation to the client, such as `relative`; empty for systems and services.
    pub relation: String,
    /// The ground on which access was given, in the organisation's words; empty for systems and services.
    pub ground: String,
    /// The name of the impersonator who acts as this person; empty: the person acts.
    pub impersonator: String,
}
