//! Migrations: store's tables, then the service's own. A release step of its own, run as the owner.

use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

/// Kept in a table of its own (`sqlx.toml`), so that both sets number from 1.
pub static STORE: Migrator = sqlx::migrate!("./migrations");

/// Brings a database up to date. Run as `<service>_owner`.
///
/// # Errors
/// When a migration fails or was changed after it was applied.
pub async fn run(options: &PgConnectOptions, service: &Migrator) -> Result<(), MigrateError> {
    let mut connection = options.connect().await?;
    STORE.run_direct(None, &mut connection, false).await?;
    service.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}
