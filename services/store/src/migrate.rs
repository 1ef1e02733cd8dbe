//! Migrations: first the tables of every service, then the service's own. A separate release step, run as the
//! database's owner.

use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

/// The migrations of every service. `sqlx.toml` gives their versions a table of their own, so that a
/// service's own migrations also start at 1.
pub static STORE: Migrator = sqlx::migrate!("./migrations");

/// Applies all missing migrations. Run as `<service>_owner`.
///
/// # Errors
/// When a migration fails, or was changed after it had been applied.
pub async fn run(options: &PgConnectOptions, service: &Migrator) -> Result<(), MigrateError> {
    // A migration that waits for a lock makes every later statement wait for the migration: it gives up soon (OPS-04).
    let options = options.clone().options([("lock_timeout", "5s")]);
    let mut connection = options.connect().await?;
    STORE.run_direct(None, &mut connection, false).await?;
    service.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}
