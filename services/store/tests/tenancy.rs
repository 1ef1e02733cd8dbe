use chassis::{Ctx, id::ClientId};
use sqlx::AssertSqlSafe;
use store::{Db, Mode};
use testkit::{caller, monday_morning, postgres::Database, schema};

use crate::support::{NO_MIGRATIONS, SERVICE};

async fn database() -> (Database, Db) {
    let database = Database::create(SERVICE, &NO_MIGRATIONS).await;
    sqlx::raw_sql(
        "SET ROLE store_owner;
         CREATE TABLE note (organisation_id uuid NOT NULL, id uuid NOT NULL, client_id uuid NOT NULL,
             text text, PRIMARY KEY (organisation_id, id));
         SELECT zp_tenant_client('note')",
    )
    .execute(&mut database.as_superuser().await)
    .await
    .unwrap();
    let db = database.db(SERVICE);
    (database, db)
}

fn ctx(organisation: u64, client: Option<ClientId>) -> Ctx {
    Ctx { client, ..Ctx::of_service(SERVICE, caller::organisation(organisation), monday_morning()) }
}

async fn write(db: &Db, ctx: &Ctx, organisation: u64, client: u64) -> Result<(), sqlx::Error> {
    let mut tx = db.in_organisation(ctx, Mode::Write).await.unwrap();
    sqlx::query("INSERT INTO note VALUES ($1, $2, $3, 'x')")
        .bind(caller::uuid(organisation))
        .bind(chassis::id::v7(monday_morning()))
        .bind(caller::client(client).uuid())
        .execute(tx.connection())
        .await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn visible(db: &Db, ctx: &Ctx) -> i64 {
    let mut tx = db.in_organisation(ctx, Mode::Read).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM note").fetch_one(tx.connection()).await.unwrap()
}

#[tokio::test]
async fn rows_of_another_organisation_or_client_are_invisible() {
    let (_database, db) = database().await;
    write(&db, &ctx(1, None), 1, 1).await.unwrap();
    write(&db, &ctx(1, None), 1, 2).await.unwrap();
    write(&db, &ctx(2, None), 2, 3).await.unwrap();

    assert_eq!(visible(&db, &ctx(1, None)).await, 2);
    assert_eq!(visible(&db, &ctx(2, None)).await, 1);
    assert_eq!(visible(&db, &ctx(1, Some(caller::client(1)))).await, 1);
    assert_eq!(visible(&db, &ctx(1, Some(caller::client(3)))).await, 0);
    assert_eq!(visible(&db, &ctx(3, None)).await, 0);
}

#[tokio::test]
async fn nothing_can_be_written_for_another_organisation_or_client() {
    let (_database, db) = database().await;
    assert!(write(&db, &ctx(1, None), 2, 1).await.is_err());
    assert!(write(&db, &ctx(1, Some(caller::client(1))), 1, 2).await.is_err());
}

#[tokio::test]
async fn reused_connection_keeps_no_organisation() {
    let (database, _) = database().await;
    let db = Db::new(SERVICE, database.login.clone(), 1);
    write(&db, &ctx(1, None), 1, 1).await.unwrap();
    assert_eq!(visible(&db, &ctx(2, None)).await, 0);
    assert_eq!(visible(&db, &ctx(1, None)).await, 1);
}

#[tokio::test]
async fn connections_that_died_are_replaced_within_the_call() {
    let (database, db) = database().await;
    let (here, elsewhere) = (ctx(1, None), ctx(2, None));
    let all = [&here, &elsewhere, &here, &elsewhere].map(|ctx| db.in_organisation(ctx, Mode::Read));
    let open = futures::future::join_all(all).await;
    assert!(open.iter().all(Result::is_ok));
    drop(open);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = 'store_login'";
    sqlx::raw_sql(end).execute(&mut database.as_superuser().await).await.unwrap();
    write(&db, &here, 1, 1).await.unwrap();
    assert_eq!(visible(&db, &here).await, 1);
}

#[tokio::test]
async fn a_read_cannot_write() {
    let (_database, db) = database().await;
    let mut tx = db.in_organisation(&ctx(1, None), Mode::Read).await.unwrap();
    let written = sqlx::query("UPDATE note SET text = 'y'").execute(tx.connection()).await;
    assert!(written.is_err());
}

#[tokio::test]
async fn schema_check_accepts_store_tables_and_names_bad_ones() {
    let (database, _) = database().await;
    let mut superuser = database.as_superuser().await;
    assert_eq!(schema::faults(&mut superuser).await, Vec::<String>::new());
    sqlx::raw_sql("CREATE TABLE bad_note (id uuid PRIMARY KEY)").execute(&mut superuser).await.unwrap();
    for (bad, rule) in [
        ("CREATE TABLE bad (id uuid PRIMARY KEY)", "no organisation_id"),
        ("CREATE TABLE bad (organisation_id uuid NOT NULL PRIMARY KEY)", "no forced row-level security"),
        (
            "CREATE TABLE bad (organisation_id uuid NOT NULL, client_id uuid); SET ROLE store_owner;
             RESET ROLE; ALTER TABLE bad OWNER TO store_owner; SET ROLE store_owner; SELECT zp_tenant('bad')",
            "no restrictive policy",
        ),
        (
            "CREATE TABLE bad (organisation_id uuid NOT NULL, at timestamptz DEFAULT now())",
            "asks the database for the time",
        ),
        (
            "CREATE TABLE bad (organisation_id uuid NOT NULL, note uuid REFERENCES bad_note);",
            "foreign key that may lead",
        ),
        (
            "CREATE TABLE bad (organisation_id uuid NOT NULL); CREATE POLICY all_of_it ON bad USING (true)",
            "permissive policy beside",
        ),
        (
            "CREATE TABLE bad (organisation_id uuid NOT NULL, id uuid PRIMARY KEY)",
            "index that does not begin",
        ),
    ] {
        sqlx::raw_sql(AssertSqlSafe(format!("RESET ROLE; {bad}"))).execute(&mut superuser).await.unwrap();
        let faults = schema::faults(&mut superuser).await;
        assert!(faults.iter().any(|fault| fault.contains(rule)), "{rule}: {faults:?}");
        sqlx::raw_sql("RESET ROLE; DROP TABLE bad").execute(&mut superuser).await.unwrap();
    }
    let function = "CREATE FUNCTION bad() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'";
    sqlx::raw_sql(function).execute(&mut superuser).await.unwrap();
    let faults = schema::faults(&mut superuser).await;
    assert!(faults.iter().any(|fault| fault.contains("is a function that asks")), "{faults:?}");
}
