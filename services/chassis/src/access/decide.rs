//! Whether a caller may call: pure, so that every combination is tested at once.

use proto::access::v1::Level;

use super::{Allowed, Rule};
use crate::{
    failure::Failure,
    token::{AccountCaller, Caller},
};

/// Judges a caller by a rule. A caller of the wrong kind hears that its token is refused; a person without the grant,
/// that there is nothing; a person at too low a level, that more proof is asked.
///
/// # Errors
/// The failure to answer with.
pub fn decide(rule: &Rule, caller: Option<&Caller>) -> Result<(), Failure> {
    match (&rule.allowed, caller) {
        (Allowed::Account, Some(Caller::Account(account))) => in_person(rule, account),
        (Allowed::Credential, _)
        | (Allowed::Operator, Some(Caller::Operator))
        | (Allowed::Gateway, Some(Caller::Gateway)) => Ok(()),
        (Allowed::System(scope), Some(Caller::System { scopes, .. })) => {
            scopes.contains(scope).then_some(()).ok_or_else(Failure::not_found)
        }
        (Allowed::Section { section, action, min_level }, Some(Caller::Account(account))) => {
            let granted = account.client.is_some()
                && account
                    .grants
                    .get(&i32::from(*section))
                    .is_some_and(|actions| actions.contains(&i32::from(*action)));
            if !granted {
                return Err(Failure::not_found());
            }
            in_person(rule, account)?;
            let asks_more = account.step_up.contains(&i32::from(*section));
            if asks_more || level_rank(account.level()) < level_rank(*min_level) {
                return Err(Failure::step_up_required());
            }
            Ok(())
        }
        _ => Err(Failure::token_refused()),
    }
}

/// What is for the person alone is refused to whoever acts in their name (R60).
fn in_person(rule: &Rule, account: &AccountCaller) -> Result<(), Failure> {
    (rule.impersonated || account.impersonator.is_empty())
        .then_some(())
        .ok_or_else(Failure::impersonation_refused)
}

const fn level_rank(level: Level) -> u8 {
    match level {
        Level::Unspecified => 0,
        Level::Low => 1,
        Level::Substantial => 2,
        Level::High => 3,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proto::access::v1::{Action, Section};
    use uuid::Uuid;

    use super::*;
    use crate::{
        failure::Kind,
        id::{AccountId, ClientId, OrganisationId, SessionId, SystemId},
        token::AccountCaller,
    };

    fn rule(allowed: Allowed) -> Rule {
        Rule { allowed, audit: false, impersonated: false, path: "/x".to_owned() }
    }

    fn reading_reports(min_level: Level) -> Rule {
        rule(Allowed::Section { section: Section::Reports, action: Action::View, min_level })
    }

    fn account(grants: &[(Section, Action)], level: Level) -> Caller {
        let mut map: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (section, action) in grants {
            map.entry((*section).into()).or_default().push((*action).into());
        }
        Caller::Account(AccountCaller {
            organisation: OrganisationId(Uuid::nil()),
            account: AccountId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            client: Some(ClientId(Uuid::nil())),
            grants: map,
            level: level.into(),
            step_up: Vec::new(),
            name: String::new(),
            relation: String::new(),
            ground: String::new(),
            impersonator: String::new(),
        })
    }

    fn kind(rule: &Rule, caller: Option<&Caller>) -> Option<Kind> {
        decide(rule, caller).err().map(|failure| failure.kind())
    }

    #[test]
    fn a_grant_counts_for_its_own_section_and_action_alone() {
        let rule = reading_reports(Level::Low);
        let view = account(&[(Section::Reports, Action::View)], Level::Low);
        let write = account(&[(Section::Reports, Action::Write)], Level::Low);
        let other = account(&[(Section::Planning, Action::View)], Level::Low);
        assert_eq!(kind(&rule, Some(&view)), None);
        assert_eq!(kind(&rule, Some(&write)), Some(Kind::NotFound));
        assert_eq!(kind(&rule, Some(&other)), Some(Kind::NotFound));
    }

    #[test]
    fn what_is_for_the_person_alone_is_refused_to_whoever_acts_in_their_name() {
        let Caller::Account(person) = account(&[(Section::Reports, Action::View)], Level::High) else {
            unreachable!()
        };
        let coach = Caller::Account(AccountCaller { impersonator: "coach".to_owned(), ..person });
        let alone = reading_reports(Level::Low);
        assert_eq!(kind(&alone, Some(&coach)), Some(Kind::Forbidden));
        assert_eq!(kind(&rule(Allowed::Account), Some(&coach)), Some(Kind::Forbidden));
        assert_eq!(kind(&Rule { impersonated: true, ..alone }, Some(&coach)), None);
    }

    #[test]
    fn too_low_a_level_asks_for_a_step_up() {
        let caller = account(&[(Section::Reports, Action::View)], Level::Low);
        assert_eq!(kind(&reading_reports(Level::Substantial), Some(&caller)), Some(Kind::StepUp));
        let Caller::Account(person) = caller else { unreachable!() };
        let asked = |section: Section| {
            let step_up = vec![section.into()];
            Caller::Account(AccountCaller { step_up, ..person.clone() })
        };
        let low = reading_reports(Level::Low);
        assert_eq!(
            kind(&low, Some(&asked(Section::Reports))),
            Some(Kind::StepUp),
            "the organisation asks for more"
        );
        assert_eq!(kind(&low, Some(&asked(Section::Planning))), None, "but not here");
    }

    #[test]
    fn a_caller_of_another_kind_is_not_let_in() {
        let system = Caller::System {
            organisation: OrganisationId(Uuid::nil()),
            system: SystemId(Uuid::nil()),
            name: "ECD".to_owned(),
            scopes: vec!["dossier.write".to_owned()],
        };
        assert_eq!(kind(&reading_reports(Level::Low), Some(&system)), Some(Kind::Unauthenticated));
        assert_eq!(kind(&rule(Allowed::Operator), Some(&Caller::Gateway)), Some(Kind::Unauthenticated));
        assert_eq!(kind(&rule(Allowed::Gateway), None), Some(Kind::Unauthenticated));
        assert_eq!(kind(&rule(Allowed::System("dossier.write".to_owned())), Some(&system)), None);
        assert_eq!(
            kind(&rule(Allowed::System("identity.write".to_owned())), Some(&system)),
            Some(Kind::NotFound)
        );
        assert_eq!(kind(&rule(Allowed::Credential), None), None);
    }
}
