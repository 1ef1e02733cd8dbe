#![doc = include_str!("../README.md")]

mod delivery;
mod on;
mod provider;
mod words;

use serde::Deserialize;
use sqlx::migrate::Migrator;
use store::{
    consumer::Consumer,
    due::DueWork,
    organisation::SaveSettings,
    service::{BoxError, Built, Parts, Service},
};
use tonic::service::Routes;

use crate::{
    delivery::{DeleteEnded, Receive, SendDue},
    on::AccountRemoved,
    provider::{Mail, Provider, Sms},
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
        let (seal, wake) = (parts.seal, parts.wake);
        let send = |provider| {
            Box::new(SendDue::new(seal.clone(), parts.clock.clone(), wake.clone(), provider))
                as Box<dyn DueWork>
        };
        let mail = send(Provider::Mail(Box::new(Mail::new(&settings.smtp)?)));
        let sms = send(Provider::Sms(Sms::new(&settings.sms)?));
        let receive = Receive::new(seal.clone(), wake.clone());
        Ok(Built {
            routes: Routes::default(),
            consumers: vec![
                Consumer::of_event(Self::NAME, SaveSettings),
                Consumer::of_event(Self::NAME, AccountRemoved),
                Consumer::of_deliveries(Self::NAME, receive),
            ],
            due: vec![mail, sms, Box::new(DeleteEnded)],
        })
    }
}
