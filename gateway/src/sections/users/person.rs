//! A person who has access or was invited.

use chassis::{section, time};
use jiff::{SignedDuration, Timestamp};
use proto::{
    access::v1::{Action, Grant},
    identity::v1::{AccessEntry, InvitationState, RelationKind},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A person who has access or was invited.
#[derive(Serialize, ToSchema)]
pub struct Person {
    /// The id of the access.
    pub id: String,
    /// The name.
    pub name: String,
    /// `client`, `representative`, `relative` or `third-party`.
    pub relation: &'static str,
    /// The person's rights: the sections of each action.
    pub rights: Vec<Right>,
    /// When the access begins; null: not known.
    pub since: Option<Timestamp>,
    /// The last moment of the access; null: no end is known.
    pub until: Option<Timestamp>,
    /// The ground of the access, such as `invitation`.
    pub ground: String,
    /// How far an invitation is: `none`, `added`, `sent`, `accepted` or `expired`.
    pub invitation: &'static str,
    /// Whether the person is the one who is logged in.
    pub is_self: bool,
    /// Whether the person who is logged in may change these rights.
    pub may_change: bool,
}

/// An action and the sections in which it may be done.
#[derive(Serialize, ToSchema)]
pub struct Right {
    /// `view`, `write` or `sign`.
    pub action: &'static str,
    /// The sections in which the action may be done.
    pub sections: Vec<&'static str>,
}

impl Right {
    fn list(grants: &[Grant]) -> Vec<Self> {
        let right = |action: Action| {
            let held = grants.iter().filter(|grant| grant.actions.contains(&i32::from(action)));
            let sections: Vec<_> = held.map(|grant| section::name(grant.section())).collect();
            (!sections.is_empty()).then_some(Self { action: section::action_name(action), sections })
        };
        section::ACTIONS.into_iter().filter_map(right).collect()
    }
}

impl Person {
    #[must_use]
    pub fn new(entry: AccessEntry) -> Self {
        Self {
            relation: match entry.relation() {
                RelationKind::Unspecified | RelationKind::ThirdParty => "third-party",
                RelationKind::Client => "client",
                RelationKind::Representative => "representative",
                RelationKind::Relative => "relative",
            },
            rights: Right::list(&entry.grants),
            since: time::from_proto(entry.valid_from.as_ref()),
            // `valid_until` is the first moment without access; people read the last day with access.
            until: time::from_proto(entry.valid_until.as_ref()).map(|end| end - SignedDuration::from_secs(1)),
            invitation: match entry.invitation() {
                InvitationState::Unspecified | InvitationState::Withdrawn | InvitationState::Declined => {
                    "none"
                }
                InvitationState::Added => "added",
                InvitationState::Sent => "sent",
                InvitationState::Accepted => "accepted",
                InvitationState::Expired => "expired",
            },
            id: entry.access_id,
            name: entry.name,
            ground: entry.ground,
            is_self: entry.is_caller,
            may_change: entry.may_change,
        }
    }

    /// Whether the person has access now: no invitation waits, and the access has begun.
    #[must_use]
    pub fn has_access(&self, now: Timestamp) -> bool {
        ["none", "accepted"].contains(&self.invitation) && self.since.is_none_or(|since| since <= now)
    }

    /// Whether the person has not accepted an invitation yet.
    #[must_use]
    pub fn is_invitation(&self) -> bool {
        ["added", "sent", "expired"].contains(&self.invitation)
    }

    /// Whether an invitation can be sent again.
    #[must_use]
    pub fn can_resend(&self) -> bool {
        ["sent", "expired"].contains(&self.invitation)
    }
}
