//! The only way to the data: a transaction within one organisation, and within the Ctx's client if any.

use std::{sync::Arc, time::Duration};

use chassis::{Ctx, keyed_hash::HashKeys, secret_file::SecretFile};
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Notify;

use crate::{Mode, StoreError, Tx, error::has_died, readers::Readers};

/// Settings of the database.
#[derive(Clone, Debug, Deserialize)]
pub struct PostgresSettings {
    /// The database's URL, without a password: `postgres://dossier_login@host:5432/dossier`.
    pub url: String,
    /// The file that holds the password; empty if the database needs none.
    pub password_file: SecretFile,
    /// The most connections that one process opens for transactions, and as many again for reads of one statement.
    pub max_connections: u32,
}

impl PostgresSettings {
    /// The connect options, with the password read from its file.
    ///
    /// # Errors
    /// When the URL is malformed or the password file cannot be read.
    pub fn options(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        let options: PgConnectOptions = self.url.parse()?;
        Ok(match self.password_file.read()? {
            Some(password) => options.password(password.expose_secret()),
            None => options,
        })
    }
}

/// The database of one service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    service: &'static str,
    password_file: Arc<SecretFile>,
    trail: HashKeys,
    outbox_committed: Arc<Notify>,
    readers: Arc<Readers>,
}

impl Db {
    /// The database of these settings; connects at its first use. A refused login reads the password file
    /// again, so that a new password needs no restart. `trail` chains the audit trail and the event log.
    ///
    /// # Errors
    /// When the URL is malformed or the password file cannot be read.
    pub fn open(
        service: &'static str,
        settings: &PostgresSettings,
        trail: HashKeys,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let db = Self::new(service, settings.options()?, settings.max_connections, trail);
        Ok(Self { password_file: Arc::new(settings.password_file.clone()), ..db })
    }

    /// A database with a fixed password; connects at its first use.
    #[must_use]
    pub fn new(
        service: &'static str,
        options: PgConnectOptions,
        max_connections: u32,
        trail: HashKeys,
    ) -> Self {
        // Statement logging is slow; enable it only when asked. Values are not logged.
        let logs_statements = tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG);
        let options = if logs_statements { options } else { options.disable_statement_logging() };
        // Postgres ends the session of a machine that is gone within a minute, and lets its locks go: those of the
        // relay, of due work and of the trail's writer.
        let options = options.options([
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            // A caller waits 10 s at most. A statement that waits for a lock gives up before, so that one lock does not
            // take all connections.
            ("statement_timeout", "10s"),
            ("lock_timeout", "3s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(2))
            // `begin` replaces a dead connection; a test before each use would cost a round trip.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self {
            pool,
            service,
            password_file: Arc::default(),
            trail,
            outbox_committed: Arc::default(),
            readers: Arc::new(Readers::new(max_connections)),
        }
    }

    /// The keys that chain the audit trail and the event log.
    pub(crate) const fn trail(&self) -> &HashKeys {
        &self.trail
    }

    /// The name of the service that owns the database.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// A transaction that sees only the rows of the Ctx's organisation, only those of the Ctx's client if the Ctx has a
    /// client, and only those of the Ctx's sections and time if the Ctx has any.
    ///
    /// Begins and sets role, organisation, client and sections in one round trip. The values are UUIDs, numbers and a time, so
    /// that the statement cannot carry injected SQL.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn in_organisation(&self, ctx: &Ctx, mode: Mode) -> Result<Tx, StoreError> {
        // The mode is explicit: a caller that went away while this connection began a transaction leaves that
        // transaction open, and each of these statements replaces what it had set.
        let access = match mode {
            Mode::Read => "READ ONLY",
            Mode::Write => "READ WRITE; SET LOCAL synchronous_commit = on",
            Mode::Count => "READ WRITE; SET LOCAL synchronous_commit = off",
        };
        let client = ctx.client.map(|client| client.to_string()).unwrap_or_default();
        let sections = match ctx.sections() {
            None => "all".to_owned(),
            Some(sections) => sections.iter().map(i32::to_string).collect::<Vec<_>>().join(","),
        };
        let since = ctx.since.map(|since| since.to_string()).unwrap_or_default();
        let begin = format!(
            "BEGIN {access}; SET LOCAL role = {}_app; SET LOCAL zorgportaal.organisation_id = '{}'; \
             SET LOCAL zorgportaal.client_id = '{client}'; SET LOCAL zorgportaal.section = '{sections}'; \
             SET LOCAL zorgportaal.since = '{since}'",
            self.service, ctx.organisation,
        );
        Ok(Tx::new(self.begin(begin).await?, ctx.clone(), Arc::clone(&self.outbox_committed), mode))
    }

    /// A transaction in one of the service's roles that see every organisation: `relay` or `audit`.
    pub(crate) async fn as_role(
        &self,
        suffix: &'static str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = format!(
            "BEGIN READ WRITE; SET LOCAL synchronous_commit = on; SET LOCAL role = {}_{suffix}",
            self.service
        );
        Ok(self.begin(begin).await?)
    }

    /// A connection outside of the pool, in a role of the service: for tasks that keep their connection.
    pub(crate) async fn connect_as(&self, suffix: &'static str) -> Result<PgConnection, StoreError> {
        let mut connection = self.connect().await?;
        let role = format!("SET ROLE {}_{suffix}", self.service);
        sqlx::query(AssertSqlSafe(role)).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Runs one reading statement, in one round trip, and returns its result. The statement begins with `zp_enter`,
    /// whose arguments are organisation, client, sections and time of the Ctx (see the migrations `0006_enter.sql` and
    /// `0008_sections.sql`); a test checks the form of the statement.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses the statement.
    pub async fn read<T>(
        &self,
        statement: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        let open = async || {
            let mut connection = self.connect_as("app").await?;
            // One plan for all values: a plan of its own for each long dossier would cost more than the read.
            let settings = "SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan";
            sqlx::raw_sql(settings).execute(&mut connection).await?;
            Ok(connection)
        };
        self.readers.read(open, statement).await
    }

    /// A connection outside of the pool.
    pub(crate) async fn connect(&self) -> Result<PgConnection, StoreError> {
        match PgConnection::connect_with(&self.pool.connect_options()).await {
            Err(error) if refuses_login(&error) => {
                self.read_password_again();
                Ok(PgConnection::connect_with(&self.pool.connect_options()).await?)
            }
            result => Ok(result?),
        }
    }

    /// Uses the password that the file holds now.
    fn read_password_again(&self) {
        match self.password_file.read() {
            Ok(None) => {}
            Ok(Some(password)) => {
                tracing::info!("the database refused the login: the password file is read again");
                let options = (*self.pool.connect_options()).clone();
                self.pool.set_connect_options(options.password(password.expose_secret()));
            }
            Err(cause) => tracing::error!(%cause, "the password file cannot be read"),
        }
    }

    /// Begins a transaction. A pooled connection may have died since its last use; BEGIN then fails and the
    /// pool drops the connection. All of them may be dead, so BEGIN is tried once more than there are
    /// connections.
    async fn begin(&self, statements: String) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let (mut dead, mut refused) = (0, false);
        loop {
            match self.pool.begin_with(AssertSqlSafe(statements.clone())).await {
                Err(error) if has_died(&error) && dead < self.pool.options().get_max_connections() => {
                    dead += 1;
                }
                Err(error) if refuses_login(&error) && !refused => {
                    refused = true;
                    self.read_password_again();
                }
                result => return result,
            }
        }
    }

    /// Notified after every commit that added events to the outbox.
    pub(crate) fn outbox_committed(&self) -> &Notify {
        &self.outbox_committed
    }

    /// Whether the database answers a query.
    pub async fn answers(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }

    /// The pool: the relay and the due work take the settings of their own connections from it.
    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Refuses a database that may lose committed data, and a login role that bypasses row-level security
    /// (F-04).
    ///
    /// # Errors
    /// When the database is unsafe: the text says why.
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

/// Whether the error means that the database does not accept the password.
fn refuses_login(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().is_some_and(|code| code.starts_with("28")))
}

#[derive(Debug, thiserror::Error)]
#[error("unsafe database: {0}")]
struct Unsafe(&'static str);
