//! The session behind a request, as identity describes it.

use proto::{
    access::v1::{Action, Section},
    identity::v1::ResolveSessionResponse,
};

/// A session, with the token to act on its behalf.
#[derive(Debug)]
pub struct Session {
    /// The token for calls to services on behalf of the session: a JWT that is valid for 60 seconds.
    pub token: String,
    /// What identity knows of the session: account, chosen client, grants, preferences.
    pub facts: ResolveSessionResponse,
}

impl Session {
    /// Whether the grants on the chosen client allow the action. Only for what pages show: the services
    /// decide.
    #[must_use]
    pub fn allows(&self, section: Section, action: Action) -> bool {
        self.facts
            .grants
            .iter()
            .any(|grant| grant.section() == section && grant.actions.contains(&i32::from(action)))
    }

    /// Whether the person has several clients and has chosen none yet.
    #[must_use]
    pub fn has_to_choose_client(&self) -> bool {
        self.facts.clients > 1 && self.facts.client_id.is_empty()
    }
}
