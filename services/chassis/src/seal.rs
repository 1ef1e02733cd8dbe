//! Messages that only one service can open: HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! An address, a code or a name travels over the bus sealed to the one service that needs it. The seal is
//! bound to the organisation and to the type of the message: copied into another message, it does not open.

use std::sync::Arc;

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal,
};
use prost::{Message, Name};
use proto::event::v1::Sealed;
use zeroize::Zeroizing;

use crate::{id::OrganisationId, ring::Ring};

type Kem = X25519HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;

/// The public key with which others seal messages to a service.
#[derive(Clone)]
pub struct SealPublicKey(PublicKey);

impl SealPublicKey {
    /// A public key from its 32 bytes; `None` where the bytes are no key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        PublicKey::from_bytes(bytes).ok().map(Self)
    }
}

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

/// The keys of one service: its own private keys and the public keys of all services. Cheap to clone.
#[derive(Clone)]
pub struct SealKeys {
    name: Arc<str>,
    own: Ring<SealPrivateKey>,
    recipients: Ring<SealPublicKey>,
}

impl SealKeys {
    /// The keys of the service `name`; `None` where the service has no private key.
    #[must_use]
    pub fn new(name: &str, own: Ring<SealPrivateKey>, recipients: Ring<SealPublicKey>) -> Option<Self> {
        own.newest(name)?;
        Some(Self { name: name.into(), own, recipients })
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
        let (key_id, key) = self.recipients.newest(recipient).ok_or(SealError::UnknownRecipient)?;
        let plain = Zeroizing::new(message.encode_to_vec());
        let (encapsulated, ciphertext) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeS::Base,
            &key.0,
            M::full_name().as_bytes(),
            &plain,
            organisation.0.as_bytes(),
        )
        .map_err(|_| SealError::Broken)?;
        Ok(Sealed {
            recipient: recipient.to_owned(),
            encapsulated_key: encapsulated.to_bytes().to_vec(),
            ciphertext,
            key_id,
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
        let own = self.own.get(&self.name, sealed.key_id).ok_or(SealError::Broken)?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.encapsulated_key)
            .map_err(|_| SealError::Broken)?;
        let plain = single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeR::Base,
            &own.0,
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
    use proto::{dossier::v1::ClientName, identity::v1::Recipient};
    use uuid::Uuid;

    use super::*;
    use crate::ring::KeyName;

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn pair() -> (SealKeys, SealKeys) {
        let (ours, our_public) = SealPrivateKey::generate();
        let (theirs, their_public) = SealPrivateKey::generate();
        let public = [("identity", our_public), ("dossier", their_public)];
        let public: Ring<_> = public
            .map(|(to, key)| (name(to), SealPublicKey::from_bytes(&key).unwrap()))
            .into_iter()
            .collect();
        let keys = |owner: &str, own| {
            SealKeys::new(owner, [(name(owner), own)].into_iter().collect(), public.clone())
        };
        (keys("identity", ours).unwrap(), keys("dossier", theirs).unwrap())
    }

    #[test]
    fn a_message_opens_with_the_key_that_it_was_sealed_to() {
        let organisation = OrganisationId(Uuid::nil());
        let message = ClientName { name: "mevrouw De Vries".to_owned() };
        let ((first, first_public), (second, second_public)) =
            (SealPrivateKey::generate(), SealPrivateKey::generate());
        let public = |key: &[u8]| SealPublicKey::from_bytes(key).unwrap();
        let recipients: Ring<_> = [(name("dossier"), public(&first_public))].into_iter().collect();
        let own: Ring<_> = [(name("dossier"), first.clone())].into_iter().collect();
        let keys = SealKeys::new("dossier", own.clone(), recipients.clone()).unwrap();
        let yesterday = keys.seal("dossier", organisation, &message).unwrap();

        own.replace(vec![(name("dossier"), first), (name("dossier.1"), second.clone())]).unwrap();
        recipients.replace(vec![(name("dossier.1"), public(&second_public))]).unwrap();
        let today = keys.seal("dossier", organisation, &message).unwrap();
        for sealed in [&yesterday, &today] {
            assert_eq!(keys.open::<ClientName>(organisation, Some(sealed)).as_ref(), Ok(&message));
        }
        own.replace(vec![(name("dossier.1"), second)]).unwrap();
        assert_eq!(keys.open::<ClientName>(organisation, Some(&yesterday)), Err(SealError::Broken));
    }

    #[test]
    fn a_seal_opens_only_for_its_recipient_organisation_and_type() {
        let (identity, dossier) = pair();
        let (here, there) = (OrganisationId(Uuid::nil()), OrganisationId(Uuid::max()));
        let name = ClientName { name: "mevrouw De Vries".to_owned() };
        let sealed = dossier.seal("identity", here, &name).unwrap();

        assert_eq!(identity.open::<ClientName>(here, Some(&sealed)), Ok(name));
        assert_eq!(identity.open::<ClientName>(there, Some(&sealed)), Err(SealError::Broken));
        assert_eq!(identity.open::<Recipient>(here, Some(&sealed)), Err(SealError::Broken));
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
