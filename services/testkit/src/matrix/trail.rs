//! The audit trail of the matrix: a write and its record are one, also when the trail takes no records at the moment
//! of the write.

use chassis::access::{Rule, Rules};
use jiff::SignedDuration;
use store::audit::{Audit, record_left_intents};
use tonic::Code;

use super::{Matrix, is_of_tenant, name};

impl Matrix<'_> {
    /// Calls every audited method as its allowed caller while the trail takes no records, as after a crash between the
    /// commit and the record. Descriptions of all faults: an answer without a record, and a write that has not exactly
    /// one record afterwards.
    pub async fn trail_faults(&self) -> Vec<String> {
        let rules = Rules::of_contract().unwrap();
        let mut faults = Vec::new();
        for rule in rules.all() {
            let is_checked = rule.path.starts_with(&self.package) && rule.audit;
            if is_checked && is_of_tenant(rule) && self.requests.contains_key(name(rule)) {
                faults.extend(self.trail_fault(rule).await);
            }
        }
        faults
    }

    async fn trail_fault(&self, rule: &Rule) -> Option<String> {
        let (before, records_before) = (self.content().await, self.count_records(rule).await);
        self.let_trail_take_records(false).await;
        let caller = Self::allowed_caller(rule, self.home, self.client);
        let signer = self.process.keys.settings.signer("identity").unwrap();
        let token = signer.sign(&caller, self.process.clock.now()).unwrap();
        let answer = self.call(rule, Some(&token), &self.requests[name(rule)]).await;
        self.let_trail_take_records(true).await;
        let wrote = before != self.content().await;
        self.record_left_intents().await;
        self.record_left_intents().await;
        let records = self.count_records(rule).await - records_before;
        let nameless = self.count_nameless(rule).await;
        let unavailable = answer.is_err_and(|status| status.code() == Code::Unavailable);
        let right = unavailable && nameless == 0 && (!wrote || records == 1);
        (!right).then(|| {
            format!(
                "{}: unavailable: {unavailable}; wrote: {wrote}; {records} records, {nameless} nameless",
                rule.path
            )
        })
    }

    async fn let_trail_take_records(&self, takes: bool) {
        let change =
            if takes { "GRANT INSERT ON audit_record TO" } else { "REVOKE INSERT ON audit_record FROM" };
        let statement = format!("{change} {}_audit", self.process.service);
        let mut superuser = self.process.database.as_superuser().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut superuser).await.unwrap();
    }

    /// Does what the due work of the service does with intents once the process had its time to record them.
    async fn record_left_intents(&self) {
        let db = self.process.database.db(self.process.service);
        let audit = Audit::start(db.clone(), self.process.seal_keys(self.process.service));
        let later = self.process.clock.now() + SignedDuration::from_secs(10);
        record_left_intents(&db, &audit, later).await.unwrap();
    }

    /// The number of records of a method, left by a crash, that name neither a client nor another thing.
    async fn count_nameless(&self, rule: &Rule) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM audit_record
             WHERE method = $1 AND outcome = 4 AND client_id IS NULL AND object_kind = ''",
        )
        .bind(rule.path.trim_start_matches('/'))
        .fetch_one(&mut self.process.database.as_superuser().await)
        .await
        .unwrap()
    }
}
