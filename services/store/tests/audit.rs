use chassis::{Ctx, id::ClientId};
use proto::{
    access::v1::Section,
    event::v1::{
        AccessOutcome, AuditFaultKind, VerifyAuditRequest, VerifyAuditResponse,
        audit_service_server::AuditService,
    },
};
use sqlx::{Connection, PgConnection};
use store::audit::{Access, Audit, AuditRpc};
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
        let audit = Audit::start(database.db(SERVICE), keys.settings.seal("identity").unwrap());
        Self { database, audit, keys }
    }

    fn access(client: ClientId) -> Access {
        let ctx = Ctx::of_service(SERVICE, caller::organisation(1), monday_morning());
        Access {
            ctx,
            client: Some(client),
            section: Section::Reports,
            method: "zorgportaal.dossier.v1.DossierService/ListReports".to_owned(),
            outcome: AccessOutcome::Answered,
        }
    }

    /// The whole check, in calls of a few records each; the pages' answers taken together.
    async fn verify(&self) -> VerifyAuditResponse {
        let rpc = AuditRpc::new(self.database.db(SERVICE)).page(4);
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

    /// Six records of one chain, each told of by an event that was published.
    async fn told() -> Self {
        let trail = Self::start().await;
        for number in 0..6 {
            trail.audit.record(vec![Self::access(caller::client(number))]).await.unwrap();
        }
        outbox::publish(&mut trail.database.behind().await).await;
        assert_eq!(trail.faults().await, []);
        trail
    }

    /// Does something as a superuser, past every rule.
    async fn behind(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.behind().await).await.unwrap();
    }
}

#[tokio::test]
async fn concurrent_records_share_commits_and_their_chain_holds() {
    let trail = Trail::start().await;
    let records = (0..200).map(|number| trail.audit.record(vec![Trail::access(caller::client(number))]));
    for written in futures::future::join_all(records).await {
        written.unwrap();
    }
    let found = trail.verify().await;
    assert_eq!((found.records, found.chains), (200, 1));
    assert_eq!(found.faults, Vec::new());
    let told = outbox::of::<proto::event::v1::AccessRecorded>(&mut trail.database.behind().await).await;
    assert_eq!(told.iter().map(|(_, batch)| batch.records.len()).sum::<usize>(), 200);
    assert!(told.len() < 200, "{} commits for 200 records", told.len());
}

#[tokio::test]
async fn a_changed_field_and_a_record_taken_out_are_named() {
    let trail = Trail::told().await;
    trail.behind("UPDATE audit_record SET actor_id = 'somebody else' WHERE sequence = 2").await;
    trail.behind("DELETE FROM audit_record WHERE sequence = 4; TRUNCATE event_log").await;
    assert_eq!(trail.faults().await, [(2, AuditFaultKind::Changed), (4, AuditFaultKind::Missing)]);
}

#[tokio::test]
async fn one_changed_byte_in_any_column_is_named() {
    let trail = Trail::told().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_name = 'audit_record'",
    )
    .fetch_all(&mut trail.database.behind().await)
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
        let mut behind = trail.database.behind().await;
        sqlx::raw_sql("CREATE TEMP TABLE kept AS SELECT * FROM audit_record")
            .execute(&mut behind)
            .await
            .unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(change)).execute(&mut behind).await.unwrap();
        let faults = trail.faults().await;
        // Taken to another chain, or behind the end of its own, it is missing where it was.
        assert!(faults.iter().any(|(sequence, _)| *sequence == 3), "{column}: {faults:?}");
        sqlx::raw_sql("TRUNCATE audit_record; INSERT INTO audit_record SELECT * FROM kept; DROP TABLE kept")
            .execute(&mut behind)
            .await
            .unwrap();
        assert_eq!(trail.faults().await, [], "{column} was put back");
    }
}

#[tokio::test]
async fn an_end_that_is_cut_off_and_a_chain_that_is_gone_are_named_by_what_was_told() {
    let trail = Trail::told().await;
    trail.behind("DELETE FROM audit_record WHERE sequence > 4").await;
    let missing = AuditFaultKind::Missing;
    assert_eq!(trail.faults().await, [(5, missing), (6, missing)]);
    trail.behind("DELETE FROM audit_record").await;
    assert_eq!(trail.faults().await, (1..=6).map(|sequence| (sequence, missing)).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_event_that_was_spoilt_is_named_and_the_check_goes_on() {
    let trail = Trail::told().await;
    trail.behind("UPDATE event_log SET payload = 'no event' WHERE position = 2").await;
    trail.behind("UPDATE event_log SET payload = '' WHERE position = 3").await;
    trail.behind("DELETE FROM audit_record WHERE sequence = 6").await;
    let unreadable = AuditFaultKind::Unreadable;
    assert_eq!(trail.faults().await, [(2, unreadable), (3, unreadable), (6, AuditFaultKind::Missing)]);
}

#[tokio::test]
async fn a_record_in_somebodys_name_says_who_acted() {
    let trail = Trail::start().await;
    let mut access = Trail::access(caller::client(1));
    access.ctx.person.impersonator = "coach K. Bakker".to_owned();
    trail.audit.record(vec![access]).await.unwrap();
    let kept: String = sqlx::query_scalar("SELECT person_impersonator FROM audit_record")
        .fetch_one(&mut trail.database.behind().await)
        .await
        .unwrap();
    assert_eq!(kept, "coach K. Bakker");
    assert_eq!(trail.faults().await, []);
}

#[tokio::test]
async fn no_role_of_the_service_can_change_or_take_away_a_record() {
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
async fn with_the_database_away_there_is_no_record_and_so_no_answer() {
    let trail = Trail::start().await;
    let nowhere = trail.database.login.clone().port(1);
    let db = store::Db::new(SERVICE, nowhere, 1);
    let audit = Audit::start(db, trail.keys.settings.seal("identity").unwrap());
    assert!(audit.record(vec![Trail::access(caller::client(1))]).await.is_err());
}
