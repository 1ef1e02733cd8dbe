use std::time::Duration;

use chassis::{Ctx, id::ClientId, secret_file::SecretFile};
use futures::FutureExt;
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::{Db, Mode, StoreError, db::PostgresSettings};
use testkit::{caller, keys::trail_keys, monday_morning, postgres::Database, schema};

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
    let db = Db::new(SERVICE, database.login.clone(), 1, trail_keys(SERVICE));
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

/// The notes that a read of one statement sees, where its text asks for those of `asked`.
async fn read(db: &Db, ctx: &Ctx, asked: &'static str) -> Result<i64, StoreError> {
    let statement = format!(
        "SELECT count(n) FROM zp_enter($1, $2) AS tenant
         CROSS JOIN LATERAL (SELECT * FROM note WHERE {asked} LIMIT 100) AS n"
    );
    db.read(|connection| {
        let query = sqlx::query_scalar(AssertSqlSafe(statement.clone()));
        let query = query.bind(ctx.organisation.uuid()).bind(ctx.client.map(ClientId::uuid));
        query.fetch_one(connection).boxed()
    })
    .await
}

#[tokio::test]
async fn read_of_one_statement_sees_its_organisation_and_client_alone() {
    let (database, _) = database().await;
    let db = Db::new(SERVICE, database.login.clone(), 1, trail_keys(SERVICE));
    write(&db, &ctx(1, None), 1, 1).await.unwrap();
    write(&db, &ctx(1, None), 1, 2).await.unwrap();
    write(&db, &ctx(2, None), 2, 3).await.unwrap();
    for (ctx, count) in [
        (ctx(1, None), 2),
        (ctx(2, None), 1),
        (ctx(1, Some(caller::client(1))), 1),
        (ctx(1, Some(caller::client(3))), 0),
        (ctx(3, None), 0),
    ] {
        assert_eq!(read(&db, &ctx, "organisation_id = tenant").await.unwrap(), count);
        // The text forgets its condition, or asks for another organisation: the policies still hold. Postgres may
        // read before the call of `zp_enter`; such a read fails.
        assert!([0, count].contains(&read(&db, &ctx, "text = 'x'").await.unwrap_or(0)));
        assert_eq!(read(&db, &ctx, "organisation_id <> tenant").await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn read_of_one_statement_leaves_no_organisation_behind_and_cannot_write() {
    let (database, _) = database().await;
    let db = Db::new(SERVICE, database.login.clone(), 1, trail_keys(SERVICE));
    write(&db, &ctx(1, None), 1, 1).await.unwrap();
    assert_eq!(read(&db, &ctx(1, None), "organisation_id = tenant").await.unwrap(), 1);
    for statement in [
        "SELECT count(*) FROM note",
        "SELECT 1 / (count(*) - 1) FROM note",
        "SELECT zp_enter(gen_random_uuid(), NULL); UPDATE note SET text = 'y'",
        "CREATE TEMP TABLE kept (id uuid)",
    ] {
        let result = db.read(|connection| sqlx::raw_sql(statement).execute(connection).boxed()).await;
        assert!(result.is_err(), "{statement}");
        assert_eq!(read(&db, &ctx(2, None), "organisation_id = tenant").await.unwrap(), 0);
    }
}

#[tokio::test]
async fn dead_connections_of_reads_are_replaced_and_unfinished_ones_closed() {
    let (database, db) = database().await;
    let here = ctx(1, None);
    write(&db, &here, 1, 1).await.unwrap();
    let count = || read(&db, &here, "organisation_id = tenant");
    for counted in futures::future::join_all((0..4).map(|_| count())).await {
        assert_eq!(counted.unwrap(), 1);
    }
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = 'store_login'";
    sqlx::raw_sql(end).execute(&mut database.as_superuser().await).await.unwrap();
    assert_eq!(count().await.unwrap(), 1);
    // More callers than there are connections go away while their statement runs.
    for _ in 0..8 {
        let slow = db.read(|connection| sqlx::raw_sql("SELECT pg_sleep(60)").execute(connection).boxed());
        assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
    }
    assert_eq!(count().await.unwrap(), 1);
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

#[tokio::test]
async fn new_password_is_read_when_the_database_refuses_the_old_one() {
    let (database, _) = database().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "login\n").unwrap();
    // A role of this test's own: all tests share the service's role.
    let role = format!("rotated_{}", uuid::Uuid::from_bytes(chassis::secret::random()).simple());
    let mut superuser = database.as_superuser().await;
    let create = format!(
        "DO $$ BEGIN CREATE ROLE checks_password; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         CREATE ROLE {role} LOGIN PASSWORD 'login' IN ROLE store_app, store_relay, checks_password;
         GRANT CONNECT ON DATABASE {} TO {role}",
        database.login.get_database().unwrap()
    );
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut superuser).await.unwrap();
    let url = database.login.clone().username(&role).password("").to_url_lossy();
    let settings = PostgresSettings {
        url: url.to_string(),
        password_file: SecretFile::new(file.clone()),
        max_connections: 1,
    };
    let db = Db::open(SERVICE, &settings, trail_keys(SERVICE)).unwrap();
    let ctx = Ctx::of_service(SERVICE, caller::organisation(1), monday_morning());
    db.in_organisation(&ctx, Mode::Read).await.unwrap();
    let wrong =
        Db::new(SERVICE, database.login.clone().username(&role).password("wrong"), 1, trail_keys(SERVICE));
    assert!(wrong.in_organisation(&ctx, Mode::Read).await.is_err(), "the server checks this role's password");
    for password in ["second", "third"] {
        // First the file, then the database: nobody reads the file before the database refuses the old password.
        std::fs::write(&file, password).unwrap();
        db.in_organisation(&ctx, Mode::Read).await.unwrap();
        let change = format!(
            "ALTER ROLE {role} PASSWORD '{password}';
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
        );
        sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut superuser).await.unwrap();
        db.in_organisation(&ctx, Mode::Read).await.unwrap();
    }
}

#[tokio::test]
async fn abandoned_transaction_harms_no_later_one() {
    let (database, _) = database().await;
    let db = Db::new(SERVICE, database.login.clone(), 1, trail_keys(SERVICE));
    let ctx = Ctx::of_service(SERVICE, caller::organisation(1), monday_morning());
    for polls in 0..60 {
        // A caller that goes away at any point of its wait.
        let mut begins = Box::pin(async {
            let mut tx = db.in_organisation(&ctx, Mode::Read).await.unwrap();
            sqlx::query("SELECT 1").execute(tx.connection()).await.unwrap();
        });
        for _ in 0..polls {
            if futures::poll!(begins.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begins);
        let (other, client) = (caller::organisation(2), caller::client(3));
        let later = Ctx { client: Some(client), ..Ctx::of_service(SERVICE, other, monday_morning()) };
        let mut tx = db.in_organisation(&later, Mode::Write).await.unwrap();
        let settings: (String, String, String) = sqlx::query_as(
            "SELECT current_setting('zorgportaal.organisation_id'), current_setting('zorgportaal.client_id'),
                 current_setting('transaction_read_only')",
        )
        .fetch_one(tx.connection())
        .await
        .unwrap();
        let wanted = (other.to_string(), client.to_string(), "off".to_owned());
        assert_eq!(settings, wanted, "after {polls} polls");
        tx.commit().await.unwrap();
    }
}
