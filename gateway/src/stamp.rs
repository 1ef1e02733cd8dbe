//! The stamp on every form: the account and the client for which the form was rendered. Where another client
//! was chosen since, the form is refused.

use std::sync::Arc;

use chassis::aead::AeadKeys;
use serde::{Deserialize, Serialize};

use crate::session::Session;

/// The name of the hidden field with the stamp.
pub const FIELD: &str = "stamp";

/// The account and the client that a form is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The id of the account.
    pub account: String,
    /// The id of the chosen client; empty: no client was chosen.
    pub client: String,
    /// The name of that client.
    pub client_name: String,
}

impl Stamp {
    /// The stamp for forms of a session.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self {
            account: session.facts.account_id.clone(),
            client: session.facts.client_id.clone(),
            client_name: session.facts.client_name.clone(),
        }
    }

    /// The stamp as the text of a hidden field.
    #[must_use]
    pub fn seal(&self, key: &AeadKeys) -> String {
        key.encrypt(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Opens the text of a hidden field; `None` where the text is forged.
    #[must_use]
    pub fn open(key: &AeadKeys, text: &str) -> Option<Self> {
        serde_json::from_slice(&key.decrypt(text)?).ok()
    }
}

/// A form that a page sent: its fields, and its stamp apart.
#[derive(Clone, Debug, Default)]
pub struct SentForm {
    /// The fields, in the order in which they came.
    pub fields: Vec<(String, String)>,
    /// The stamp; `None` where it is missing or forged.
    pub stamp: Option<Stamp>,
}

impl SentForm {
    /// Reads a form's body.
    #[must_use]
    pub fn read(key: &AeadKeys, body: &[u8]) -> Arc<Self> {
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

    /// The fields as a form body again, without the stamp, because handlers refuse fields that they do not
    /// know.
    #[must_use]
    pub fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}
