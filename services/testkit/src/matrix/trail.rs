//! The audit trail of the matrix: a write and its record are one, also when the trail takes no records at the moment
//! of the write.

use chassis::access::Rules;
use jiff::SignedDuration;
use store::{
    audit::{Audit, record_left_intents},
    housekeeping::RetentionSettings,
};
use tonic::{Code, Status};

use super::{Matrix, name};
use crate::process::issuer;

impl Matrix<'_> {
    /// Calls every audited method for which there is a request, as its allowed caller, while the trail takes no
    /// records, as after a crash between the commit and the record. Descriptions of all faults.
    pub async fn trail_faults(&self) -> Vec<String> {
        let rules = Rules::of_contract().unwrap();
        let mut faults = Vec::new();
        for rule in rules.all() {
            let request = self.requests.get(name(rule)).filter(|_| rule.path.starts_with(&self.package));
            if let Some(request) = request.filter(|_| rule.audit) {
                let caller = Self::allowed_caller(rule, self.home, self.client);
                let signer = self.process.keys.signer(issuer(&caller));
                let token = signer.sign(&caller, self.process.clock.now()).unwrap();
                faults.extend(self.trail_fault(name(rule), self.call(rule, Some(&token), request)).await);
            }
        }
        faults
    }

    /// Lets a call of a method run while the trail takes no records. Returns the fault: an answer without a record,
    /// or a write that has not exactly one record afterwards, or a record that does not name what it is about.
    pub async fn trail_fault<T>(
        &self,
        method: &str,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Option<String> {
        let (before, records_before) = (self.content().await, self.count_records(method).await);
        self.let_trail_take_records(false).await;
        let answer = call.await;
        self.let_trail_take_records(true).await;
        let wrote = before != self.content().await;
        self.record_left_intents().await;
        self.record_left_intents().await;
        let records = self.count_records(method).await - records_before;
        let nameless = self.count_nameless(method).await;
        let unavailable = answer.is_err_and(|status| status.code() == Code::Unavailable);
        let right = unavailable && nameless == 0 && (!wrote || records == 1);
        (!right).then(|| {
            format!(
                "{method}: unavailable: {unavailable}; wrote: {wrote}; {records} records, {nameless} nameless"
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
        let audit = Audit::start(
            db.clone(),
            self.process.clock.clone(),
            self.process.seal_keys(self.process.service),
            RetentionSettings::default(),
        );
        let later = self.process.clock.now() + SignedDuration::from_secs(10);
        record_left_intents(&db, &audit, later).await.unwrap();
    }

    /// The number of records of a method, left by a crash, that name neither a client nor another thing.
    async fn count_nameless(&self, method: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM audit_record
             WHERE method LIKE '%/' || $1 AND outcome = 4 AND client_id IS NULL AND object_kind = ''",
        )
        .bind(method)
        .fetch_one(&mut self.process.database.as_superuser().await)
        .await
        .unwrap()
    }
}
