#![doc = include_str!("../README.md")]

mod app;
mod assets;
mod body;
mod browser;
mod compress;
mod continuation;
mod cookie;
mod form;
mod i18n;
mod layout;
mod live;
mod organisation;
mod page;
mod pending_form;
mod problem;
mod render;
mod router;
mod sections;
mod security;
mod services;
mod session;
mod sessions;
mod stamp;

pub use app::{App, Settings};
pub use i18n::has_word;
pub use live::{Live, NatsSettings};
pub use router::{openapi, router};
pub use services::{ServiceSettings, Services};

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use axum::serve::ListenerExt;
use chassis::{aead::AeadKeys, keys::Keys, shutdown, telemetry};
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
    let live = Live::start(&settings.nats, sections::section_of, shutdown.clone()).await?;
    let clock = settings.process.clock()?;
    let keys = Keys::open(settings.process.keys, "gateway")?;
    let services = Services::new(&settings.services, keys.signer()?, clock.clone())?;
    let form_keys = AeadKeys::derive(keys.hash()?, "form");
    tokio::spawn(keys.watch(shutdown.clone()));
    let app = App::new(services, live, clock, settings.trusted_proxies, form_keys);
    tracing::info!(listen = %listener.local_addr()?, "serving");
    let listener = listener.tap_io(|socket| {
        // Without TCP_NODELAY a small answer waits until the other side acknowledges the packet before it.
        let _ = socket.set_nodelay(true);
    });
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned()).await?;
    Ok(())
}
