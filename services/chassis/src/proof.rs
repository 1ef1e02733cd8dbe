//! A proof that a person gave a second factor for one purpose: an Ed25519-signed JWT, valid for five minutes.
//!
//! Identity signs the proof after a step-up. The service that acts on the proof verifies the signature
//! offline and compares every field with what the person asks for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    id::{AccountId, OrganisationId, SessionId},
    token::{IDENTITY, LEEWAY, Signer, TokenError, Verifier},
};

/// How long a proof is valid.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// The audience of proofs. It differs from the audience of tokens, so neither is accepted as the other.
const AUDIENCE: &str = "zorgportaal-proof";

/// What a proof states: who gave a second factor, in which session, for which purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The organisation of the account.
    pub organisation: OrganisationId,
    /// The account whose person gave the second factor.
    pub account: AccountId,
    /// The session in which the person gave the second factor.
    pub session: SessionId,
    /// The purpose, as a number of identity's `StepUpPurpose`.
    pub purpose: i32,
    /// The SHA-256 of the document, in hexadecimal digits; empty: the proof is about no document.
    pub document_hash: String,
    /// The kind of document, such as `care_plan`; empty: the proof is about no document.
    pub document_kind: String,
    /// The version of the document; 0: the proof is about no document.
    pub document_version: i64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    proof: Proof,
}

impl Proof {
    /// Signs the proof. The text is valid for five minutes from `now`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, signer: &Signer, now: Timestamp) -> Result<String, TokenError> {
        signer.encode(&Claims {
            iss: IDENTITY.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_second(),
            exp: (now + LIFE).as_second(),
            proof: self.clone(),
        })
    }

    /// Reads a signed proof and checks its signature and times.
    ///
    /// # Errors
    /// [`TokenError`] where the proof is expired, not valid yet, or not signed by identity.
    pub fn verify(text: &str, verifier: &Verifier, now: Timestamp) -> Result<Self, TokenError> {
        let (key, claims) = verifier.decode::<Claims>(text, AUDIENCE)?;
        let times = claims.iat - LEEWAY.as_secs()..=claims.exp.min(claims.iat + LIFE.as_secs());
        if key.owner != IDENTITY || claims.iss != key.owner || !times.contains(&now.as_second()) {
            return Err(TokenError::Refused("proof expired, not valid yet, or not signed by identity"));
        }
        Ok(claims.proof)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use jsonwebtoken::{DecodingKey, EncodingKey};

    use super::*;
    use crate::ring::KeyName;

    #[test]
    fn a_proof_is_valid_for_five_minutes_and_is_no_token() {
        let key = Ed25519KeyPair::generate().unwrap();
        let name = KeyName { owner: IDENTITY.to_owned(), number: 0 };
        let private = EncodingKey::from_ed_der(key.to_pkcs8().unwrap().as_ref());
        let public = DecodingKey::from_ed_der(key.public_key().as_ref());
        let signer = Signer::new(IDENTITY, [(name.clone(), private)].into_iter().collect()).unwrap();
        let verifier = Verifier::new([(name, public)].into_iter().collect());
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let id = uuid::Uuid::max();
        let proof = Proof {
            organisation: OrganisationId(id),
            account: AccountId(id),
            session: SessionId(id),
            purpose: 3,
            document_hash: "ab".repeat(32),
            document_kind: "care_plan".to_owned(),
            document_version: 3,
        };
        let text = proof.sign(&signer, now).unwrap();
        assert_eq!(Proof::verify(&text, &verifier, now + LIFE).unwrap(), proof);
        assert!(Proof::verify(&text, &verifier, now + LIFE + SignedDuration::from_secs(1)).is_err());
        assert!(verifier.verify(&text, now).is_err(), "a proof is not accepted as a token");
        let token = signer.sign(&crate::token::Caller::Operator, now).unwrap();
        assert!(Proof::verify(&token, &verifier, now).is_err(), "a token is not accepted as a proof");
    }
}
