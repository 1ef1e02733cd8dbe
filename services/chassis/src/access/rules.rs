//! The access rules, read from the method option `access` of the contract.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use prost_reflect::DynamicMessage;
use proto::access::v1::{Access, Action, Level, Section};

use crate::contract;

/// The access rule of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which kind of caller may call.
    pub allowed: Allowed,
    /// Whether an audit record is written before the answer of a call is sent, also of a refused call.
    pub audit: bool,
    /// Whether an impersonator may call: staff in a session that was opened in the account's name.
    pub impersonated: bool,
    /// The method's path, such as `/zorgportaal.dossier.v1.DossierService/ListReports`.
    pub path: String,
}

/// Who may call a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A person in a session, with a grant on the chosen client's dossier.
    Section {
        /// The section that the grant must hold.
        section: Section,
        /// The action that the grant must allow in the section.
        action: Action,
        /// The assurance level that the session must have at least.
        min_level: Level,
    },
    /// A person in any session; no client has to be chosen.
    Account,
    /// A system of an organisation that has this scope.
    System(String),
    /// The operator: those who run the platform.
    Operator,
    /// The gateway, by its own token.
    Gateway,
    /// Anybody without a token: the credential is a field of the request.
    Credential,
}

/// A method of the contract has no access rule, or a contradictory one. The process must not start then.
#[derive(Debug, thiserror::Error)]
#[error("the method {0} has no valid access rule: the option `access` is missing or contradictory")]
pub struct MissingRule(String);

/// The access rules of all methods, by the method's path.
#[derive(Clone, Debug)]
pub struct Rules(HashMap<String, Arc<Rule>>);

impl Rules {
    /// Reads the option `access` of every method of the contract.
    ///
    /// # Errors
    /// [`MissingRule`] names the first method without a valid rule.
    pub fn of_contract() -> Result<Self, MissingRule> {
        let pool = contract::pool();
        let option = pool
            .get_extension_by_name("zorgportaal.access.v1.access")
            .ok_or_else(|| MissingRule("(all: the contract does not define the option)".to_owned()))?;
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
                rules.insert(path, Arc::new(rule));
            }
        }
        Ok(Self(rules))
    }

    /// The rule of every method, sorted by path.
    #[must_use]
    pub fn all(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.0.values().map(|rule| &**rule).collect();
        rules.sort_by_key(|rule| &rule.path);
        rules
    }

    /// The rule of the method with this path; `None` where the contract has no such method.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Arc<Rule>> {
        self.0.get(path)
    }
}

/// Every scope that some method of the contract requires of a system.
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
        let may_allow_impersonation = match allowed {
            Allowed::Section { action, .. } => action != Action::Sign,
            Allowed::Account => true,
            _ => false,
        };
        (may_allow_impersonation || !access.impersonated).then_some(())?;
        Some(Self {
            allowed,
            audit: access.unaudited.is_empty(),
            impersonated: access.impersonated,
            path: path.to_owned(),
        })
    }

    /// The section that the rule requires; unspecified where the rule requires no grant on a section.
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
    fn only_reads_of_ones_own_leave_no_record() {
        for rule in Rules::of_contract().unwrap().all().into_iter().filter(|rule| !rule.audit) {
            let name = rule.path.rsplit('/').next().unwrap();
            let reads = ["Get", "List", "Find", "Resolve"].iter().any(|verb| name.starts_with(verb));
            let is_of_dossier = matches!(rule.allowed, Allowed::Section { .. } | Allowed::System(_));
            assert!(reads && !is_of_dossier, "{name} leaves no audit record");
        }
    }

    #[test]
    fn scopes_are_those_that_methods_require() {
        assert!(["dossier.write", "feed.read"].iter().all(|scope| scopes().contains(*scope)));
        assert!(!scopes().contains(""));
    }

    #[test]
    fn a_missing_or_contradictory_rule_is_rejected() {
        assert_eq!(Rule::read(&Access::default(), "/x"), None);
        let both = Access { gateway: true, operator: true, ..Access::default() };
        assert_eq!(Rule::read(&both, "/x"), None);
        let no_action = Access { section: Section::Reports.into(), ..Access::default() };
        assert_eq!(Rule::read(&no_action, "/x"), None);
        let section = Section::Reports.into();
        let sign = Access { section, action: Action::Sign.into(), impersonated: true, ..Access::default() };
        assert_eq!(Rule::read(&sign, "/x"), None, "R60: an impersonator never signs");
    }
}
