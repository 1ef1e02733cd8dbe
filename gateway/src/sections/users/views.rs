//! The views of the pages about access.

use askama::Template;
use chassis::section;
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Section},
    identity::v1::{AccessEntry, ListAccessResponse},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{invite_form::GuestFields, person::Person};
use crate::{
    form::FormFields,
    i18n::filters,
    page::{FormState, Parent, View},
    sections::account,
};

/// The page one level above the pages about one person.
const PARENT: Parent = Parent { path: "/users", title: UsersView::TITLE };

/// The people who have access today.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/access.html")]
pub struct AccessView {
    /// The people, oldest first.
    pub people: Vec<Person>,
}

impl AccessView {
    /// From the answer of identity.
    #[must_use]
    pub fn new(answer: ListAccessResponse, now: Timestamp) -> Self {
        let people = answer.entries.into_iter().map(Person::new).filter(|person| person.has_access(now));
        Self { people: people.collect() }
    }
}

impl View for AccessView {
    const TITLE: &'static str = "access-title";
}

/// The people who have access or were invited, with their rights.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/list.html")]
pub struct UsersView {
    /// The people, oldest first.
    pub people: Vec<Person>,
    /// Whether the person who is logged in may invite others.
    pub may_invite: bool,
}

impl UsersView {
    /// From the answer of identity.
    #[must_use]
    pub fn new(answer: ListAccessResponse) -> Self {
        Self { people: answer.entries.into_iter().map(Person::new).collect(), may_invite: answer.may_invite }
    }
}

impl View for UsersView {
    const TITLE: &'static str = "users-title";

    fn parent(&self) -> Option<Parent> {
        Some(account::PARENT)
    }
}

/// The form that adds a person.
#[derive(Default, Serialize, ToSchema, Template)]
#[template(path = "pages/users/invite.html")]
pub struct InviteView {
    #[serde(skip)]
    pub fields: GuestFields,
    #[serde(skip)]
    pub form: FormState,
}

impl View for InviteView {
    const TITLE: &'static str = "invite-title";

    fn parent(&self) -> Option<Parent> {
        Some(PARENT)
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The rights of one person, to tick.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/rights.html")]
pub struct RightsView {
    /// The person.
    pub person: Person,
    /// All rights that the person who is logged in may give, and which of them are given.
    pub ticks: Vec<SectionTicks>,
    #[serde(skip)]
    pub form: FormState,
}

/// The rights that may be given in one section.
#[derive(Serialize, ToSchema)]
pub struct SectionTicks {
    /// The section.
    pub section: &'static str,
    /// Each action that may be given, and whether it is given.
    pub ticks: Vec<Tick>,
}

/// A right that may be given.
#[derive(Serialize, ToSchema)]
pub struct Tick {
    /// `view` or `write`.
    pub action: &'static str,
    /// Whether the right is given.
    pub is_given: bool,
}

impl RightsView {
    /// All rights that the signed-in person may give; those that the shown access entry has are ticked.
    #[must_use]
    pub fn new(entry: AccessEntry, givable: &[Grant]) -> Self {
        let has = |section: Section, action: i32| {
            entry.grants.iter().any(|grant| grant.section() == section && grant.actions.contains(&action))
        };
        let ticks = givable.iter().map(|grant| SectionTicks {
            section: section::name(grant.section()),
            ticks: grant
                .actions
                .iter()
                .map(|&action| Tick {
                    action: section::action_name(Action::try_from(action).unwrap_or_default()),
                    is_given: has(grant.section(), action),
                })
                .collect(),
        });
        Self { ticks: ticks.collect(), person: Person::new(entry), form: FormState::default() }
    }

    /// The same page, with the ticks as the form sent them.
    #[must_use]
    pub fn with_ticks(mut self, sent: &[Grant]) -> Self {
        for row in &mut self.ticks {
            let actions = sent.iter().filter(|grant| section::name(grant.section()) == row.section);
            let actions: Vec<&str> = actions
                .flat_map(|grant| &grant.actions)
                .map(|action| section::action_name(Action::try_from(*action).unwrap_or_default()))
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

    fn parent(&self) -> Option<Parent> {
        Some(PARENT)
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// Asks whether to end a person's access.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/users/end.html")]
pub struct EndView {
    /// The person.
    pub person: Person,
    /// Whether an invitation is withdrawn; else access is ended.
    pub is_invitation: bool,
}

impl EndView {
    /// The question for an entry.
    #[must_use]
    pub fn new(entry: AccessEntry) -> Self {
        let person = Person::new(entry);
        Self { is_invitation: person.is_invitation(), person }
    }
}

impl View for EndView {
    const TITLE: &'static str = "end-title";

    fn title(&self) -> &'static str {
        if self.is_invitation { "withdraw" } else { Self::TITLE }
    }

    fn parent(&self) -> Option<Parent> {
        Some(PARENT)
    }
}
