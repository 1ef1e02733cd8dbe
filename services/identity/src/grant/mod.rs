//! What an account may do with one client's dossier, from when until when, and the rules of giving it to others.

mod change;
mod changeable;
pub mod rpc;
pub mod table;

use std::collections::BTreeMap;

use chassis::id::{AccountId, ClientId};
use jiff::Timestamp;
use proto::{
    access::v1::{Action, Grant, Level, Section},
    identity::v1::{AccountSettings, ErrorReason, OrganisationSettings, RelationKind},
};
use uuid::Uuid;

pub use change::{emit_changed, end};
pub use changeable::lock_changeable;

/// Actions by section, as numbers of the contract.
pub type Sections = BTreeMap<i32, Vec<i32>>;

/// What an account may do with one client's dossier.
#[derive(Clone, Debug)]
pub struct AccessGrant {
    /// As those know it who may change it.
    pub id: Uuid,
    /// Who.
    pub account: AccountId,
    /// Whose dossier.
    pub client: ClientId,
    /// The client's name; empty until it was heard.
    pub client_name: String,
    /// What the person is to the client.
    pub relation: RelationKind,
    /// What they may do.
    pub sections: Sections,
    /// On what ground access was given.
    pub ground: String,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// It counts: accepted, and not ended.
    pub active: bool,
}

/// Grants as actions by section, each once.
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

/// Actions by section as the contract writes them.
#[must_use]
pub fn to_grants(sections: &Sections) -> Vec<Grant> {
    sections.iter().map(|(section, actions)| Grant { section: *section, actions: actions.clone() }).collect()
}

/// What somebody with these rights may give to others: all of it but signing, which the organisation alone gives.
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

/// Whether somebody with these rights may give those.
#[must_use]
pub fn may_give(own: &Sections, wanted: &Sections) -> bool {
    let givable = givable(own);
    wanted.iter().all(|(section, actions)| {
        givable.get(section).is_some_and(|may| actions.iter().all(|action| may.contains(action)))
    })
}

/// What somebody has after another with rights `own` replaced what they may give: the rest stays.
#[must_use]
pub fn replace_givable(own: &Sections, there: &Sections, wanted: Sections) -> Sections {
    let givable = givable(own);
    let mut result = wanted;
    for (section, actions) in there {
        let may = givable.get(section).map_or(&[][..], Vec::as_slice);
        let kept: Vec<i32> = actions.iter().copied().filter(|action| !may.contains(action)).collect();
        if !kept.is_empty() {
            let all = result.entry(*section).or_default();
            all.extend(kept);
            all.sort_unstable();
            all.dedup();
        }
    }
    result
}

/// How many accounts a client has or has invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// All of them.
    pub all: i32,
    /// Those without an end date.
    pub lasting: i32,
}

/// Whether one more account fits (R45–R50): without an end date up to the organisation's number of them, with one as long
/// as there is room at all.
///
/// # Errors
/// Why it does not.
pub const fn judge_number(
    settings: AccountSettings,
    there: Accounts,
    has_end: bool,
) -> Result<(), ErrorReason> {
    if settings.max_accounts == 0 {
        Ok(())
    } else if there.all >= settings.max_accounts + settings.extra_accounts {
        Err(ErrorReason::AccountLimit)
    } else if has_end || there.lasting < settings.max_accounts {
        Ok(())
    } else {
        Err(ErrorReason::EndDateMissing)
    }
}

/// The sections that ask for more than a session has proven.
#[must_use]
pub fn step_up(settings: &OrganisationSettings, level: Level) -> Vec<i32> {
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
        fn nobody_gives_more_than_they_have_and_nobody_gives_signing(own in sections(), wanted in sections()) {
            let held = |section: &i32, action: &i32| own.get(section).is_some_and(|it| it.contains(action));
            let pairs = wanted.iter().flat_map(|(section, actions)| actions.iter().map(move |it| (section, it)));
            let expected = pairs.into_iter().all(|(section, action)| held(section, action) && *action != 3);
            prop_assert_eq!(may_give(&own, &wanted), expected);
        }

        #[test]
        fn replacing_rights_leaves_alone_what_one_may_not_give(own in sections(), there in sections()) {
            let result = replace_givable(&own, &there, Sections::new());
            for (section, actions) in &there {
                for action in actions {
                    let one = Sections::from([(*section, vec![*action])]);
                    let is_kept = result.get(section).is_some_and(|it| it.contains(action));
                    prop_assert_eq!(is_kept, !may_give(&own, &one));
                }
            }
        }

        #[test]
        fn beyond_the_number_an_account_needs_an_end_and_beyond_that_there_is_none(
            max in 1_i32..4, extra in 0_i32..3, coming in prop::collection::vec(any::<bool>(), 0..12),
        ) {
            let settings =
                AccountSettings { max_accounts: max, extra_accounts: extra, ..AccountSettings::default() };
            let mut there = Accounts::default();
            for has_end in coming {
                if judge_number(settings, there, has_end).is_ok() {
                    there.all += 1;
                    there.lasting += i32::from(!has_end);
                } else {
                    prop_assert!(there.all == max + extra || (!has_end && there.lasting == max));
                }
                prop_assert!(there.all <= max + extra && there.lasting <= max);
            }
        }
    }

    #[test]
    fn a_section_asks_for_more_by_the_organisations_setting() {
        use proto::identity::v1::SectionLevel;
        let need = SectionLevel { section: Section::Reports.into(), level: Level::Substantial.into() };
        let settings = OrganisationSettings { levels: vec![need], ..OrganisationSettings::default() };
        assert_eq!(step_up(&settings, Level::Low), [i32::from(Section::Reports)]);
        assert_eq!(step_up(&settings, Level::Substantial), Vec::<i32>::new());
    }
}
