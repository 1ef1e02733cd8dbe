//! The access matrix (ATT-01, ATT-02): calls every method of a service as every kind of caller. The methods
//! come from the contract, so that a new method is checked at once. A new method that needs a request fails
//! until the test gives a request.

mod judge;
mod trail;

use std::collections::{HashMap, HashSet};

use chassis::{
    access::{Allowed, Rule, Rules, scopes},
    id::{ClientId, OrganisationId},
    section,
    token::Caller,
};
use jiff::SignedDuration;
use prost::Message;
use proto::access::v1::{Action, Level, Section};
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tonic::Code;

use self::judge::{CallResult, Expected, NOT_FOUND, TOKEN_REFUSED, contains_secret, judge};
use crate::{InProcess, Keys, caller, grpc};

/// A running service with data of one client, and the texts of that data that only an allowed caller may see.
pub struct Matrix<'a> {
    process: &'a InProcess,
    package: String,
    home: OrganisationId,
    client: ClientId,
    secrets: Vec<String>,
    requests: HashMap<String, Vec<u8>>,
    accepted_refusals: HashMap<String, &'static str>,
    more_records: HashMap<String, i64>,
}

/// One call and its expected result.
struct Case {
    who: &'static str,
    token: Option<String>,
    expected: Expected,
    /// Whether an audited method records the call: if the token names an organisation.
    leaves_record: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix of the methods of one service and of the methods that every service has. `client` is a client
    /// of the organisation `home`.
    #[must_use]
    pub fn new(process: &'a InProcess, service: &str, home: OrganisationId, client: ClientId) -> Self {
        let package = format!("/zorgportaal.{service}.v1.");
        let requests = HashMap::from([
            (
                "Subscribe".to_owned(),
                proto::event::v1::SubscribeRequest { only_existing: true, ..Default::default() }
                    .encode_to_vec(),
            ),
            ("VerifyAudit".to_owned(), Vec::new()),
        ]);
        Self {
            process,
            package,
            home,
            client,
            secrets: Vec::new(),
            requests,
            accepted_refusals: HashMap::new(),
            more_records: HashMap::new(),
        }
    }

    /// Adds a text or id of the client that allowed callers see and no other caller may see.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Sets the request that a method answers without an error.
    #[must_use]
    pub fn request<M: Message>(mut self, method: &str, request: &M) -> Self {
        self.requests.insert(method.to_owned(), request.encode_to_vec());
        self
    }

    /// Counts this refusal by the service as an answer, for a method whose data the test cannot prepare.
    #[must_use]
    pub fn accept_refusal(mut self, method: &str, reason: &'static str) -> Self {
        self.accepted_refusals.insert(method.to_owned(), reason);
        self
    }

    /// Expects more audit records of a method than one for each call: an answered call leaves this many more.
    #[must_use]
    pub fn more_records(mut self, method: &str, count: i64) -> Self {
        self.more_records.insert(method.to_owned(), count);
        self
    }

    /// Descriptions of all calls that break a rule; empty if all calls end as expected.
    pub async fn faults(&self) -> Vec<String> {
        let rules = Rules::of_contract().unwrap();
        let (mut faults, mut used, mut own_methods) = (Vec::new(), HashSet::new(), 0);
        for rule in rules.all() {
            let is_own = rule.path.starts_with(&self.package);
            if is_own || rule.path.starts_with("/zorgportaal.event.v1.") {
                own_methods += usize::from(is_own);
                used.insert(name(rule).to_owned());
                self.check_method(rule, &mut faults).await;
            }
        }
        let unused = self.requests.keys().filter(|method| !used.contains(*method));
        faults.extend(unused.map(|method| format!("there is no method {method}")));
        if own_methods == 0 && self.requests.len() > 2 {
            faults.push(format!("there are no methods of {}", self.package));
        }
        faults
    }

    async fn check_method(&self, rule: &Rule, faults: &mut Vec<String>) {
        let must_answer = is_of_tenant(rule);
        let request = match self.requests.get(name(rule)) {
            Some(request) => request.clone(),
            None if must_answer => {
                faults.push(format!("{}: the matrix has no request for this method", rule.path));
                return;
            }
            None => Vec::new(),
        };
        let records_before = self.count_records(name(rule)).await;
        let more_records = self.more_records.get(name(rule)).copied().unwrap_or_default();
        let (mut expected_records, mut has_answered) = (0, false);
        for case in self.cases(rule) {
            expected_records += i64::from(case.leaves_record);
            expected_records += if case.expected == Expected::Answer { more_records } else { 0 };
            let before = self.content().await;
            let mut answer = self.call(rule, case.token.as_deref(), &request).await;
            let is_accepted =
                |status: &tonic::Status| self.accepted_refusals.get(name(rule)) == Some(&status.message());
            if case.expected != TOKEN_REFUSED && answer.as_ref().is_err_and(is_accepted) {
                answer = Ok(Vec::new());
            }
            let changed = before != self.content().await;
            let fault = match case.expected {
                // Other calls prove nothing if even the allowed caller sees no secret and changes no data.
                Expected::Answer if !has_answered => {
                    has_answered = true;
                    self.why_request_proves_nothing(rule, &answer, changed)
                }
                _ => None,
            };
            let fault = fault.or_else(|| judge(case.expected, &answer, changed, &self.secrets, must_answer));
            if let Some(fault) = fault {
                faults.push(format!("{} as {}: {fault}", rule.path, case.who));
            }
        }
        let records = self.count_records(name(rule)).await - records_before;
        // A request without a tenant's token names the organisation itself, if it does: its tests count its records.
        if rule.audit && must_answer && records != expected_records {
            faults.push(format!("{}: {records} audit records instead of {expected_records}", rule.path));
        }
    }

    /// Why the request proves nothing, from the first answer to an allowed caller: a reading method must show
    /// a secret, and a writing method must change data.
    fn why_request_proves_nothing(&self, rule: &Rule, answer: &CallResult, changed: bool) -> Option<String> {
        let (reads, writes) = match &rule.allowed {
            Allowed::Section { action, .. } => (*action == Action::View, *action != Action::View),
            Allowed::System(scope) => {
                let action = scope.rsplit('.').next().unwrap_or_default();
                (action == "read", action == "write")
            }
            _ => (false, false),
        };
        let shows_secret = answer.iter().flatten().any(|message| contains_secret(message, &self.secrets));
        if writes && !changed {
            return Some("the request changes no data, so that other calls prove nothing".to_owned());
        }
        (reads && !shows_secret && !self.secrets.is_empty())
            .then(|| "the answer holds no secret, so that other calls prove nothing".to_owned())
    }

    /// All calls of a method. Allowed calls come last, so that their changes influence no other call.
    fn cases(&self, rule: &Rule) -> Vec<Case> {
        let now = self.process.clock.now();
        let keys = &self.process.keys;
        let (identity, gateway) = (keys.signer("identity"), keys.signer("gateway"));
        let unknown_keys = Keys::generate();
        let unknown_signers = [unknown_keys.signer("identity"), unknown_keys.signer("gateway")];
        let signer_index = |caller: &Caller| usize::from(*caller == Caller::Gateway);
        let sign = |caller: &Caller| [&identity, &gateway][signer_index(caller)].sign(caller, now).unwrap();
        let names_organisation =
            |caller: &Caller| matches!(caller, Caller::Account(_) | Caller::System { .. });
        let case = |who, caller: &Caller, expected| Case {
            who,
            token: Some(sign(caller)),
            expected,
            leaves_record: names_organisation(caller),
        };
        let refused = |who, token: String| Case {
            who,
            token: Some(token),
            expected: TOKEN_REFUSED,
            leaves_record: false,
        };

        let allowed = Self::allowed_caller(rule, self.home, self.client);
        let signer = [&identity, &gateway][signer_index(&allowed)];
        let swapped = [&gateway, &identity][signer_index(&allowed)];
        let (old, young) = (now - SignedDuration::from_secs(91), now + SignedDuration::from_secs(31));
        let mut cases = vec![
            refused("a caller with a malformed token", "x.y.z".to_owned()),
            refused("a caller with an expired token", signer.sign(&allowed, old).unwrap()),
            refused("a caller with a token of the future", signer.sign(&allowed, young).unwrap()),
            refused(
                "a caller with a token for another audience",
                signer.sign_for("elsewhere", &allowed, now).unwrap(),
            ),
            refused(
                "a caller with an unknown key",
                unknown_signers[signer_index(&allowed)].sign(&allowed, now).unwrap(),
            ),
            refused("a caller with a token of the wrong issuer", swapped.sign(&allowed, now).unwrap()),
            case("the allowed caller", &allowed, Expected::Answer),
        ];
        if rule.allowed == Allowed::Credential {
            cases.push(Case {
                who: "a caller without a token",
                token: None,
                expected: Expected::Answer,
                leaves_record: false,
            });
            return cases;
        }
        cases.push(Case {
            who: "a caller without a token",
            token: None,
            expected: TOKEN_REFUSED,
            leaves_record: false,
        });
        for (who, other) in self.callers_of_other_kinds(rule) {
            cases.push(case(who, &other, TOKEN_REFUSED));
        }
        let elsewhere = caller::organisation(0xE15E);
        match &rule.allowed {
            Allowed::Section { section, action, min_level } => {
                for (who, caller, expected) in self.callers_of_the_section(*section, *action, *min_level) {
                    cases.push(case(who, &caller, expected));
                }
                let other = Self::allowed_caller(rule, self.home, caller::client(0xE15E));
                cases.push(case("an account with another client", &other, Expected::NoData));
            }
            Allowed::System(_) => {
                let other = caller::system(self.home, &["another.scope"]);
                cases.push(case("a system without the scope", &other, NOT_FOUND));
            }
            _ => {}
        }
        if names_organisation(&allowed) {
            cases.push(case(
                "a caller of another organisation",
                &Self::allowed_caller(rule, elsewhere, self.client),
                Expected::NoData,
            ));
        }
        if matches!(allowed, Caller::Account(_)) {
            let expected = if rule.impersonated {
                Expected::Answer
            } else {
                Expected::Refusal(Code::PermissionDenied, "IMPERSONATION_REFUSED")
            };
            cases.push(case("an impersonator", &caller::impersonated(&allowed), expected));
        }
        cases.sort_by_key(|case| case.expected == Expected::Answer);
        cases
    }

    /// Accounts that lack a part of what a section's rule asks, and what each must be told.
    fn callers_of_the_section(
        &self,
        section: Section,
        action: Action,
        min_level: Level,
    ) -> Vec<(&'static str, Caller, Expected)> {
        let account =
            |grants: &[(Section, Action)], level| caller::account(self.home, self.client, grants, level);
        let grants = [(section, action)];
        let mut callers: Vec<_> = [
            ("an account without a grant", Vec::new()),
            ("an account with a grant for another action", vec![(section, other_action(action))]),
            ("an account with a grant for another section", vec![(other_section(section), action)]),
        ]
        .into_iter()
        .map(|(who, grants)| (who, account(&grants, Level::High), NOT_FOUND))
        .collect();
        if let Caller::Account(account) = account(&grants, Level::High) {
            let without_client = Caller::Account(chassis::token::AccountCaller { client: None, ..account });
            callers.push(("an account that has chosen no client", without_client, NOT_FOUND));
        }
        for level in [Level::Unspecified, Level::Low, Level::Substantial, Level::High] {
            if i32::from(level) < i32::from(min_level) {
                let expected = Expected::Refusal(Code::PermissionDenied, "STEP_UP_REQUIRED");
                callers.push(("an account at too low a level", account(&grants, level), expected));
            }
        }
        callers
    }

    /// The caller with the least rights that a rule allows.
    fn allowed_caller(rule: &Rule, organisation: OrganisationId, client: ClientId) -> Caller {
        match &rule.allowed {
            Allowed::Section { section, action, min_level } => {
                // The timeline shows the records of other sections.
                let shown = (*section == Section::Timeline).then_some((Section::Reports, *action));
                let grants: Vec<_> = [(*section, *action)].into_iter().chain(shown).collect();
                caller::account(organisation, client, &grants, *min_level)
            }
            Allowed::Account => caller::account(organisation, client, &[], Level::Low),
            Allowed::System(scope) => caller::system(organisation, &[scope]),
            Allowed::Operator => Caller::Operator,
            Allowed::Gateway | Allowed::Credential => Caller::Gateway,
        }
    }

    /// Callers of the kinds that a rule does not allow, each with all rights of its kind.
    fn callers_of_other_kinds(&self, rule: &Rule) -> Vec<(&'static str, Caller)> {
        let all: Vec<_> =
            section::all().flat_map(|section| section::ACTIONS.map(|action| (section, action))).collect();
        let scopes: Vec<&str> = scopes().iter().map(String::as_str).collect();
        let kinds = [
            ("an account", caller::account(self.home, self.client, &all, Level::High)),
            ("a system", caller::system(self.home, &scopes)),
            ("an operator", Caller::Operator),
            ("the gateway", Caller::Gateway),
        ];
        let allowed = std::mem::discriminant(&Self::allowed_caller(rule, self.home, self.client));
        kinds.into_iter().filter(|(_, caller)| std::mem::discriminant(caller) != allowed).collect()
    }

    async fn call(&self, rule: &Rule, token: Option<&str>, request: &[u8]) -> CallResult {
        let channel = chassis::channel::connect(&self.process.address).unwrap();
        let channel = match token {
            Some(token) => chassis::channel::with_token(channel, token),
            None => chassis::channel::without_token(channel),
        };
        grpc::call(channel, &rule.path, request).await
    }

    /// The number of audit records of a method.
    async fn count_records(&self, method: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_record WHERE method LIKE '%/' || $1")
            .bind(method)
            .fetch_one(&mut self.process.database.as_superuser().await)
            .await
            .unwrap()
    }

    /// A fingerprint of the client's rows, of the organisation's rows in tables without a client, and of the
    /// number of events. Leaves out the audit trail and its events.
    async fn content(&self) -> String {
        let mut superuser = self.process.database.as_superuser().await;
        let tables: Vec<(String, bool)> = sqlx::query_as(
            "SELECT table_name::text, bool_or(column_name = 'client_id') FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT LIKE 'audit%' AND table_name NOT IN ('outbox', 'event_log')
             GROUP BY table_name HAVING bool_or(column_name = 'organisation_id') ORDER BY table_name",
        )
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        let mut content = String::new();
        for (table, of_client) in tables {
            let client = if of_client { "client_id = $2" } else { "$2::uuid IS NOT NULL" };
            let rows = format!(
                "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t
                 WHERE organisation_id = $1 AND {client}",
            );
            content.push_str(&self.scalar::<String>(&mut superuser, &rows).await);
        }
        let events = "SELECT count(*) FROM outbox
                    WHERE organisation_id = $1 AND $2::uuid IS NOT NULL AND subject NOT LIKE '%AccessRecorded'";
        content + &self.scalar::<i64>(&mut superuser, events).await.to_string()
    }

    async fn scalar<T>(&self, superuser: &mut PgConnection, query: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .bind(self.home.uuid())
            .bind(self.client.uuid())
            .fetch_one(superuser)
            .await
            .unwrap()
    }
}

/// Whether the caller's token names the organisation.
const fn is_of_tenant(rule: &Rule) -> bool {
    !matches!(rule.allowed, Allowed::Operator | Allowed::Gateway | Allowed::Credential)
}

/// The name of the rule's method, without package and service.
fn name(rule: &Rule) -> &str {
    rule.path.rsplit('/').next().unwrap_or_default()
}

fn other_action(action: Action) -> Action {
    if action == Action::View { Action::Write } else { Action::View }
}

fn other_section(section: Section) -> Section {
    if section == Section::Planning { Section::Reports } else { Section::Planning }
}
