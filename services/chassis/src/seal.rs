//! Messages that only one service can open: HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! An address, a code or a name travels over the bus sealed to the one service that needs it. The seal is
//! bound to the organisation and to the type of the message: copied into another message, it does not open.

use std::{collections::HashMap, sync::Arc};

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal,
};
use prost::{Message, Name};
use proto::event::v1::Sealed;
use zeroize::Zeroizing;

use crate::id::OrganisationId;

type Kem = X25519HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;

/// The private key with which a service opens messages that are sealed to it.
#[derive(Clone)]
pub struct SealPrivateKey(PrivateKey);

impl SealPrivateKey {
    /// A new private key and its public key.
    #[must_use]
    pub fn generate() -> (Self, Vec<u8>) {
        let (private, public) = Kem::gen_keypair();
        (Self(private), public.to_bytes().to_vec())
    }

    /// A private key from its 32 bytes; `None` where the bytes are no key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        PrivateKey::from_bytes(bytes).ok().map(Self)
    }

    /// The 32 bytes of the private key. A secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_bytes().to_vec())
    }
}

/// Why a message could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// This process has no public key of the recipient.
    #[error("no public key of the recipient is known")]
    UnknownRecipient,
    /// The message is missing, was changed, or is sealed for another service, organisation or type.
    #[error("the sealed message does not open")]
    Broken,
}

/// The keys of one service: its own private key and the public keys of all services. Cheap to clone.
#[derive(Clone)]
pub struct SealKeys {
    name: Arc<str>,
    own: Arc<SealPrivateKey>,
    recipients: Arc<HashMap<String, PublicKey>>,
}

impl SealKeys {
    /// The keys of the service `name`; `None` where the bytes of a public key are no key.
    #[must_use]
    pub fn new(name: &str, own: SealPrivateKey, recipients: HashMap<String, Vec<u8>>) -> Option<Self> {
        let recipients = recipients
            .into_iter()
            .map(|(name, bytes)| PublicKey::from_bytes(&bytes).ok().map(|key| (name, key)))
            .collect::<Option<_>>()?;
        Some(Self { name: name.into(), own: Arc::new(own), recipients: Arc::new(recipients) })
    }

    /// Seals a message so that only the service `recipient` can open it.
    ///
    /// # Errors
    /// [`SealError::UnknownRecipient`] where no public key of the recipient is known.
    pub fn seal<M: Message + Name>(
        &self,
        recipient: &str,
        organisation: OrganisationId,
        message: &M,
    ) -> Result<Sealed, SealError> {
        let key = self.recipients.get(recipient).ok_or(SealError::UnknownRecipient)?;
        let plain = Zeroizing::new(message.encode_to_vec());
        let (encapsulated, ciphertext) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeS::Base,
            key,
            M::full_name().as_bytes(),
            &plain,
            organisation.0.as_bytes(),
        )
        .map_err(|_| SealError::Broken)?;
        Ok(Sealed {
            recipient: recipient.to_owned(),
            encapsulated_key: encapsulated.to_bytes().to_vec(),
            ciphertext,
        })
    }

    /// Opens a message that was sealed to this service for this organisation.
    ///
    /// # Errors
    /// [`SealError::Broken`] where the message is missing, was changed, or was sealed for another service,
    /// organisation or type.
    pub fn open<M: Message + Name + Default>(
        &self,
        organisation: OrganisationId,
        sealed: Option<&Sealed>,
    ) -> Result<M, SealError> {
        let sealed = sealed.filter(|sealed| *sealed.recipient == *self.name).ok_or(SealError::Broken)?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.encapsulated_key)
            .map_err(|_| SealError::Broken)?;
        let plain = single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeR::Base,
            &self.own.0,
            &encapsulated,
            M::full_name().as_bytes(),
            &sealed.ciphertext,
            organisation.0.as_bytes(),
        )
        .map_err(|_| SealError::Broken)?;
        M::decode(Zeroizing::new(plain).as_slice()).map_err(|_| SealError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use proto::{dossier::v1::ClientName, identity::v1::AccountContact};
    use uuid::Uuid;

    use super::*;

    fn pair() -> (SealKeys, SealKeys) {
        let (ours, our_public) = SealPrivateKey::generate();
        let (theirs, their_public) = SealPrivateKey::generate();
        let public =
            HashMap::from([("identity".to_owned(), our_public), ("dossier".to_owned(), their_public)]);
        (
            SealKeys::new("identity", ours, public.clone()).unwrap(),
            SealKeys::new("dossier", theirs, public).unwrap(),
        )
    }

    #[test]
    fn a_seal_opens_only_for_its_recipient_organisation_and_type() {
        let (identity, dossier) = pair();
        let (here, there) = (OrganisationId(Uuid::nil()), OrganisationId(Uuid::max()));
        let name = ClientName { name: "mevrouw De Vries".to_owned() };
        let sealed = dossier.seal("identity", here, &name).unwrap();

        assert_eq!(identity.open::<ClientName>(here, Some(&sealed)), Ok(name));
        assert_eq!(identity.open::<ClientName>(there, Some(&sealed)), Err(SealError::Broken));
        assert_eq!(identity.open::<AccountContact>(here, Some(&sealed)), Err(SealError::Broken));
        assert_eq!(dossier.open::<ClientName>(here, Some(&sealed)), Err(SealError::Broken));
        assert_eq!(identity.open::<ClientName>(here, None), Err(SealError::Broken));
    }

    #[test]
    fn a_recipient_without_a_known_key_is_refused() {
        let (identity, _) = pair();
        let sealed = identity.seal("planning", OrganisationId(Uuid::nil()), &ClientName::default());
        assert_eq!(sealed, Err(SealError::UnknownRecipient));
    }
}
