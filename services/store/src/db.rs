//! The one way to data: a transaction within one organisation, and one client where a client is chosen.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chassis::Ctx;
use serde::Deserialize;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Notify;

use crate::{StoreError, Tx};

/// Settings of the database.
#[derive(Clone, Debug, Deserialize)]
pub struct PostgresSettings {
    /// Where it is, without a password: `postgres://dossier_login@host:5432/dossier`.
    pub url: String,
    /// The file that holds the password; empty: none is needed.
    pub password_file: PathBuf,
    /// The most connections that a process opens.
    pub max_connections: u32,
}

impl PostgresSettings {
    /// The settings as connect options, with the password read.
    ///
    /// # Errors
    /// When the URL is not one or the file cannot be read.
    pub fn options(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        let mut options: PgConnectOptions = self.url.parse()?;
        if !self.password_file.as_os_str().is_empty() {
            options = options.password(std::fs::read_to_string(&self.password_file)?.trim());
        }
        Ok(options)
    }
}

/// Whether a transaction may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reads; the end is not waited for.
    Read,
    /// Reads and writes; nothing stands before `commit`.
    Write,
}

/// The database of one service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    service: &'static str,
    outbox: Arc<Notify>,
    trail: Arc<Notify>,
}

impl Db {
    /// A database that connects when it is used.
    #[must_use]
    pub fn new(service: &'static str, options: PgConnectOptions, max_connections: u32) -> Self {
        // Told of every statement, without its values, where somebody asks for that; it costs.
        let is_asked = tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG);
        let options = if is_asked { options } else { options.disable_statement_logging() };
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(2))
            // A broken connection shows itself at its first use and is thrown away; asking each time costs a round trip.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, service, outbox: Arc::default(), trail: Arc::default() }
    }

    /// The service whose database it is.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// A transaction in which only rows of the Ctx's organisation, and of its client where one is chosen, are there.
    ///
    /// Begins and sets role, organisation and client in one round trip. The values are UUIDs, so that the text is safe.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn in_organisation(&self, ctx: &Ctx, mode: Mode) -> Result<Tx, StoreError> {
        let access = if mode == Mode::Read { " READ ONLY" } else { "" };
        let client = ctx.client.map(|client| client.to_string()).unwrap_or_default();
        let begin = format!(
            "BEGIN{access}; SET LOCAL role = {}_app; SET LOCAL zorgportaal.organisation_id = '{}'; \
             SET LOCAL zorgportaal.client_id = '{client}'",
            self.service, ctx.organisation,
        );
        Ok(Tx::new(self.begin(begin).await?, ctx.clone(), Arc::clone(&self.outbox)))
    }

    /// A transaction as one of the service's roles that see every organisation: relay or audit.
    pub(crate) async fn as_role(
        &self,
        suffix: &'static str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = format!("BEGIN; SET LOCAL role = {}_{suffix}", self.service);
        Ok(self.begin(begin).await?)
    }

    /// A connection beside the pool, for as long as its holder works, in one of the roles that see every organisation.
    pub(crate) async fn connect_as(&self, suffix: &'static str) -> Result<PgConnection, StoreError> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        let role = format!("SET ROLE {}_{suffix}", self.service);
        sqlx::query(AssertSqlSafe(role)).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Connections may have died since they were last used; that shows here, and as many more are tried as there are.
    async fn begin(&self, begin: String) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut dead = 0;
        loop {
            match self.pool.begin_with(AssertSqlSafe(begin.clone())).await {
                Err(error) if has_died(&error) && dead < self.pool.options().get_max_connections() => {
                    dead += 1;
                }
                done => return done,
            }
        }
    }

    /// Poked after every commit that put something into the outbox.
    pub(crate) fn outbox(&self) -> &Notify {
        &self.outbox
    }

    /// Poked after every commit of the audit trail: nobody waits for what it tells.
    pub(crate) fn trail(&self) -> &Notify {
        &self.trail
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }

    /// The pool itself, for the relay's own connection and for checks at start.
    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Refuses a database that cannot keep its word, or a role that row-level security does not bind (F-04).
    ///
    /// # Errors
    /// A line that says what is unsafe.
    pub(crate) async fn check_safety(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let bypasses: bool = sqlx::query_scalar(
            "SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&self.pool)
        .await?;
        if bypasses {
            return Err(Box::new(Unsafe("the login role is a superuser or bypasses row-level security")));
        }
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value: String =
                sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&self.pool).await?;
            if value != "on" {
                return Err(Box::new(Unsafe("fsync, synchronous_commit and full_page_writes must be on")));
            }
        }
        Ok(())
    }
}

/// Whether a connection turned out to be gone at its first use: ended by the server, or cut.
pub(crate) fn has_died(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("unsafe database: {0}")]
struct Unsafe(&'static str);
