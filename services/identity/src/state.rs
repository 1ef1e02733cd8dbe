//! The state that all handlers share: database, clock, keys, limits and hashing threads.

use std::{path::Path, sync::Arc};

use chassis::{
    Clock,
    seal::SealKeys,
    secret::HashKey,
    token::{IDENTITY, Signer, Verifier},
};
use secrecy::SecretString;
use store::{
    Db,
    service::{BoxError, Parts},
};
use tokio::sync::Notify;

use crate::{password::Hasher, throttle::Limits};

/// The state that every RPC handler gets. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) seal: SealKeys,
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) wake: Arc<Notify>,
    pub(crate) hash_key: HashKey,
    pub(crate) limits: Limits,
    pub(crate) hasher: Hasher,
    pub(crate) operator_secret: Option<Arc<SecretString>>,
}

impl State {
    /// Reads the keys and the operators' credential, and starts the hashing threads.
    ///
    /// # Errors
    /// When a key file or the credential's file cannot be read.
    pub fn new(parts: &Parts, operator_secret_file: &Path, limits: Limits) -> Result<Self, BoxError> {
        let operator_secret = if operator_secret_file.as_os_str().is_empty() {
            None
        } else {
            Some(Arc::new(std::fs::read_to_string(operator_secret_file)?.trim().to_owned().into()))
        };
        Ok(Self {
            signer: parts.keys.signer(IDENTITY)?,
            verifier: parts.keys.verifier()?,
            wake: Arc::clone(&parts.wake),
            hash_key: parts.keys.hash_key(IDENTITY)?,
            limits,
            hasher: Hasher::start()?,
            db: parts.db.clone(),
            clock: parts.clock.clone(),
            seal: parts.seal.clone(),
            operator_secret,
        })
    }
}
