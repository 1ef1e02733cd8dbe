//! What the pages about access show.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::{AccessEntry, InvitationState, ListAccessResponse, RelationKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{i18n::filters, page::View, problem::Problem};

/// A section as paths and words name it, such as `care-plans`.
pub fn section_name(section: Section) -> String {
    section.as_str_name().trim_start_matches("SECTION_").to_lowercase().replace('_', "-")
}

/// An action as words name it.
pub const fn action_name(action: Action) -> &'static str {
    match action {
        Action::Unspecified => "",
        Action::View => "view",
        Action::Write => "write",
        Action::Sign => "sign",
    }
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    Timestamp::new(at?.seconds, at?.nanos).ok()
}

/// Somebody who has access or was invited.
#[derive(Serialize, ToSchema)]
pub struct Person {
    /// The account.
    pub id: String,
    /// The name.
    pub name: String,
    /// `client`, `representative`, `relative` or `third-party`.
    pub relation: &'static str,
    /// What they may do: sections by action.
    pub rights: Vec<Right>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when; absent: no end known.
    pub until: Option<Timestamp>,
    /// On what ground.
    pub ground: String,
    /// How far an invitation is: `none`, `added`, `sent`, `accepted` or `expired`.
    pub invitation: &'static str,
    /// Whether it is oneself.
    pub is_self: bool,
    /// Whether one may change it.
    pub may_change: bool,
}

/// An action and the sections in which it may be done.
#[derive(Serialize, ToSchema)]
pub struct Right {
    /// `view`, `write` or `sign`.
    pub action: &'static str,
    /// The sections.
    pub sections: Vec<String>,
}

impl Right {
    fn of(grants: &[Grant]) -> Vec<Self> {
        let of = |action: Action| {
            let held = grants.iter().filter(|grant| grant.actions.contains(&i32::from(action)));
            let sections: Vec<String> = held.map(|grant| section_name(grant.section())).collect();
            (!sections.is_empty()).then_some(Self { action: action_name(action), sections })
        };
        [Action::View, Action::Write, Action::Sign].into_iter().filter_map(of).collect()
    }
}

impl Person {
    fn of(entry: AccessEntry) -> Self {
        Self {
            relation: match entry.relation() {
                RelationKind::Unspecified | RelationKind::ThirdParty => "third-party",
                RelationKind::Client => "client",
                RelationKind::Representative => "representative",
                RelationKind::Relative => "relative",
            },
            rights: Right::of(&entry.grants),
            since: instant(entry.valid_from.as_ref()),
            // The end is a moment; what people know is the last day before it.
            until: instant(entry.valid_until.as_ref()).map(|end| end - SignedDuration::from_secs(1)),
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

    /// Whether access holds now: no invitation waits, and it has begun.
    fn is_in(&self, now: Timestamp) -> bool {
        ["none", "accepted"].contains(&self.invitation) && self.since.is_none_or(|since| since <= now)
    }

    /// Whether an invitation can be sent again.
    fn can_resend(&self) -> bool {
        ["sent", "expired"].contains(&self.invitation)
    }
}

/// Who has access today.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/access.html")]
pub struct AccessView {
    /// The people, oldest first.
    pub people: Vec<Person>,
}

impl AccessView {
    /// Of what identity says.
    pub fn of(answer: ListAccessResponse, now: Timestamp) -> Self {
        let people = answer.entries.into_iter().map(Person::of).filter(|person| person.is_in(now));
        Self { people: people.collect() }
    }
}

impl View for AccessView {
    const TITLE: &'static str = "access-title";
}

/// Who was invited, and who has which rights.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/list.html")]
pub struct UsersView {
    /// The people, oldest first.
    pub people: Vec<Person>,
    /// Whether one may invite others.
    pub may_invite: bool,
}

impl UsersView {
    /// Of what identity says.
    pub fn of(answer: ListAccessResponse) -> Self {
        Self { people: answer.entries.into_iter().map(Person::of).collect(), may_invite: answer.may_invite }
    }
}

impl View for UsersView {
    const TITLE: &'static str = "users-title";
}

/// Somebody to invite.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/users/invite.html")]
pub struct InviteView {
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub email: String,
    #[serde(skip)]
    pub phone: String,
    #[serde(skip)]
    pub relation: String,
    #[serde(skip)]
    pub until: String,
    #[serde(skip)]
    pub problem: Option<Problem>,
}

impl InviteView {
    fn errors(&self) -> Vec<(&'static str, String)> {
        let order = ["name", "email", "phone", "relation", "valid_until"];
        self.problem.as_ref().map(|problem| problem.errors(&order)).unwrap_or_default()
    }

    fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }

    /// What went wrong with no field of the form.
    fn general(&self) -> Option<String> {
        self.problem.as_ref().filter(|_| self.errors().is_empty()).map(Problem::word)
    }
}

impl View for InviteView {
    const TITLE: &'static str = "invite-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// The rights of one person, to tick.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/rights.html")]
pub struct RightsView {
    /// Who.
    pub person: Person,
    /// All that one may give, and what is given.
    pub ticks: Vec<SectionTicks>,
    #[serde(skip)]
    pub problem: Option<String>,
}

/// What may be given in one section.
#[derive(Serialize, ToSchema)]
pub struct SectionTicks {
    /// The section.
    pub section: String,
    /// Each action that may be given, and whether it is.
    pub ticks: Vec<Tick>,
}

/// One right.
#[derive(Serialize, ToSchema)]
pub struct Tick {
    /// `view` or `write`.
    pub action: &'static str,
    /// Whether it is given.
    pub is_given: bool,
}

impl RightsView {
    /// The rights of an entry among those that can be given.
    pub fn of(entry: AccessEntry, givable: &[Grant]) -> Self {
        let has = |section: Section, action: i32| {
            entry.grants.iter().any(|grant| grant.section() == section && grant.actions.contains(&action))
        };
        let ticks = givable.iter().map(|grant| SectionTicks {
            section: section_name(grant.section()),
            ticks: grant
                .actions
                .iter()
                .map(|&action| Tick {
                    action: action_name(Action::try_from(action).unwrap_or_default()),
                    is_given: has(grant.section(), action),
                })
                .collect(),
        });
        Self { ticks: ticks.collect(), person: Person::of(entry), problem: None }
    }

    /// With the ticks as they were sent.
    pub fn ticked(mut self, sent: &[Grant]) -> Self {
        for row in &mut self.ticks {
            let actions = sent.iter().filter(|grant| section_name(grant.section()) == row.section);
            let actions: Vec<&str> = actions
                .flat_map(|grant| &grant.actions)
                .map(|action| action_name(Action::try_from(*action).unwrap_or_default()))
                .collect();
            for tick in &mut row.ticks {
                tick.is_given = actions.contains(&tick.action);
            }
        }
        self
    }
}

impl View for RightsView {
    const TITLE: &'static str = "rights-title";

    fn has_errors(&self) -> bool {
        self.problem.is_some()
    }
}

/// Asks whether to end somebody's access.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/end.html")]
pub struct EndView {
    /// Who.
    pub person: Person,
    /// Whether it is an invitation that is taken back.
    pub is_invitation: bool,
}

impl EndView {
    /// Of an entry.
    pub fn of(entry: AccessEntry) -> Self {
        let person = Person::of(entry);
        Self { is_invitation: ["added", "sent", "expired"].contains(&person.invitation), person }
    }
}

impl View for EndView {
    const TITLE: &'static str = "end-title";
}
