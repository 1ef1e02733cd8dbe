//! The access rules as the contract's method options state them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use prost_reflect::DynamicMessage;
use proto::access::v1::{Access, Action, Level, Section};

use crate::contract;

/// One method's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Who may call.
    pub allowed: Allowed,
    /// Whether every answered call leaves an audit record.
    pub audit: bool,
    /// Whether a session that somebody else opened in the account's name may call.
    pub impersonated: bool,
    /// The method's path, such as `/zorgportaal.dossier.v1.DossierService/ListReports`.
    pub path: String,
}

/// Who may call a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Sessions with a grant on the chosen client.
    Section {
        /// The section.
        section: Section,
        /// What the grant must allow.
        action: Action,
        /// The level that the session must have.
        min_level: Level,
    },
    /// Any session.
    Account,
    /// Systems with a scope.
    System(String),
    /// Those who run the platform.
    Operator,
    /// The gateway itself.
    Gateway,
    /// Anybody: the credential is in the request.
    Credential,
}

/// A method of the contract has no rule, or one that does not hold together.
#[derive(Debug, thiserror::Error)]
#[error("the method {0} has no access rule that holds together")]
pub struct MissingRule(String);

/// All rules of the contract, by path.
#[derive(Clone, Debug)]
pub struct Rules(HashMap<String, Rule>);

impl Rules {
    /// Reads every method's option.
    ///
    /// # Errors
    /// [`MissingRule`] names the first method without a rule.
    pub fn of_contract() -> Result<Self, MissingRule> {
        let pool = contract::pool();
        let option = pool
            .get_extension_by_name("zorgportaal.access.v1.access")
            .ok_or_else(|| MissingRule("(the option itself)".to_owned()))?;
        let mut rules = HashMap::new();
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let value = method.options();
                let access = value
                    .get_extension(&option)
                    .as_message()
                    .and_then(|message: &DynamicMessage| message.transcode_to::<Access>().ok());
                let rule = access
                    .as_ref()
                    .and_then(|access| Rule::read(access, &path))
                    .ok_or_else(|| MissingRule(method.full_name().to_owned()))?;
                rules.insert(path, rule);
            }
        }
        Ok(Self(rules))
    }

    /// Every method's rule, in the order of their paths.
    #[must_use]
    pub fn all(&self) -> Vec<&Rule> {
        let mut rules: Vec<_> = self.0.values().collect();
        rules.sort_by_key(|rule| &rule.path);
        rules
    }

    /// The rule of a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Rule> {
        self.0.get(path)
    }
}

/// Every scope that a method of the contract asks of a system.
#[must_use]
pub fn scopes() -> &'static BTreeSet<String> {
    static SCOPES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let rules = Rules::of_contract();
        let rules = rules.iter().flat_map(Rules::all);
        let scopes = rules.filter_map(|rule| match &rule.allowed {
            Allowed::System(scope) => Some(scope.clone()),
            _ => None,
        });
        scopes.collect()
    });
    &SCOPES
}

impl Rule {
    fn read(access: &Access, path: &str) -> Option<Self> {
        let mut allowed = Vec::new();
        if access.section() != Section::Unspecified {
            let min_level = match access.min_level() {
                Level::Unspecified => Level::Low,
                level => level,
            };
            (access.action() != Action::Unspecified).then_some(())?;
            allowed.push(Allowed::Section { section: access.section(), action: access.action(), min_level });
        }
        if access.account {
            allowed.push(Allowed::Account);
        }
        if !access.system.is_empty() {
            allowed.push(Allowed::System(access.system.clone()));
        }
        if access.operator {
            allowed.push(Allowed::Operator);
        }
        if access.gateway {
            allowed.push(Allowed::Gateway);
        }
        if access.credential {
            allowed.push(Allowed::Credential);
        }
        let [allowed] = <[Allowed; 1]>::try_from(allowed).ok()?;
        let of_person = match allowed {
            Allowed::Section { action, .. } => action != Action::Sign,
            Allowed::Account => true,
            _ => false,
        };
        (of_person || !access.impersonated).then_some(())?;
        Some(Self { allowed, audit: access.audit, impersonated: access.impersonated, path: path.to_owned() })
    }

    /// The section that the rule is about; unspecified for callers that are no persons.
    #[must_use]
    pub const fn section(&self) -> Section {
        match self.allowed {
            Allowed::Section { section, .. } => section,
            _ => Section::Unspecified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_a_rule() {
        let rules = Rules::of_contract().unwrap();
        let rule = rules.get("/zorgportaal.dossier.v1.DossierService/ListReports").unwrap();
        assert_eq!(
            rule.allowed,
            Allowed::Section { section: Section::Reports, action: Action::View, min_level: Level::Low }
        );
        assert!(rule.audit);
    }

    #[test]
    fn scopes_are_those_that_methods_ask() {
        assert!(["dossier.write", "feed.read"].iter().all(|scope| scopes().contains(*scope)));
        assert!(!scopes().contains(""));
    }

    #[test]
    fn a_rule_for_nobody_or_for_two_kinds_of_caller_is_none() {
        assert_eq!(Rule::read(&Access::default(), "/x"), None);
        let both = Access { gateway: true, operator: true, ..Access::default() };
        assert_eq!(Rule::read(&both, "/x"), None);
        let no_action = Access { section: Section::Reports.into(), ..Access::default() };
        assert_eq!(Rule::read(&no_action, "/x"), None);
        let section = Section::Reports.into();
        let sign = Access { section, action: Action::Sign.into(), impersonated: true, ..Access::default() };
        assert_eq!(Rule::read(&sign, "/x"), None, "R60: nobody signs in another's name");
    }
}
