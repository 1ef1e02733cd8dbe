#![doc = include_str!("../README.md")]

mod delivery;
mod on;
mod provider;
mod words;

use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    consumer::Consumer,
    organisation::SaveSettings,
    service::{BoxError, Built, Parts, Service},
};
use tonic::service::Routes;

use crate::{
    delivery::{Receive, SendDue},
    on::AccountRemoved,
    provider::{Mail, Sms},
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The messaging service.
pub struct Messaging;

/// The settings of messaging: its providers.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// The mail server.
    pub smtp: MailSettings,
    /// The SMS provider.
    pub sms: SmsSettings,
}

pub use crate::provider::{Encryption, MailSettings, SmsSettings};

impl Service for Messaging {
    const NAME: &'static str = "messaging";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Settings = Settings;

    fn migrator() -> &'static Migrator {
        &MIGRATIONS
    }

    fn build(parts: Parts, settings: Settings) -> Result<Built, BoxError> {
        let (mail, sms) = (Mail::new(&settings.smtp)?, Sms::new(&settings.sms)?);
        let send = SendDue::new(parts.seal, parts.clock, mail, sms);
        Ok(Built {
            routes: Routes::default(),
            consumers: vec![
                Consumer::of_event(Self::NAME, SaveSettings),
                Consumer::of_event(Self::NAME, AccountRemoved),
                Consumer::of_deliveries(Self::NAME, Receive::new(parts.wake)),
            ],
            due: vec![Box::new(send)],
        })
    }
}
