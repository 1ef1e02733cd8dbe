//! A form that was sent and cannot be taken yet, because the person first has to log in again, to step up or
//! to go back to another client. What was typed waits in a hidden field of those pages, sealed to the
//! account, for one hour.

use std::sync::Arc;

use askama::Template;
use chassis::{aead::AeadKeys, section};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    example::{Example, long_name},
    form::FormRoute,
    i18n::filters,
    page::{FormState, View},
    session::Session,
    stamp::{self, SentForm, Stamp},
};

/// How long a form waits.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A form that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingForm {
    /// The account and the client for which the form was rendered.
    pub stamp: Stamp,
    /// Whether the form is about the account alone, whichever client is chosen.
    is_of_account: bool,
    /// The path that the form was sent to.
    path: String,
    /// The name and the typed value of each field.
    fields: Vec<(String, String)>,
    /// The names of the fields that are shown to the person.
    shown: Vec<String>,
    /// When the form stops waiting, in seconds since 1970.
    until: i64,
}

impl PendingForm {
    /// Seals a form for a hidden field. `None` where the route's forms are not kept, the form brings a secret or
    /// has no fields, or its stamp is missing or forged.
    #[must_use]
    pub fn seal(
        key: &AeadKeys,
        sent: &SentForm,
        route: &FormRoute,
        path: &str,
        now: Timestamp,
    ) -> Option<String> {
        let has_secret = sent.fields.iter().any(|(name, _)| route.is_secret(name));
        if !route.is_kept || has_secret || sent.fields.is_empty() {
            return None;
        }
        let pending = Self {
            stamp: sent.stamp.clone()?,
            is_of_account: route.is_of_account,
            path: path.to_owned(),
            fields: sent.fields.clone(),
            shown: route.shown().map(str::to_owned).collect(),
            until: (now + LIFE).as_second(),
        };
        Some(key.encrypt(&serde_json::to_vec(&pending).ok()?))
    }

    /// Opens a form that waits; `None` where the text is forged, too old, or of another account.
    #[must_use]
    pub fn open(app: &App, text: Option<&str>, account: &str) -> Option<Self> {
        let pending: Self = serde_json::from_slice(&app.form_keys.decrypt(text?)?).ok()?;
        (pending.until > app.clock.now().as_second() && pending.stamp.account == account).then_some(pending)
    }
}

/// Shows what was typed before, and asks the person to send it now.
#[derive(Serialize, Template)]
#[template(path = "pages/login/pending_form.html")]
pub struct PendingFormView {
    path: String,
    /// The name of the client whose dossier the form is about; empty: about no client, or the name is not
    /// known.
    #[serde(skip)]
    client: String,
    #[serde(skip)]
    fields: Vec<(String, String)>,
    #[serde(skip)]
    shown: Vec<String>,
    #[serde(skip)]
    stamp: String,
}

impl PendingFormView {
    /// The page that shows a form that waits.
    #[must_use]
    pub fn new(app: &App, pending: PendingForm) -> Arc<Self> {
        let stamp = pending.stamp.seal(&app.form_keys);
        let client = if pending.is_of_account { String::new() } else { pending.stamp.client_name };
        Arc::new(Self { path: pending.path, client, fields: pending.fields, shown: pending.shown, stamp })
    }

    /// The stamp and all typed values, for hidden fields.
    fn hidden_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let typed = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        std::iter::once((stamp::FIELD, self.stamp.as_str())).chain(typed)
    }

    /// The typed values of the fields that have a label, to show them to the person.
    fn shown_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .filter(|(name, value)| self.shown.contains(name) && !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The rights that were ticked: section and action.
    fn rights(&self) -> impl Iterator<Item = (&str, &str)> {
        let ticked = self.fields.iter().filter(|(_, value)| !value.is_empty());
        ticked.filter_map(|(name, _)| name.rsplit_once('-')).filter(|(section, action)| {
            section::of_name(section).is_some() && section::action_of_name(action).is_some()
        })
    }
}

impl View for PendingFormView {
    const TITLE: &'static str = "pending-form-title";

    fn holds_input(&self) -> bool {
        true
    }
}

/// Says that a form is about another client than the one chosen now, and offers to go back to the form's
/// client.
#[derive(Serialize, Template)]
#[template(path = "pages/clients/other.html")]
pub struct OtherClientView {
    /// The name of the form's client.
    then: String,
    then_id: String,
    /// The name of the client that is chosen now.
    now: String,
    #[serde(skip)]
    form: FormState,
}

impl OtherClientView {
    /// The page for a form that was sent after another client was chosen.
    #[must_use]
    pub fn new(stamp: &Stamp, session: &Session, pending_form: Option<String>) -> Self {
        let mut form = FormState::default();
        form.continuation.pending_form = pending_form;
        Self {
            then: stamp.client_name.clone(),
            then_id: stamp.client.clone(),
            now: session.facts.client_name.clone(),
            form,
        }
    }
}

impl View for OtherClientView {
    const TITLE: &'static str = "other-client-title";

    fn has_errors(&self) -> bool {
        true
    }

    fn form(&self) -> Option<&FormState> {
        Some(&self.form)
    }
}

/// The states of both pages, for the style guide.
#[must_use]
pub fn examples() -> Vec<Example> {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let pending = PendingFormView {
        path: "/users/new".to_owned(),
        client: long_name(),
        fields: vec![
            text("name", &long_name()),
            text("email", "petra@voorbeeld.nl"),
            text("reports-view", "yes"),
        ],
        shown: vec!["name".to_owned(), "email".to_owned()],
        stamp: String::new(),
    };
    let other = OtherClientView {
        then: long_name(),
        then_id: "c".to_owned(),
        now: "mevrouw A. de Vries".to_owned(),
        form: FormState::default(),
    };
    vec![Example::inside("pending-form", pending), Example::inside("other-client", other)]
}
