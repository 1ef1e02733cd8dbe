//! Decides whether a caller may call a method: a pure function, so that tests cover every combination.

use proto::access::v1::Level;

use super::{Allowed, Rule};
use crate::{
    failure::Failure,
    token::{AccountCaller, Caller},
};

/// Decides by the method's rule whether a caller may call. A caller of the wrong kind gets "token refused". A
/// person without the grant gets "not found". A person at too low a level gets "step-up required".
///
/// # Errors
/// The failure to answer with.
pub fn decide(rule: &Rule, caller: Option<&Caller>) -> Result<(), Failure> {
    match (&rule.allowed, caller) {
        (Allowed::Account, Some(Caller::Account(account))) => refuse_impersonation(rule, account),
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
            refuse_impersonation(rule, account)?;
            let needs_step_up = account.step_up.contains(&i32::from(*section));
            if needs_step_up || level_rank(account.level()) < level_rank(*min_level) {
                return Err(Failure::step_up_required());
            }
            Ok(())
        }
        _ => Err(Failure::token_refused()),
    }
}

/// Refuses an impersonator, unless the rule says that an impersonator may call (R60).
fn refuse_impersonation(rule: &Rule, account: &AccountCaller) -> Result<(), Failure> {
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

    fn view_reports(min_level: Level) -> Rule {
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
            since: None,
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
        let rule = view_reports(Level::Low);
        let view = account(&[(Section::Reports, Action::View)], Level::Low);
        let write = account(&[(Section::Reports, Action::Write)], Level::Low);
        let other = account(&[(Section::Planning, Action::View)], Level::Low);
        assert_eq!(kind(&rule, Some(&view)), None);
        assert_eq!(kind(&rule, Some(&write)), Some(Kind::NotFound));
        assert_eq!(kind(&rule, Some(&other)), Some(Kind::NotFound));
    }

    #[test]
    fn an_impersonator_may_call_only_methods_marked_impersonated() {
        let Caller::Account(person) = account(&[(Section::Reports, Action::View)], Level::High) else {
            unreachable!()
        };
        let coach = Caller::Account(AccountCaller { impersonator: "coach".to_owned(), ..person });
        let person_only = view_reports(Level::Low);
        assert_eq!(kind(&person_only, Some(&coach)), Some(Kind::Forbidden));
        assert_eq!(kind(&rule(Allowed::Account), Some(&coach)), Some(Kind::Forbidden));
        assert_eq!(kind(&Rule { impersonated: true, ..person_only }, Some(&coach)), None);
    }

    #[test]
    fn too_low_a_level_asks_for_a_step_up() {
        let caller = account(&[(Section::Reports, Action::View)], Level::Low);
        assert_eq!(kind(&view_reports(Level::Substantial), Some(&caller)), Some(Kind::StepUp));
        let Caller::Account(person) = caller else { unreachable!() };
        let needs_step_up_for = |section: Section| {
            let step_up = vec![section.into()];
            Caller::Account(AccountCaller { step_up, ..person.clone() })
        };
        let low = view_reports(Level::Low);
        assert_eq!(
            kind(&low, Some(&needs_step_up_for(Section::Reports))),
            Some(Kind::StepUp),
            "the organisation requires a higher level for this section"
        );
        assert_eq!(
            kind(&low, Some(&needs_step_up_for(Section::Planning))),
            None,
            "the organisation requires nothing for this section"
        );
    }

    #[test]
    fn a_caller_of_the_wrong_kind_is_refused() {
        let system = Caller::System {
            organisation: OrganisationId(Uuid::nil()),
            system: SystemId(Uuid::nil()),
            name: "ECD".to_owned(),
            scopes: vec!["dossier.write".to_owned()],
        };
        assert_eq!(kind(&view_reports(Level::Low), Some(&system)), Some(Kind::Unauthenticated));
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
