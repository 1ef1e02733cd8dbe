//! The state that all handlers share: database, clock, keys, limits and hashing threads.

use chassis::{
    Clock,
    keyed_hash::HashKeys,
    seal::SealKeys,
    secret_file::SecretFile,
    token::{Signer, Verifier},
};
use store::{
    Db,
    due::Wake,
    service::{BoxError, Parts},
};

use crate::{password::Passwords, throttle::Limits};

/// The state that every RPC handler gets. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) seal: SealKeys,
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) wake: Wake,
    pub(crate) hash_keys: HashKeys,
    pub(crate) limits: Limits,
    pub(crate) passwords: Passwords,
    pub(crate) operator_secret: SecretFile,
}

impl State {
    /// Takes the keys, and starts the hashing threads.
    ///
    /// # Errors
    /// When a key is missing, or the file of the operators' credential cannot be read.
    pub fn new(parts: &Parts, operator_secret: SecretFile, limits: Limits) -> Result<Self, BoxError> {
        operator_secret.read()?;
        let hash_keys = parts.keys.hash()?;
        Ok(Self {
            signer: parts.keys.signer()?,
            verifier: parts.keys.verifier(),
            wake: parts.wake.clone(),
            passwords: Passwords::start(hash_keys.clone())?,
            hash_keys,
            limits,
            db: parts.db.clone(),
            clock: parts.clock.clone(),
            seal: parts.seal.clone(),
            operator_secret,
        })
    }
}
