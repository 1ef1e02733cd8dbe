//! The stamp on every form: for whom and about whom it was rendered. With another client chosen since, nothing is written.

use std::sync::Arc;

use chassis::stamp::StampKey;
use serde::{Deserialize, Serialize};

use crate::session::Session;

/// The field that holds it.
pub const FIELD: &str = "stamp";

/// For whom and about whom a form is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The account.
    pub account: String,
    /// The chosen client; empty where none was.
    pub client: String,
    /// That client's name.
    pub client_name: String,
}

impl Stamp {
    /// What forms of a session are stamped with.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            account: session.facts.account_id.clone(),
            client: session.facts.client_id.clone(),
            client_name: session.facts.client_name.clone(),
        }
    }

    /// As it stands in a form.
    #[must_use]
    pub fn close(&self, key: &StampKey) -> String {
        key.close(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// From a form; `None` where it is not ours.
    #[must_use]
    pub fn open(key: &StampKey, text: &str) -> Option<Self> {
        serde_json::from_slice(&key.open(text)?).ok()
    }
}

/// A form that a page sent: its fields, and its stamp apart.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The fields, as they came.
    pub fields: Vec<(String, String)>,
    /// The stamp, where it is ours.
    pub stamp: Option<Stamp>,
}

impl Sent {
    /// Reads a form's body.
    #[must_use]
    pub fn read(key: &StampKey, body: &[u8]) -> Arc<Self> {
        let mut sent = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            if name == FIELD {
                sent.stamp = Stamp::open(key, &value);
            } else {
                sent.fields.push((name.into_owned(), value.into_owned()));
            }
        }
        Arc::new(sent)
    }

    /// The fields as a body again, without the stamp: a handler knows no such field.
    #[must_use]
    pub fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}
