//! The rights of an account on one client's dossier and their period, and the rules for giving rights to
//! others.

mod change;
mod changeable;
pub mod rpc;
pub mod table;

use std::collections::BTreeMap;

use chassis::{
    calendar::{midnight, zone},
    id::{AccountId, ClientId},
};
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Level, Section},
    identity::v1::{AccountSettings, ErrorReason, OrganisationSettings, RelationKind},
};
use uuid::Uuid;

pub use change::{emit_changed, end};
pub use changeable::lock_changeable;

/// The allowed actions per section, both as numbers of the proto enums.
pub type Sections = BTreeMap<i32, Vec<i32>>;

/// The rights of an account on one client's dossier.
#[derive(Clone, Debug)]
pub struct AccessGrant {
    /// The id that is shown to people who may change the grant; it reveals nothing about the account.
    pub id: Uuid,
    /// The account that has the rights.
    pub account: AccountId,
    /// The client whose dossier the rights are for.
    pub client: ClientId,
    /// The client's name; empty until dossier has sent the name, and where the name is not needed.
    pub client_name: String,
    /// The person's relation to the client.
    pub relation: RelationKind,
    /// The rights.
    pub sections: Sections,
    /// The ground on which access was given, in the organisation's words.
    pub ground: String,
    /// When the rights start.
    pub valid_from: Timestamp,
    /// When the rights end; `None`: no end is planned.
    pub valid_until: Option<Timestamp>,
    /// Whether the grant is in force: not ended, and accepted if it was an invitation.
    pub active: bool,
}

impl AccessGrant {
    /// The beginning of the day on which the access began, in the Netherlands (R24).
    #[must_use]
    pub fn first_moment(&self) -> Timestamp {
        midnight(self.valid_from.to_zoned(zone()).date()).unwrap_or(self.valid_from)
    }
}

/// Merges proto grants into actions per section, each action once.
#[must_use]
pub fn by_section(grants: &[Grant]) -> Sections {
    let mut map = Sections::new();
    for grant in grants {
        let actions = map.entry(grant.section).or_default();
        actions.extend(&grant.actions);
        actions.sort_unstable();
        actions.dedup();
    }
    map
}

/// Rights as proto grants, one for each section.
#[must_use]
pub fn to_grants(sections: &Sections) -> Vec<Grant> {
    sections.iter().map(|(section, actions)| Grant { section: *section, actions: actions.clone() }).collect()
}

/// The rights that a person with the rights `own` may give to others: all except signing, which only the
/// organisation gives.
#[must_use]
pub fn givable(own: &Sections) -> Sections {
    let sign = i32::from(Action::Sign);
    own.iter()
        .map(|(section, actions)| {
            (*section, actions.iter().copied().filter(|action| *action != sign).collect())
        })
        .filter(|(_, actions): &(i32, Vec<i32>)| !actions.is_empty())
        .collect()
}

/// Whether a person with the rights `own` may give the rights `wanted` to others.
#[must_use]
pub fn may_give(own: &Sections, wanted: &Sections) -> bool {
    let givable = givable(own);
    wanted.iter().all(|(section, actions)| {
        givable.get(section).is_some_and(|may| actions.iter().all(|action| may.contains(action)))
    })
}

/// The rights that result when a person with the rights `own` replaces somebody's `current` rights by
/// `wanted`. Rights that this person may not give stay.
#[must_use]
pub fn replace_givable(own: &Sections, current: &Sections, wanted: Sections) -> Sections {
    let givable = givable(own);
    let mut result = wanted;
    for (section, actions) in current {
        let may = givable.get(section).map_or(&[][..], Vec::as_slice);
        let unchanged: Vec<i32> = actions.iter().copied().filter(|action| !may.contains(action)).collect();
        if !unchanged.is_empty() {
            let all = result.entry(*section).or_default();
            all.extend(unchanged);
            all.sort_unstable();
            all.dedup();
        }
    }
    result
}

/// How many accounts have access to a client or are invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCount {
    /// All these accounts.
    pub all: i32,
    /// The accounts without an end date.
    pub lasting: i32,
}

/// Checks that a client may have one more account (R45–R50). The places up to `max_accounts` are for all
/// accounts, the `extra_accounts` only for accounts with an end date. A `max_accounts` of 0 means no limit.
///
/// # Errors
/// [`ErrorReason::AccountLimit`] when no place is left; [`ErrorReason::EndDateMissing`] when only an account
/// with an end date is possible.
pub const fn check_account_limit(
    settings: AccountSettings,
    existing: AccountCount,
    has_end: bool,
) -> Result<(), ErrorReason> {
    if settings.max_accounts == 0 {
        Ok(())
    } else if existing.all >= settings.max_accounts + settings.extra_accounts {
        Err(ErrorReason::AccountLimit)
    } else if has_end || existing.lasting < settings.max_accounts {
        Ok(())
    } else {
        Err(ErrorReason::EndDateMissing)
    }
}

/// The sections that need a higher level of assurance than the session has.
#[must_use]
pub fn sections_needing_step_up(settings: &OrganisationSettings, level: Level) -> Vec<i32> {
    let needs = settings.levels.iter().filter(|need| i32::from(need.level()) > i32::from(level));
    needs
        .map(|need| i32::from(need.section()))
        .filter(|section| *section != i32::from(Section::Unspecified))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sections() -> impl Strategy<Value = Sections> {
        prop::collection::btree_map(1_i32..=20, prop::collection::btree_set(1_i32..=3, 1..=3), 0..6).prop_map(
            |map| {
                map.into_iter().map(|(section, actions)| (section, actions.into_iter().collect())).collect()
            },
        )
    }

    proptest! {
        #[test]
        fn nobody_gives_signing_or_rights_they_do_not_have(own in sections(), wanted in sections()) {
            let held = |section: &i32, action: &i32| own.get(section).is_some_and(|it| it.contains(action));
            let pairs = wanted.iter().flat_map(|(section, actions)| actions.iter().map(move |it| (section, it)));
            let expected = pairs.into_iter().all(|(section, action)| held(section, action) && *action != 3);
            prop_assert_eq!(may_give(&own, &wanted), expected);
        }

        #[test]
        fn replacing_rights_keeps_rights_the_giver_may_not_give(own in sections(), current in sections()) {
            let result = replace_givable(&own, &current, Sections::new());
            for (section, actions) in &current {
                for action in actions {
                    let one = Sections::from([(*section, vec![*action])]);
                    let is_kept = result.get(section).is_some_and(|it| it.contains(action));
                    prop_assert_eq!(is_kept, !may_give(&own, &one));
                }
            }
        }

        #[test]
        fn extra_accounts_need_an_end_date_and_have_a_limit(
            max in 1_i32..4, extra in 0_i32..3, coming in prop::collection::vec(any::<bool>(), 0..12),
        ) {
            let settings =
                AccountSettings { max_accounts: max, extra_accounts: extra, ..AccountSettings::default() };
            let mut existing = AccountCount::default();
            for has_end in coming {
                if check_account_limit(settings, existing, has_end).is_ok() {
                    existing.all += 1;
                    existing.lasting += i32::from(!has_end);
                } else {
                    prop_assert!(existing.all == max + extra || (!has_end && existing.lasting == max));
                }
                prop_assert!(existing.all <= max + extra && existing.lasting <= max);
            }
        }
    }

    #[test]
    fn organisation_sets_which_sections_need_a_step_up() {
        use proto::identity::v1::SectionLevel;
        let need = SectionLevel { section: Section::Reports.into(), level: Level::Substantial.into() };
        let settings = OrganisationSettings { levels: vec![need], ..OrganisationSettings::default() };
        assert_eq!(sections_needing_step_up(&settings, Level::Low), [i32::from(Section::Reports)]);
        assert_eq!(sections_needing_step_up(&settings, Level::Substantial), Vec::<i32>::new());
    }
}
