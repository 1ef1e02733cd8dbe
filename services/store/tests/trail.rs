//! An audit trail with records, for the tests that check it.

use std::time::Duration;

use chassis::{Clock, Ctx, call::Object, id::ClientId, keys};
use proto::{
    access::v1::Section,
    event::v1::{
        AccessOutcome, AuditFaultKind, VerifyAuditRequest, VerifyAuditResponse,
        audit_service_server::AuditService,
    },
};
use store::{
    Db,
    audit::{Access, Audit, AuditRpc},
    housekeeping::RetentionSettings,
};
use testkit::{Keys, caller, monday_morning, outbox, postgres::Database};

use crate::support::{NO_MIGRATIONS, SERVICE, TEST_TIMEOUT};

/// A database with an audit trail and its writer.
pub struct Trail {
    pub database: Database,
    pub db: Db,
    pub clock: Clock,
    pub audit: Audit,
    pub keys: Keys,
    /// The keys of the service that owns the trail.
    pub own: keys::Keys,
}

impl Trail {
    pub async fn start() -> Self {
        let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
        let keys = Keys::generate();
        keys.settings.generate(SERVICE).unwrap();
        let own = keys.of(SERVICE);
        let db = Db::new(SERVICE, database.login.clone(), 4, own.trail().unwrap());
        let clock = Clock::fixed(monday_morning());
        let audit = Trail::writer(&db, &clock, &own);
        Self { database, db, clock, audit, keys, own }
    }

    /// A writer of the trail.
    pub fn writer(db: &Db, clock: &Clock, own: &keys::Keys) -> Audit {
        Audit::start(db.clone(), clock.clone(), own.seal().unwrap(), RetentionSettings::default())
    }

    pub fn access(client: ClientId) -> Access {
        let ctx = Ctx::of_service(SERVICE, caller::organisation(1), monday_morning());
        Access {
            record: chassis::id::v7(ctx.now),
            ctx,
            client: Some(client),
            object: Object::default(),
            has_intent: false,
            section: Section::Reports,
            method: "zorgportaal.dossier.v1.DossierService/ListReports".to_owned(),
            outcome: AccessOutcome::Answered,
        }
    }

    /// Runs the whole check in small pages, and adds the answers up.
    pub async fn verify(&self) -> VerifyAuditResponse {
        let rpc = AuditRpc::new(self.db.clone()).page_size(4);
        let mut all = VerifyAuditResponse::default();
        let mut page_token = String::new();
        loop {
            let mut request = tonic::Request::new(VerifyAuditRequest { page_token });
            let ctx = Self::access(caller::client(1)).ctx;
            request.extensions_mut().insert(Ctx { now: self.clock.now(), ..ctx });
            let found = rpc.verify_audit(request).await.unwrap().into_inner();
            all.records += found.records;
            all.chains += found.chains;
            all.faults.extend(found.faults);
            all.left_months.extend(found.left_months);
            page_token = found.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    pub async fn faults(&self) -> Vec<(i64, AuditFaultKind)> {
        let found = self.verify().await;
        found.faults.iter().map(|fault| (fault.sequence, fault.kind())).collect()
    }

    /// A trail with six records of one chain, each in a published event of its own.
    pub async fn with_published_records() -> Self {
        let trail = Self::start().await;
        for number in 0..6 {
            trail.audit.record(vec![Self::access(caller::client(number))]).await.unwrap();
            trail.audit.tell().await.unwrap();
        }
        trail.clock.advance(Duration::from_mins(4));
        trail.publish().await;
        assert_eq!(trail.faults().await, []);
        trail
    }

    /// Ends the writer's connection, as a crash does; waits until the database has let its lock go.
    pub async fn end_writer(&self) {
        let mut superuser = self.database.as_superuser().await;
        let writers = "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
             WHERE locktype = 'advisory' AND datname = current_database()";
        let end =
            sqlx::AssertSqlSafe(format!("SELECT pg_terminate_backend(pid) FROM ({writers}) AS writers"));
        sqlx::raw_sql(end).execute(&mut superuser).await.unwrap();
        let ended =
            async { while sqlx::query(writers).fetch_optional(&mut superuser).await.unwrap().is_some() {} };
        tokio::time::timeout(TEST_TIMEOUT, ended).await.unwrap();
    }

    /// Moves what the trail told to the event log.
    pub async fn publish(&self) {
        outbox::publish(&self.db, monday_morning()).await;
    }

    /// Changes rows as a superuser, whom no privilege or policy stops.
    pub async fn run_as_superuser(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.as_superuser().await).await.unwrap();
    }
}
