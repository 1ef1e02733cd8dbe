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

    async fn verify(&self) -> VerifyAuditResponse {
        let mut request = tonic::Request::new(VerifyAuditRequest {});
        request.extensions_mut().insert(Self::access(caller::client(1)).ctx);
        AuditRpc::new(self.database.db(SERVICE)).verify_audit(request).await.unwrap().into_inner()
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
async fn a_changed_field_and_a_missing_record_are_named() {
    let trail = Trail::start().await;
    for number in 0..6 {
        trail.audit.record(vec![Trail::access(caller::client(number))]).await.unwrap();
    }
    let mut behind = trail.database.behind().await;
    sqlx::raw_sql("UPDATE audit_record SET actor_id = 'somebody else' WHERE sequence = 2")
        .execute(&mut behind)
        .await
        .unwrap();
    sqlx::raw_sql("DELETE FROM audit_record WHERE sequence = 4").execute(&mut behind).await.unwrap();
    let found = trail.verify().await;
    let faults: Vec<_> = found.faults.iter().map(|fault| (fault.sequence, fault.kind())).collect();
    assert_eq!(faults, [(2, AuditFaultKind::Changed), (4, AuditFaultKind::Missing)]);
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
