//! The states of the pages about access, for the style guide.

use proto::{
    access::v1::{Action, Grant},
    identity::v1::{AccessEntry, ErrorReason, InvitationState, ListAccessResponse, RelationKind},
};

use super::{
    invite_form::{Guest, GuestFields},
    views::{AccessView, EndView, InviteView, RightsView, UsersView},
};
use crate::{
    example::{ARABIC_NAME, Example, days_ago, long_name, problem_of},
    form::FormFields,
    page::FormState,
};
use chassis::{section, time};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let people = vec![
        entry("mevrouw A. de Vries", RelationKind::Client, InvitationState::Unspecified),
        entry(&long_name(), RelationKind::Representative, InvitationState::Accepted),
        entry(ARABIC_NAME, RelationKind::Relative, InvitationState::Sent),
        entry("de heer P. Bos", RelationKind::ThirdParty, InvitationState::Expired),
        entry("Petra Jansen", RelationKind::Relative, InvitationState::Added),
    ];
    let list = ListAccessResponse { may_invite: true, entries: people, ..ListAccessResponse::default() };
    let typed =
        Guest { email: "geen adres".to_owned(), valid_until: "morgen".to_owned(), ..Guest::default() };
    let wrong = problem_of(&[
        ("name", ErrorReason::FieldMissing.into()),
        ("email", ErrorReason::FieldMalformed.into()),
        ("phone", ErrorReason::PhoneMalformed.into()),
        ("relation", ErrorReason::FieldMalformed.into()),
        ("valid_until", ErrorReason::EndDatePast.into()),
    ]);
    let invite = InviteView { fields: GuestFields::filled(&typed, &wrong), form: FormState::refused(wrong) };
    let added = entry(&long_name(), RelationKind::Relative, InvitationState::Added);
    let rights = RightsView::new(added.clone(), &added.grants);
    let refused = FormState::refused(problem_of(&[("grants", ErrorReason::GrantTooWide.into())]));
    let kept = entry("Petra Jansen", RelationKind::Relative, InvitationState::Accepted);
    vec![
        Example::inside("access", AccessView::new(list.clone(), days_ago(0))),
        Example::inside("users", UsersView::new(list.clone())),
        Example::inside("users-by-staff", UsersView::new(ListAccessResponse { may_invite: false, ..list })),
        Example::inside("invite", InviteView::default()),
        Example::inside("invite-wrong", invite),
        Example::inside("rights", rights),
        Example::inside(
            "rights-refused",
            RightsView { form: refused, ..RightsView::new(kept.clone(), &kept.grants) },
        ),
        Example::inside("withdraw", EndView::new(added)),
        Example::inside("end", EndView::new(kept)),
    ]
}

/// A person with access to every section.
fn entry(name: &str, relation: RelationKind, invitation: InvitationState) -> AccessEntry {
    let actions = vec![Action::View.into(), Action::Write.into()];
    AccessEntry {
        access_id: "x".to_owned(),
        name: name.to_owned(),
        relation: relation.into(),
        invitation: invitation.into(),
        grants: section::all()
            .map(|section| Grant { section: section.into(), actions: actions.clone() })
            .collect(),
        valid_from: Some(time::to_proto(days_ago(400))),
        valid_until: Some(time::to_proto(days_ago(-400))),
        ground: if invitation == InvitationState::Unspecified {
            "Toestemmingsformulier van de cliënt"
        } else {
            "invitation"
        }
        .to_owned(),
        is_caller: relation == RelationKind::Client,
        may_change: relation != RelationKind::Client,
    }
}
