use chassis::{Ctx, call::Object, id::ClientId};
use proto::{
    access::v1::Section,
    event::v1::{
        AccessOutcome, AuditFaultKind, VerifyAuditRequest, VerifyAuditResponse,
        audit_service_server::AuditService,
    },
};
use sqlx::{Connection, PgConnection};
use store::{
    Mode,
    audit::{Access, Audit, AuditRpc, record_left_intents},
};
use testkit::{Keys, caller, monday_morning, outbox, postgres::Database};

use crate::support::{NO_MIGRATIONS, SERVICE};

struct Trail {
    database: Database,
    audit: Audit,
    keys: Keys,
}

impl Trail {
    async fn start() -> Self {
        let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
        let keys = Keys::generate();
        let audit = Audit::start(database.db(SERVICE), keys.settings.seal_keys("identity").unwrap());
        Self { database, audit, keys }
    }

    fn access(client: ClientId) -> Access {
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
    async fn verify(&self) -> VerifyAuditResponse {
        let rpc = AuditRpc::new(self.database.db(SERVICE)).page_size(4);
        let mut all = VerifyAuditResponse::default();
        let mut page_token = String::new();
        loop {
            let mut request = tonic::Request::new(VerifyAuditRequest { page_token });
            request.extensions_mut().insert(Self::access(caller::client(1)).ctx);
            let found = rpc.verify_audit(request).await.unwrap().into_inner();
            all.records += found.records;
            all.chains += found.chains;
            all.faults.extend(found.faults);
            page_token = found.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    async fn faults(&self) -> Vec<(i64, AuditFaultKind)> {
        let found = self.verify().await;
        found.faults.iter().map(|fault| (fault.sequence, fault.kind())).collect()
    }

    /// A trail with six records of one chain, each in a published event of its own.
    async fn with_published_records() -> Self {
        let trail = Self::start().await;
        for number in 0..6 {
            trail.audit.record(vec![Self::access(caller::client(number))]).await.unwrap();
        }
        outbox::publish(&mut trail.database.as_superuser().await).await;
        assert_eq!(trail.faults().await, []);
        trail
    }

    /// Changes rows as a superuser, whom no privilege or policy stops.
    async fn run_as_superuser(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.as_superuser().await).await.unwrap();
    }
}

#[tokio::test]
async fn concurrent_records_share_commits_and_form_a_valid_chain() {
    let trail = Trail::start().await;
    let records = (0..200).map(|number| trail.audit.record(vec![Trail::access(caller::client(number))]));
    for written in futures::future::join_all(records).await {
        written.unwrap();
    }
    let found = trail.verify().await;
    assert_eq!((found.records, found.chains), (200, 1));
    assert_eq!(found.faults, Vec::new());
    let events =
        outbox::events::<proto::event::v1::AccessRecorded>(&mut trail.database.as_superuser().await).await;
    assert_eq!(events.iter().map(|(_, batch)| batch.records.len()).sum::<usize>(), 200);
    assert!(events.len() < 200, "{} commits for 200 records", events.len());
}

#[tokio::test]
async fn changed_and_deleted_records_are_reported() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("UPDATE audit_record SET actor_id = 'somebody else' WHERE sequence = 2").await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence = 4; TRUNCATE event_log").await;
    assert_eq!(trail.faults().await, [(2, AuditFaultKind::Changed), (4, AuditFaultKind::Missing)]);
}

#[tokio::test]
async fn changed_byte_in_any_column_is_reported() {
    let trail = Trail::with_published_records().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_name = 'audit_record'",
    )
    .fetch_all(&mut trail.database.as_superuser().await)
    .await
    .unwrap();
    assert!(columns.len() > 12, "{columns:?}");
    for (column, kind) in columns {
        let other = match kind.as_str() {
            "bigint" => format!("{column} + 100"),
            "text" => format!("overlay({column} || ' ' placing '~' from 1 for 1)"),
            "integer" | "date" => format!("{column} + 1"),
            "uuid" => "gen_random_uuid()".to_owned(),
            "bytea" => format!("set_byte({column}, 31, get_byte({column}, 31) # 1)"),
            _ => format!("{column} + interval '1 microsecond'"),
        };
        let change = format!("UPDATE audit_record SET {column} = {other} WHERE sequence = 3");
        let mut superuser = trail.database.as_superuser().await;
        sqlx::raw_sql("CREATE TEMP TABLE backup AS SELECT * FROM audit_record")
            .execute(&mut superuser)
            .await
            .unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(change)).execute(&mut superuser).await.unwrap();
        let faults = trail.faults().await;
        // A change may move the record to another chain or sequence: number 3 is then missing.
        assert!(faults.iter().any(|(sequence, _)| *sequence == 3), "{column}: {faults:?}");
        sqlx::raw_sql(
            "TRUNCATE audit_record; INSERT INTO audit_record SELECT * FROM backup; DROP TABLE backup",
        )
        .execute(&mut superuser)
        .await
        .unwrap();
        assert_eq!(trail.faults().await, [], "{column} is restored");
    }
}

#[tokio::test]
async fn deleted_chain_end_and_deleted_chain_are_reported() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence > 4").await;
    let missing = AuditFaultKind::Missing;
    assert_eq!(trail.faults().await, [(5, missing), (6, missing)]);
    trail.run_as_superuser("DELETE FROM audit_record").await;
    assert_eq!(trail.faults().await, (1..=6).map(|sequence| (sequence, missing)).collect::<Vec<_>>());
}

#[tokio::test]
async fn unreadable_event_is_reported_and_the_check_continues() {
    let trail = Trail::with_published_records().await;
    trail.run_as_superuser("UPDATE event_log SET payload = 'no event' WHERE position = 2").await;
    trail.run_as_superuser("UPDATE event_log SET payload = '' WHERE position = 3").await;
    trail.run_as_superuser("DELETE FROM audit_record WHERE sequence = 6").await;
    let unreadable = AuditFaultKind::Unreadable;
    assert_eq!(trail.faults().await, [(2, unreadable), (3, unreadable), (6, AuditFaultKind::Missing)]);
}

#[tokio::test]
async fn record_of_an_impersonation_names_the_impersonator() {
    let trail = Trail::start().await;
    let mut access = Trail::access(caller::client(1));
    access.ctx.person.impersonator = "coach K. Bakker".to_owned();
    trail.audit.record(vec![access]).await.unwrap();
    let impersonator: String = sqlx::query_scalar("SELECT person_impersonator FROM audit_record")
        .fetch_one(&mut trail.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(impersonator, "coach K. Bakker");
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn no_role_of_the_service_can_change_or_delete_a_record() {
    let trail = Trail::start().await;
    trail.audit.record(vec![Trail::access(caller::client(1))]).await.unwrap();
    let mut login = PgConnection::connect_with(&trail.database.login).await.unwrap();
    for role in ["store_app", "store_audit", "store_relay"] {
        for change in
            ["UPDATE audit_record SET method = ''", "DELETE FROM audit_record", "TRUNCATE audit_record"]
        {
            let statement = format!("SET ROLE {role}; {change}");
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut login).await;
            assert!(refused.is_err(), "{role}: {change}");
            sqlx::raw_sql("RESET ROLE").execute(&mut login).await.unwrap();
        }
    }
}

#[tokio::test]
async fn only_the_audit_role_can_read_or_delete_an_intent() {
    let trail = Trail::start().await;
    let mut login = PgConnection::connect_with(&trail.database.login).await.unwrap();
    for (statement, allowed) in [
        ("SET ROLE store_app; SELECT FROM audit_intent", false),
        ("SET ROLE store_app; DELETE FROM audit_intent", false),
        ("SET ROLE store_app; UPDATE audit_intent SET method = ''", false),
        ("SET ROLE store_relay; SELECT FROM audit_intent", false),
        ("SET ROLE store_audit; SELECT FROM audit_intent", true),
        ("SET ROLE store_audit; DELETE FROM audit_intent", true),
        ("SET ROLE store_audit; UPDATE audit_intent SET method = ''", false),
    ] {
        assert_eq!(sqlx::raw_sql(statement).execute(&mut login).await.is_ok(), allowed, "{statement}");
        sqlx::raw_sql("RESET ROLE").execute(&mut login).await.unwrap();
    }
}

#[tokio::test]
async fn left_intent_is_recorded_once_after_ten_seconds() {
    let trail = Trail::start().await;
    let (db, access) = (trail.database.db(SERVICE), Trail::access(caller::client(1)));
    let mut tx = db.in_organisation(&access.ctx, Mode::Write).await.unwrap();
    tx.add_intents(std::slice::from_ref(&access)).await.unwrap();
    tx.commit().await.unwrap();
    let at = |seconds| monday_morning() + jiff::SignedDuration::from_secs(seconds);
    for (seconds, recorded) in [(9, 0), (10, 1), (11, 0)] {
        assert_eq!(record_left_intents(&db, &trail.audit, at(seconds)).await.unwrap(), recorded);
    }
    let records: Vec<(uuid::Uuid, i32)> = sqlx::query_as("SELECT record_id, outcome FROM audit_record")
        .fetch_all(&mut trail.database.as_superuser().await)
        .await
        .unwrap();
    assert_eq!(records, [(access.record, AccessOutcome::Unknown.into())]);
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn recording_fails_if_the_database_cannot_be_reached() {
    let trail = Trail::start().await;
    let unreachable = trail.database.login.clone().port(1);
    let db = store::Db::new(SERVICE, unreachable, 1);
    let audit = Audit::start(db, trail.keys.settings.seal_keys("identity").unwrap());
    assert!(audit.record(vec![Trail::access(caller::client(1))]).await.is_err());
}
