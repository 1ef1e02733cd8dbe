//! What was typed survives a login or a step-up: sealed to the stamp and path that it was sent with, for one hour, in a
//! hidden field. Passwords and codes are not kept.

use std::sync::Arc;

use askama::Template;
use chassis::stamp::StampKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    i18n::filters,
    page::View,
    session::Session,
    stamp::{Sent, Stamp},
};

/// How long it is kept.
const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Parts of the names of fields that are not kept.
const SECRET: [&str; 3] = ["password", "code", "proof"];

/// A form that was sent and could not be taken yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// For whom and about whom it is.
    pub stamp: Stamp,
    /// Where it was sent to.
    pub path: String,
    /// What was typed.
    pub fields: Vec<(String, String)>,
    /// Until when it is kept, in seconds since 1970.
    until: i64,
}

impl Kept {
    /// Keeps a form, as it stands in the hidden field; `None` where there is nothing to keep, or it is not ours.
    #[must_use]
    pub fn close(key: &StampKey, sent: &Sent, path: &str, now: Timestamp) -> Option<String> {
        let is_secret = |name: &str| SECRET.iter().any(|part| name.contains(part));
        // Where a secret has to be typed again, or nothing was typed, the page itself comes back, empty.
        if sent.fields.is_empty()
            || sent.fields.iter().any(|(name, _)| is_secret(name))
            || path == "/step-up/send"
        {
            return None;
        }
        let kept = Self {
            stamp: sent.stamp.clone()?,
            path: path.to_owned(),
            fields: sent.fields.clone(),
            until: (now + LIFE).as_second(),
        };
        Some(key.close(&serde_json::to_vec(&kept).ok()?))
    }

    /// Opens what was kept; `None` where it is not ours, too old or of somebody else.
    #[must_use]
    pub fn open(app: &App, text: &str, account: &str) -> Option<Self> {
        let kept: Self = serde_json::from_slice(&app.stamps.open(text)?).ok()?;
        (kept.until > app.clock.now().as_second() && kept.stamp.account == account).then_some(kept)
    }
}

/// What goes along with every step of a login: where to go afterwards, and what was typed before.
#[derive(Clone, Debug, Default)]
pub struct Onward {
    /// A path of our own pages.
    pub next: Option<String>,
    /// A form that waits.
    pub kept: Option<String>,
}

/// Asks to send what was typed before, now that it can be taken.
#[derive(Serialize, Template)]
#[template(path = "pages/login/kept.html")]
pub struct KeptView {
    path: String,
    /// Whose dossier it is about; empty: nobody's, or no name is known.
    #[serde(skip)]
    client: String,
    #[serde(skip)]
    fields: Vec<(String, String)>,
    #[serde(skip)]
    stamp: String,
}

/// Fields whose values a person knows again, by their labels.
const SHOWN: [&str; 5] = ["email", "phone", "name", "username", "valid_until"];

impl KeptView {
    /// What was typed, as far as it says something to the person.
    fn shown(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(name, value)| SHOWN.contains(&name.as_str()) && !value.is_empty())
    }

    /// The rights that were ticked: section and action.
    fn rights(&self) -> impl Iterator<Item = (&str, &str)> {
        let ticked = self.fields.iter().filter(|(_, value)| !value.is_empty());
        ticked
            .filter_map(|(name, _)| name.rsplit_once('-'))
            .filter(|(_, action)| ["view", "write"].contains(action))
    }
}

impl KeptView {
    /// The page for a form that was kept.
    #[must_use]
    pub fn of(app: &App, kept: Kept) -> Arc<Self> {
        let stamp = kept.stamp.close(&app.stamps);
        // What is one's own is about nobody's dossier.
        let is_own = kept.path.starts_with("/account");
        let client = if is_own { String::new() } else { kept.stamp.client_name };
        Arc::new(Self { path: kept.path, client, fields: kept.fields, stamp })
    }
}

impl View for KeptView {
    const TITLE: &'static str = "kept-title";

    fn holds_input(&self) -> bool {
        true
    }
}

/// Says that a form is about another client than the one that is chosen now, and offers to go back to the former.
#[derive(Serialize, Template)]
#[template(path = "pages/clients/other.html")]
pub struct OtherClientView {
    /// The client of the form.
    then: String,
    then_id: String,
    /// The client that is chosen now.
    now: String,
    #[serde(skip)]
    kept: Option<String>,
}

impl OtherClientView {
    /// The page for a form that was sent too late.
    #[must_use]
    pub fn of(stamp: &Stamp, session: &Session, kept: Option<String>) -> Self {
        Self {
            then: stamp.client_name.clone(),
            then_id: stamp.client.clone(),
            now: session.facts.client_name.clone(),
            kept,
        }
    }
}

impl View for OtherClientView {
    const TITLE: &'static str = "other-client-title";

    fn has_errors(&self) -> bool {
        true
    }

    fn holds_input(&self) -> bool {
        self.kept.is_some()
    }
}
