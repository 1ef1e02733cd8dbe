//! A database per test, copied from a template that holds the service's migrations.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, migrate::Migrator,
    postgres::PgConnectOptions,
};
use store::{Db, migrate};
use uuid::Uuid;

use crate::keys::trail_keys;

const SERVICE: &str = include_str!("../../../deploy/postgres/service.sql");
/// The advisory lock that lets one test process at a time create roles, templates and databases.
const LOCK: i64 = 0x5445_5354;

/// A name for a set of migrations, from their checksums: short, because Postgres cuts names at 63 bytes.
fn fingerprint(migrator: &Migrator) -> String {
    let steps = migrate::STORE.iter().chain(migrator.iter());
    let checksums: Vec<u8> = steps.flat_map(|step| step.checksum.iter().copied()).collect();
    chassis::secret::hex(&chassis::secret::sha256(&[&checksums])[..8])
}

/// A database that belongs to one test.
#[derive(Debug)]
pub struct Database {
    /// Connects as `<service>_login`, as the service does.
    pub login: PgConnectOptions,
    /// Connects as a superuser, past privileges and row-level security.
    pub superuser: PgConnectOptions,
}

impl Database {
    /// Creates a database with all migrations.
    pub async fn create(service: &'static str, migrator: &Migrator) -> Self {
        let server: PgConnectOptions = crate::environment("ZORGPORTAAL_TEST_POSTGRES").parse().unwrap();
        Self::create_on(server, service, migrator).await
    }

    /// Creates a database with all migrations on a given server.
    pub async fn create_on(server: PgConnectOptions, service: &'static str, migrator: &Migrator) -> Self {
        let mut admin = server.connect().await.unwrap();
        let template = format!("template_{service}_{}", fingerprint(migrator));
        make_template(&mut admin, &server, service, &template, migrator).await;
        let name = format!("test_{}", Uuid::from_bytes(chassis::secret::random()).simple());
        // Postgres copies a template only while no other session uses the template.
        lock(&mut admin).await;
        run(&mut admin, &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {service}_owner")).await;
        run(&mut admin, &format!("GRANT CONNECT ON DATABASE {name} TO {service}_login")).await;
        admin.close().await.unwrap();
        Self {
            login: server.clone().database(&name).username(&format!("{service}_login")).password("login"),
            superuser: server.database(&name),
        }
    }

    /// The database as the service uses it.
    #[must_use]
    pub fn db(&self, service: &'static str) -> Db {
        Db::new(service, self.login.clone(), 4, trail_keys(service))
    }

    /// A new connection as a superuser, past privileges and row-level security.
    pub async fn as_superuser(&self) -> PgConnection {
        self.superuser.connect().await.unwrap()
    }
}

async fn lock(admin: &mut PgConnection) {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(admin).await.unwrap();
}

async fn run(admin: &mut PgConnection, statement: &str) {
    admin.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

async fn make_template(
    admin: &mut PgConnection,
    server: &PgConnectOptions,
    service: &str,
    template: &str,
    migrator: &Migrator,
) {
    lock(admin).await;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)")
            .bind(template)
            .fetch_one(&mut *admin)
            .await
            .unwrap();
    if !exists {
        let roles: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(format!("{service}_login"))
            .fetch_one(&mut *admin)
            .await
            .unwrap();
        let code: Vec<&str> = SERVICE.lines().filter(|line| !line.starts_with("--")).collect();
        let script = code
            .join("\n")
            .replace("{service}", service)
            .replace("{owner_password}", "owner")
            .replace("{login_password}", "login");
        for statement in script.split(';').filter(|statement| !statement.trim().is_empty()) {
            let makes_database = statement.contains("DATABASE");
            if !makes_database && !roles {
                run(admin, statement).await;
            }
        }
        run(admin, &format!("CREATE DATABASE {template} OWNER {service}_owner")).await;
        let owner = server.clone().database(template).username(&format!("{service}_owner")).password("owner");
        migrate::run(&owner, migrator).await.unwrap();
        run(admin, &format!("ALTER DATABASE {template} IS_TEMPLATE true")).await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(admin).await.unwrap();
}
