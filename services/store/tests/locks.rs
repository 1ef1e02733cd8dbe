//! A lock that somebody holds, and a trail that takes no records: the caller hears that the system cannot be reached now.

use chassis::{Failure, Kind};
use store::{Mode, audit};
use testkit::caller;

use crate::support::Suite;

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_waits_for_a_lock_is_a_passing_error() {
    let suite = Suite::start().await;
    let mut holder = suite.database.as_superuser().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE handled IN ACCESS EXCLUSIVE MODE").execute(&mut holder).await.unwrap();
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Write).await.unwrap();
    let insert = "INSERT INTO handled (aggregate, version, event) VALUES ($1, 1, $1)";
    let error = sqlx::query(insert).bind(caller::uuid(1)).execute(tx.connection()).await.unwrap_err();
    let code = error.as_database_error().unwrap().code().unwrap().into_owned();
    assert_eq!(code, "55P03");
    assert_eq!(Failure::from(store::StoreError::from(error)).kind(), Kind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_a_passing_error() {
    let suite = Suite::start().await;
    let mut tx = suite.db.in_organisation(&suite.ctx(), Mode::Read).await.unwrap();
    let limit: String =
        sqlx::query_scalar("SHOW statement_timeout").fetch_one(tx.connection()).await.unwrap();
    assert_eq!(limit, "10s");
    sqlx::query("SET LOCAL statement_timeout = '20ms'").execute(tx.connection()).await.unwrap();
    let error = sqlx::query("SELECT pg_sleep(10)").execute(tx.connection()).await.unwrap_err();
    assert_eq!(Failure::from(store::StoreError::from(error)).kind(), Kind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_takes_no_records_is_seen_before_a_call_needs_one() {
    let suite = Suite::start().await;
    let takes = async || audit::takes_records(&suite.db, suite.clock.now()).await;
    assert!(takes().await);
    let mut superuser = suite.database.as_superuser().await;
    let revoke = format!("REVOKE INSERT ON audit_record FROM {}_audit", suite.db.service());
    sqlx::raw_sql(sqlx::AssertSqlSafe(revoke)).execute(&mut superuser).await.unwrap();
    assert!(!takes().await && suite.db.answers().await);
    let records: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_record").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(records, 0, "the probe leaves nothing");
}
