//! A proof that somebody gave a second factor for one purpose: an Ed25519-signed JWT of five minutes.
//!
//! Identity signs it after a step-up; who acts on it verifies it offline and compares all that it names.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    id::{AccountId, OrganisationId, SessionId},
    token::{IDENTITY, LEEWAY, Refused, Signer, Verifier},
};

/// How long a proof is good.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// For whom proofs are made: a proof is no token, and a token no proof.
const AUDIENCE: &str = "zorgportaal-proof";

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Who gave the second factor.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// What for, as number of identity's `StepUpPurpose`.
    pub purpose: i32,
    /// The document's SHA-256, in hexadecimal digits; empty where it is about none.
    pub document_hash: String,
    /// What kind of document.
    pub document_kind: String,
    /// Its version.
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
    /// The proof as it travels, good from now on for five minutes.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, signer: &Signer, now: Timestamp) -> Result<String, Refused> {
        signer.encode(&Claims {
            iss: IDENTITY.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_second(),
            exp: (now + LIFE).as_second(),
            proof: self.clone(),
        })
    }

    /// What a proof says.
    ///
    /// # Errors
    /// [`Refused`] where it is not good now, or not identity's.
    pub fn verify(text: &str, verifier: &Verifier, now: Timestamp) -> Result<Self, Refused> {
        let (issuer, claims) = verifier.decode::<Claims>(text, AUDIENCE)?;
        let times = claims.iat - LEEWAY.as_secs()..=claims.exp;
        if issuer != IDENTITY || claims.iss != issuer || !times.contains(&now.as_second()) {
            return Err(Refused("not a proof of now"));
        }
        Ok(claims.proof)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    #[test]
    fn a_proof_is_good_for_five_minutes_and_is_no_token() {
        let key = Ed25519KeyPair::generate().unwrap();
        let signer = Signer::new(IDENTITY, key.to_pkcs8().unwrap().as_ref());
        let public = key.public_key().as_ref().to_vec();
        let verifier = Verifier::new(HashMap::from([(IDENTITY.to_owned(), public)]));
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
        assert!(verifier.verify(&text, now).is_err(), "a proof opens no door");
        let token = signer.sign(&crate::token::Caller::Operator, now).unwrap();
        assert!(Proof::verify(&token, &verifier, now).is_err(), "a token proves nothing");
    }
}
