//! The access matrix (ATT-01, ATT-02): every method of a service, made from the contract, against every kind of caller.
//! A method that is added is in it at once; one that needs a request to be answered fails until it is given one.

mod judge;

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

use self::judge::{Answered, NOT_THERE, UNKNOWN, Wants, holds, judge};
use crate::{InProcess, Keys, caller, grpc};

/// A service with something in it, and what nobody else may see of that.
pub struct Matrix<'a> {
    process: &'a InProcess,
    package: String,
    home: OrganisationId,
    client: ClientId,
    secrets: Vec<String>,
    requests: HashMap<String, Vec<u8>>,
    refusals: HashMap<String, &'static str>,
}

/// One call, and how it must end.
struct Case {
    who: &'static str,
    token: Option<String>,
    wants: Wants,
    /// Whether the token says of which organisation the caller is: then an audited method leaves a record.
    known: bool,
}

impl<'a> Matrix<'a> {
    /// The methods of a service and those that every service has. `client` is one of `home`'s.
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
        Self { process, package, home, client, secrets: Vec::new(), requests, refusals: HashMap::new() }
    }

    /// A text or id of the client's that whoever the rule lets in sees, and that must reach nobody else.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// A request that a method answers well.
    #[must_use]
    pub fn request<M: Message>(mut self, method: &str, request: &M) -> Self {
        self.requests.insert(method.to_owned(), request.encode_to_vec());
        self
    }

    /// A reason of the service's own that whoever is let in hears from a method: what it needs cannot stand ready.
    #[must_use]
    pub fn refusal(mut self, method: &str, reason: &'static str) -> Self {
        self.refusals.insert(method.to_owned(), reason);
        self
    }

    /// Everything that breaks a rule, in words; empty where all is well.
    pub async fn faults(&self) -> Vec<String> {
        let rules = Rules::of_contract().unwrap();
        let (mut faults, mut used, mut own) = (Vec::new(), HashSet::new(), 0);
        for rule in rules.all() {
            let is_own = rule.path.starts_with(&self.package);
            if is_own || rule.path.starts_with("/zorgportaal.event.v1.") {
                own += usize::from(is_own);
                used.insert(name(rule).to_owned());
                self.method(rule, &mut faults).await;
            }
        }
        let unused = self.requests.keys().filter(|method| !used.contains(*method));
        faults.extend(unused.map(|method| format!("there is no method {method}")));
        if own == 0 && self.requests.len() > 2 {
            faults.push(format!("there are no methods of {}", self.package));
        }
        faults
    }

    async fn method(&self, rule: &Rule, faults: &mut Vec<String>) {
        let of_organisation =
            !matches!(rule.allowed, Allowed::Operator | Allowed::Gateway | Allowed::Credential);
        let request = match self.requests.get(name(rule)) {
            Some(request) => request.clone(),
            None if of_organisation => {
                faults.push(format!("{}: the matrix has no request for it", rule.path));
                return;
            }
            None => Vec::new(),
        };
        let records_before = self.records(rule).await;
        let (mut known, mut has_answered) = (0, false);
        for case in self.cases(rule) {
            known += i64::from(case.known);
            let before = self.content().await;
            let mut answer = self.call(rule, case.token.as_deref(), &request).await;
            let said = |status: &tonic::Status| self.refusals.get(name(rule)) == Some(&status.message());
            if case.wants != UNKNOWN && answer.as_ref().is_err_and(said) {
                answer = Ok(Vec::new());
            }
            let changed = before != self.content().await;
            let fault = match case.wants {
                // What nobody ever sees or changes proves nothing when others do not.
                Wants::Answer if !has_answered => {
                    has_answered = true;
                    self.shortcoming(rule, &answer, changed)
                }
                _ => None,
            };
            let fault = fault.or_else(|| judge(case.wants, &answer, changed, &self.secrets, of_organisation));
            if let Some(fault) = fault {
                faults.push(format!("{} as {}: {fault}", rule.path, case.who));
            }
        }
        let records = self.records(rule).await - records_before;
        if rule.audit && records != known {
            faults.push(format!("{}: {records} audit records of {known} calls", rule.path));
        }
    }

    /// What the request and the content fall short of, by the first answer to whom the rule lets in: a method that reads
    /// has to show a secret, one that writes has to change something.
    fn shortcoming(&self, rule: &Rule, answer: &Answered, changed: bool) -> Option<String> {
        let (reads, writes) = match &rule.allowed {
            Allowed::Section { action, .. } => (*action == Action::View, *action != Action::View),
            Allowed::System(scope) => {
                let action = scope.rsplit('.').next().unwrap_or_default();
                (action == "read", action == "write")
            }
            _ => (false, false),
        };
        let shows = answer.iter().flatten().any(|message| holds(message, &self.secrets));
        if writes && !changed {
            return Some("the request changes nothing: that others change nothing proves nothing".to_owned());
        }
        (reads && !shows && !self.secrets.is_empty())
            .then(|| "the answer holds no secret: that others see none proves nothing".to_owned())
    }

    /// All calls of a method; those that are let in come last, so that what they change is there for nobody else.
    fn cases(&self, rule: &Rule) -> Vec<Case> {
        let now = self.process.clock.now();
        let keys = &self.process.keys.settings;
        let (identity, gateway) = (keys.signer("identity").unwrap(), keys.signer("gateway").unwrap());
        let stranger = Keys::generate();
        let stranger =
            [stranger.settings.signer("identity").unwrap(), stranger.settings.signer("gateway").unwrap()];
        let of = |caller: &Caller| usize::from(*caller == Caller::Gateway);
        let sign = |caller: &Caller| [&identity, &gateway][of(caller)].sign(caller, now).unwrap();
        let known = |caller: &Caller| matches!(caller, Caller::Account(_) | Caller::System { .. });
        let case = |who, caller: &Caller, wants| Case {
            who,
            token: Some(sign(caller)),
            wants,
            known: known(caller),
        };
        let unknown = |who, token: String| Case { who, token: Some(token), wants: UNKNOWN, known: false };

        let allowed = Self::allowed(rule, self.home, self.client);
        let signer = [&identity, &gateway][of(&allowed)];
        let swapped = [&gateway, &identity][of(&allowed)];
        let (old, young) = (now - SignedDuration::from_secs(91), now + SignedDuration::from_secs(31));
        let mut cases = vec![
            unknown("one with a token that is none", "x.y.z".to_owned()),
            unknown("one with an expired token", signer.sign(&allowed, old).unwrap()),
            unknown("one with a token of later", signer.sign(&allowed, young).unwrap()),
            unknown("one with a token for elsewhere", signer.sign_for("elsewhere", &allowed, now).unwrap()),
            unknown("one with a stranger's key", stranger[of(&allowed)].sign(&allowed, now).unwrap()),
            unknown("one whose issuer may not speak for them", swapped.sign(&allowed, now).unwrap()),
            case("whom the rule lets in", &allowed, Wants::Answer),
        ];
        if rule.allowed == Allowed::Credential {
            cases.push(Case { who: "anybody", token: None, wants: Wants::Answer, known: false });
            return cases;
        }
        cases.push(Case { who: "nobody", token: None, wants: UNKNOWN, known: false });
        for (who, other) in self.others(rule) {
            cases.push(case(who, &other, UNKNOWN));
        }
        let elsewhere = caller::organisation(0xE15E);
        match &rule.allowed {
            Allowed::Section { section, action, min_level } => {
                let account = |grants: &[(Section, Action)], level| {
                    caller::account(self.home, self.client, grants, level)
                };
                for (who, grant) in [
                    ("one without a grant", None),
                    ("one with another action", Some((*section, other_action(*action)))),
                    ("one with another section", Some((other_section(*section), *action))),
                ] {
                    let grants: Vec<_> = grant.into_iter().collect();
                    cases.push(case(who, &account(&grants, Level::High), NOT_THERE));
                }
                let grants = [(*section, *action)];
                if let Caller::Account(account) = account(&grants, Level::High) {
                    let nobody = Caller::Account(chassis::token::AccountCaller { client: None, ..account });
                    cases.push(case("one who has chosen no client", &nobody, NOT_THERE));
                }
                for level in [Level::Unspecified, Level::Low, Level::Substantial, Level::High] {
                    if i32::from(level) < i32::from(*min_level) {
                        let wants = Wants::Refusal(Code::PermissionDenied, "STEP_UP_REQUIRED");
                        cases.push(case("one at too low a level", &account(&grants, level), wants));
                    }
                }
                let other = Self::allowed(rule, self.home, caller::client(0xE15E));
                cases.push(case("one with another client", &other, Wants::Nothing));
            }
            Allowed::System(_) => {
                let other = caller::system(self.home, &["another.scope"]);
                cases.push(case("a system without the scope", &other, NOT_THERE));
            }
            _ => {}
        }
        if known(&allowed) {
            cases.push(case(
                "one of elsewhere",
                &Self::allowed(rule, elsewhere, self.client),
                Wants::Nothing,
            ));
        }
        if matches!(allowed, Caller::Account(_)) {
            let wants = if rule.impersonated {
                Wants::Answer
            } else {
                Wants::Refusal(Code::PermissionDenied, "IMPERSONATION_REFUSED")
            };
            cases.push(case("somebody in their name", &caller::impersonated(&allowed), wants));
        }
        cases.sort_by_key(|case| case.wants == Wants::Answer);
        cases
    }

    /// Whom a rule lets in, with nothing beyond it.
    fn allowed(rule: &Rule, organisation: OrganisationId, client: ClientId) -> Caller {
        match &rule.allowed {
            Allowed::Section { section, action, min_level } => {
                caller::account(organisation, client, &[(*section, *action)], *min_level)
            }
            Allowed::Account => caller::account(organisation, client, &[], Level::Low),
            Allowed::System(scope) => caller::system(organisation, &[scope]),
            Allowed::Operator => Caller::Operator,
            Allowed::Gateway | Allowed::Credential => Caller::Gateway,
        }
    }

    /// Callers of every other kind, each with all that its kind can have.
    fn others(&self, rule: &Rule) -> Vec<(&'static str, Caller)> {
        let all: Vec<_> =
            section::all().flat_map(|section| section::ACTIONS.map(|action| (section, action))).collect();
        let scopes: Vec<&str> = scopes().iter().map(String::as_str).collect();
        let kinds = [
            ("an account", caller::account(self.home, self.client, &all, Level::High)),
            ("a system", caller::system(self.home, &scopes)),
            ("an operator", Caller::Operator),
            ("the gateway", Caller::Gateway),
        ];
        let allowed = std::mem::discriminant(&Self::allowed(rule, self.home, self.client));
        kinds.into_iter().filter(|(_, caller)| std::mem::discriminant(caller) != allowed).collect()
    }

    async fn call(&self, rule: &Rule, token: Option<&str>, request: &[u8]) -> Answered {
        let channel = chassis::channel::connect(&self.process.address).unwrap();
        let channel = match token {
            Some(token) => chassis::channel::with_token(channel, token),
            None => chassis::channel::without_token(channel),
        };
        grpc::call(channel, &rule.path, request).await
    }

    /// How many audit records a method has left.
    async fn records(&self, rule: &Rule) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_record WHERE method = $1")
            .bind(rule.path.trim_start_matches('/'))
            .fetch_one(&mut self.process.database.behind().await)
            .await
            .unwrap()
    }

    /// All that the client has, or the organisation where a table is about no client, as one text; and how much was
    /// told. The service's own books and what the audit trail tells are left out.
    async fn content(&self) -> String {
        let mut behind = self.process.database.behind().await;
        let tables: Vec<(String, bool)> = sqlx::query_as(
            "SELECT table_name::text, bool_or(column_name = 'client_id') FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT IN ('audit_record', 'outbox', 'event_log')
             GROUP BY table_name HAVING bool_or(column_name = 'organisation_id') ORDER BY table_name",
        )
        .fetch_all(&mut behind)
        .await
        .unwrap();
        let mut content = String::new();
        for (table, of_client) in tables {
            let client = if of_client { "client_id = $2" } else { "$2::uuid IS NOT NULL" };
            let rows = format!(
                "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t
                 WHERE organisation_id = $1 AND {client}",
            );
            content.push_str(&self.scalar::<String>(&mut behind, &rows).await);
        }
        let told = "SELECT count(*) FROM outbox
                    WHERE organisation_id = $1 AND $2::uuid IS NOT NULL AND subject NOT LIKE '%AccessRecorded'";
        content + &self.scalar::<i64>(&mut behind, told).await.to_string()
    }

    async fn scalar<T>(&self, behind: &mut PgConnection, query: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .bind(self.home.uuid())
            .bind(self.client.uuid())
            .fetch_one(behind)
            .await
            .unwrap()
    }
}

/// The method's own name.
fn name(rule: &Rule) -> &str {
    rule.path.rsplit('/').next().unwrap_or_default()
}

fn other_action(action: Action) -> Action {
    if action == Action::View { Action::Write } else { Action::View }
}

fn other_section(section: Section) -> Section {
    if section == Section::Planning { Section::Reports } else { Section::Planning }
}
