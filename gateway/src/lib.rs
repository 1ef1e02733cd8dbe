#![doc = include_str!("../README.md")]

mod accept;
mod app;
mod assets;
mod body;
mod browser;
mod compress;
mod connection;
mod continuation;
mod cookie;
mod describe;
mod edge;
mod error_page;
mod example;
mod form;
mod i18n;
mod layout;
mod limit;
mod live;
mod menu;
mod organisation;
mod page;
mod panel;
mod peers;
mod pending_form;
mod problem;
mod render;
mod repeat;
mod router;
mod sections;
mod security;
mod server;
mod services;
mod session;
mod sessions;
mod stamp;

pub use app::{App, Settings};
pub use edge::Proxies;
pub use i18n::has_word;
pub use limit::{LimitSetting, LimitSettings};
pub use live::{Live, NatsSettings};
pub use router::{openapi, router};
pub use services::{ServiceSettings, Services};

use std::{path::PathBuf, process::ExitCode};

use chassis::{aead::AeadKeys, config::Environment, keys::Keys, shutdown, telemetry};
use clap::Parser;

const DEFAULTS: &str = include_str!("../config.default.toml");

#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The operator's settings file. Settings that are not in the file keep their defaults.
    #[arg(long)]
    config: Option<PathBuf>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the gateway process, from its arguments to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let run = || -> Result<(), BoxError> {
        let settings: Settings = chassis::config::load(DEFAULTS, cli.config.as_ref())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(settings.process.worker_threads)
            .enable_all()
            .build()?;
        runtime.block_on(serve(settings))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {}", chassis::failure::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<(), BoxError> {
    let listener = tokio::net::TcpListener::bind(settings.process.listen).await?;
    let _telemetry = telemetry::init("gateway", &settings.process.telemetry)?;
    let shutdown = shutdown::on_signal()?;
    let live = Live::start(&settings.nats, sections::sections_of, shutdown.clone()).await?;
    let clock = settings.process.clock()?;
    let keys = Keys::open(settings.process.keys.clone(), "gateway")?;
    let services = Services::new(&settings.services, keys.signer()?, clock.clone())?;
    let form_keys = AeadKeys::derive(keys.hash()?, "form", clock.clone());
    tokio::spawn(keys.watch(shutdown.clone()));
    if settings.process.environment == Environment::Production && settings.trusted_proxies.is_empty() {
        tracing::warn!(
            "trusted_proxies is empty: the gateway believes no proxy about HTTPS and addresses, so that all visitors \
             behind a proxy share one allowance"
        );
    }
    let proxies = settings.trusted_proxies.clone();
    let app = App::new(
        services,
        live,
        clock,
        settings.trusted_proxies,
        settings.allowances,
        form_keys,
        settings.process.environment,
    );
    tracing::info!(listen = %listener.local_addr()?, "serving");
    server::serve(listener, router(app), settings.max_connections, &proxies, shutdown).await;
    Ok(())
}
