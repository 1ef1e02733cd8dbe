//! Settings of a process: the crate's `config.default.toml`, then the operator's file, then the environment.
//!
//! The variable `ZORGPORTAAL_POSTGRES__URL` overrides `url` in the table `[postgres]`. A secret is given as
//! the path of a file.

use std::{net::SocketAddr, path::PathBuf};

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use jiff::SignedDuration;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Clock, keys::KeySettings, telemetry::TelemetrySettings};

/// Settings that every process has.
#[derive(Clone, Debug, Deserialize)]
pub struct ProcessSettings {
    /// The address and port on which the process listens.
    pub listen: SocketAddr,
    /// What the deployment is for: `production`, `development` or `test`.
    pub environment: Environment,
    /// Seconds that are added to the process's clock; 0: no shift. Only the environment `test` may shift the
    /// clock.
    pub clock_offset_seconds: i64,
    /// The number of threads of the async runtime.
    pub worker_threads: usize,
    /// The folders of the key files.
    pub keys: KeySettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
}

/// What the deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// People depend on the deployment.
    Production,
    /// A developer's machine.
    Development,
    /// Tests; the clock may be shifted.
    Test,
}

/// The settings cannot be used. The message is one clear line for the operator (OPS-05).
#[derive(Debug, thiserror::Error)]
#[error("settings: {0}")]
pub struct ConfigError(String);

/// Reads the settings: the defaults, then the operator's file, then the environment.
///
/// # Errors
/// [`ConfigError`] names the setting that is missing or has the wrong form.
pub fn load<S: DeserializeOwned>(defaults: &str, file: Option<&PathBuf>) -> Result<S, ConfigError> {
    let mut figment = Figment::from(Toml::string(defaults));
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment
        .merge(Env::prefixed("ZORGPORTAAL_").split("__"))
        .extract()
        .map_err(|error| ConfigError(error.to_string()))
}

impl ProcessSettings {
    /// The process's clock.
    ///
    /// # Errors
    /// [`ConfigError`] where the clock is shifted outside the environment `test`.
    pub fn clock(&self) -> Result<Clock, ConfigError> {
        match (self.clock_offset_seconds, self.environment) {
            (0, _) => Ok(Clock::machine()),
            (offset, Environment::Test) => Ok(Clock::shifted(SignedDuration::from_secs(offset))),
            _ => Err(ConfigError("clock_offset_seconds must be 0 outside the environment `test`".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: &str = r#"
        listen = "127.0.0.1:0"
        environment = "production"
        clock_offset_seconds = 5
        worker_threads = 2
        keys = { public = "p", private = "q", reread_seconds = 30 }
        telemetry = { log = "info", otlp_endpoint = "", sample_ratio = 0.0, metrics_listen = "" }
    "#;

    #[test]
    fn a_shifted_clock_is_allowed_only_in_tests() {
        let mut settings: ProcessSettings = load(DEFAULTS, None).unwrap();
        assert!(settings.clock().is_err());
        settings.environment = Environment::Test;
        assert!(settings.clock().is_ok());
    }

    #[test]
    fn a_missing_setting_is_named() {
        let error = load::<ProcessSettings>(&DEFAULTS.replace("worker_threads = 2", ""), None).unwrap_err();
        assert!(error.to_string().contains("worker_threads"), "{error}");
    }
}
