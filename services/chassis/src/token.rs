//! The token that says on whose behalf a call is made: an Ed25519-signed JWT, valid for 60 seconds.
//!
//! Identity signs the tokens of accounts, systems and the operator. The gateway signs its own tokens.
//! Services verify a token offline, with a fixed algorithm and the public key of the issuer that it names.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use moka::sync::Cache;
use proto::access::v1::Level;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    id::{AccountId, ClientId, OrganisationId, SessionId, SystemId},
    ring::{KeyName, Ring},
    secret::sha256,
};

/// How long a token is valid.
pub const LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How far the clocks of two machines may differ.
pub(crate) const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// The audience of tokens: the services of the portal.
pub(crate) const AUDIENCE: &str = "zorgportaal";
/// The issuer that may sign tokens of accounts, systems and the operator.
pub const IDENTITY: &str = "identity";
/// The issuer that may sign tokens of the gateway.
pub(crate) const GATEWAY: &str = "gateway";

/// Who calls a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Caller {
    /// A person in a session.
    Account(AccountCaller),
    /// A system of one organisation, such as the ECD.
    System {
        /// The organisation of the system.
        organisation: OrganisationId,
        /// The id of the system.
        system: SystemId,
        /// The name of the system, for the access log.
        name: String,
        /// The scopes of the system: what it may do, such as `dossier.write`.
        scopes: Vec<String>,
    },
    /// The operator: those who run the platform.
    Operator,
    /// The gateway itself, for methods that are called before a person is logged in.
    Gateway,
}

/// A person in a session, with the words for the access log that a service cannot look up itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCaller {
    /// The organisation of the account.
    pub organisation: OrganisationId,
    /// The account of the person.
    pub account: AccountId,
    /// The session of the person.
    pub session: SessionId,
    /// The chosen client; `None`: no client is chosen.
    pub client: Option<ClientId>,
    /// The actions that the grant on the chosen client allows, by section, as numbers of the contract.
    #[serde(with = "pairs")]
    pub grants: BTreeMap<i32, Vec<i32>>,
    /// The assurance level of the session, as a number of the contract.
    pub level: i32,
    /// The sections for which the organisation requires a higher level than the session has, as numbers of
    /// the contract.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub step_up: Vec<i32>,
    /// The person sees what lasted until this moment or after it, in seconds since 1970 (R24); `None`: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// The person's name, for the access log.
    pub name: String,
    /// The person's relation to the client, such as `relative`; empty: no client is chosen.
    pub relation: String,
    /// The ground on which access was given, in the organisation's words; empty: no client is chosen.
    pub ground: String,
    /// The name of the impersonator who acts in the account's name; empty: the person acts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub impersonator: String,
}

impl AccountCaller {
    /// The assurance level of the session.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::try_from(self.level).unwrap_or(Level::Unspecified)
    }
}

/// Writes grants as a list of pairs. As a JSON object they would not read back, because its names are text.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Grants = BTreeMap<i32, Vec<i32>>;

    pub(super) fn serialize<S: Serializer>(grants: &Grants, serializer: S) -> Result<S::Ok, S::Error> {
        grants.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
        Ok(Vec::<(i32, Vec<i32>)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    caller: Caller,
}

/// From when to when a token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife {
    /// When the token was issued, in whole seconds.
    pub issued_at: Timestamp,
    /// Until when services accept the token: its expiry and the leeway of the clocks.
    pub ends_at: Timestamp,
}

/// A token that is refused: expired, for another audience, signed with another key, or not a token. The cause
/// is for the log; the caller does not get it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The token is not one that this process accepts at any time.
    #[error("token refused: {0}")]
    Refused(&'static str),
    /// The token has expired or does not hold yet: by the times of this process and of the token's issuer.
    #[error("token refused: issued at {issued_at}, and it is {now} here")]
    NotNow {
        /// When the token was issued, by its issuer's clock.
        issued_at: Timestamp,
        /// The time of this process.
        now: Timestamp,
    },
}

/// The token in the value of an `Authorization` header (RFC 9110 §11.4): the scheme is written in any case, and spaces
/// may stand around the token.
#[must_use]
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Signs the tokens of one issuer.
#[derive(Clone)]
pub struct Signer {
    issuer: &'static str,
    keys: Ring<EncodingKey>,
}

impl Signer {
    /// A signer with the issuer's newest key; `None` where the issuer has no key.
    #[must_use]
    pub fn new(issuer: &'static str, keys: Ring<EncodingKey>) -> Option<Self> {
        keys.newest(issuer)?;
        Some(Self { issuer, keys })
    }

    /// Signs a token for a caller. The token is valid for [`LIFE`] from `now`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, caller: &Caller, now: Timestamp) -> Result<String, TokenError> {
        self.sign_for(AUDIENCE, caller, now)
    }

    /// Signs a token for another audience, such as in a test that must be refused.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_for(&self, audience: &str, caller: &Caller, now: Timestamp) -> Result<String, TokenError> {
        let claims = Claims {
            iss: self.issuer.to_owned(),
            aud: audience.to_owned(),
            iat: now.as_second(),
            exp: (now + LIFE).as_second(),
            caller: caller.clone(),
        };
        self.encode(&claims)
    }

    /// Signs claims of any kind as a JWT.
    pub(crate) fn encode(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        let (number, key) =
            self.keys.newest(self.issuer).ok_or(TokenError::Refused("the issuer has no key"))?;
        let name = KeyName { owner: self.issuer.to_owned(), number };
        let header = Header { kid: Some(name.to_string()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &key).map_err(|_| TokenError::Refused("the key cannot sign"))
    }
}

/// How many verified tokens are remembered: about one for each session that is active within a minute.
const MAX_REMEMBERED: u64 = 10_000;

/// Verifies tokens with the public keys of the issuers. The signature of a token is checked once and
/// remembered, because the check took a fifth of the time of a read. The times of a token are checked at
/// every call.
#[derive(Clone)]
pub struct Verifier {
    keys: Ring<DecodingKey>,
    validation: Validation,
    verified: Cache<[u8; 32], Arc<(KeyName, Claims)>>,
}

impl Verifier {
    /// A verifier that trusts these issuers' Ed25519 public keys.
    #[must_use]
    pub fn new(keys: Ring<DecodingKey>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // `verify` checks the times with the process's own clock, which a test can set.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        let life = (LIFE + LEEWAY + LEEWAY).unsigned_abs();
        let verified = Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(life).build();
        Self { keys, validation, verified }
    }

    /// The caller that the token names.
    ///
    /// # Errors
    /// [`TokenError`] where the token is refused at the time `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        self.verify_life(token, now).map(|(caller, _)| caller)
    }

    /// The caller that the token names, and how long the token holds.
    ///
    /// # Errors
    /// [`TokenError`] where the token is refused at the time `now`.
    pub(crate) fn verify_life(&self, token: &str, now: Timestamp) -> Result<(Caller, TokenLife), TokenError> {
        let key = sha256(&[token.as_bytes()]);
        let verified = if let Some(verified) = self.verified.get(&key) {
            verified
        } else {
            let verified = Arc::new(self.verify_signature(token)?);
            self.verified.insert(key, Arc::clone(&verified));
            verified
        };
        let (key, claims) = &*verified;
        if self.keys.get(&key.owner, key.number).is_none() {
            return Err(TokenError::Refused("the token's key was removed"));
        }
        let at = |second| Timestamp::from_second(second).map_err(|_| TokenError::Refused("no such time"));
        if now.as_second() > claims.exp + LEEWAY.as_secs() || now.as_second() < claims.iat - LEEWAY.as_secs()
        {
            return Err(TokenError::NotNow { issued_at: at(claims.iat)?, now });
        }
        let life = TokenLife { issued_at: at(claims.iat)?, ends_at: at(claims.exp)? + LEEWAY };
        Ok((claims.caller.clone(), life))
    }

    /// The key and the claims of a token. Checks the signature and the audience, not the times.
    pub(crate) fn decode<C: DeserializeOwned + Clone>(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<(KeyName, C), TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Refused("not a token"))?;
        let name = header.kid.as_deref().and_then(KeyName::parse);
        let name = name.ok_or(TokenError::Refused("the token names no key"))?;
        let key = self
            .keys
            .get(&name.owner, name.number)
            .ok_or(TokenError::Refused("the token names an unknown key"))?;
        let mut validation = self.validation.clone();
        validation.set_audience(&[audience]);
        let claims = decode::<C>(token, &key, &validation)
            .map_err(|_| TokenError::Refused("wrong signature or claims"))?;
        Ok((name, claims.claims))
    }

    /// The key and the claims of a token. Checks the signature, the audience, how long the token is valid, and
    /// that the issuer may sign for this caller.
    fn verify_signature(&self, token: &str) -> Result<(KeyName, Claims), TokenError> {
        let (key, claims) = self.decode::<Claims>(token, AUDIENCE)?;
        if claims.exp - claims.iat > LIFE.as_secs() {
            return Err(TokenError::Refused("valid for too long"));
        }
        if claims.iss != key.owner {
            return Err(TokenError::Refused("the issuer is not the owner of the key"));
        }
        let allowed = match claims.caller {
            Caller::Gateway => GATEWAY,
            Caller::Account(_) | Caller::System { .. } | Caller::Operator => IDENTITY,
        };
        if key.owner != allowed {
            return Err(TokenError::Refused("the issuer may not sign for this caller"));
        }
        Ok((key, claims))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair(issuer: &'static str) -> (Signer, Verifier) {
        pair_with_number(issuer, 0)
    }

    fn pair_with_number(issuer: &'static str, number: u32) -> (Signer, Verifier) {
        let name = KeyName { owner: issuer.to_owned(), number };
        let key = Ed25519KeyPair::generate().unwrap();
        let private = EncodingKey::from_ed_der(key.to_pkcs8().unwrap().as_ref());
        let public = DecodingKey::from_ed_der(key.public_key().as_ref());
        let signer = Signer::new(issuer, [(name.clone(), private)].into_iter().collect()).unwrap();
        (signer, Verifier::new([(name, public)].into_iter().collect()))
    }

    fn noon() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    #[test]
    fn a_token_is_valid_for_60_seconds_plus_leeway() {
        let (signer, verifier) = pair(GATEWAY);
        let token = signer.sign(&Caller::Gateway, noon()).unwrap();

        assert_eq!(verifier.verify(&token, noon()).unwrap(), Caller::Gateway);
        assert!(verifier.verify(&token, noon() + SignedDuration::from_secs(90)).is_ok());
        assert!(verifier.verify(&token, noon() + SignedDuration::from_secs(91)).is_err());
        assert!(verifier.verify(&token, noon() - SignedDuration::from_secs(31)).is_err());
    }

    #[test]
    fn a_token_that_is_valid_for_longer_is_refused() {
        let (signer, verifier) = pair(GATEWAY);
        let iat = noon().as_second();
        for (life, accepted) in [(60, true), (61, false), (86_400 * 365, false)] {
            let claims = Claims {
                iss: GATEWAY.to_owned(),
                aud: AUDIENCE.to_owned(),
                iat,
                exp: iat + life,
                caller: Caller::Gateway,
            };
            let token = signer.encode(&claims).unwrap();
            assert_eq!(verifier.verify(&token, noon()).is_ok(), accepted, "{life}");
        }
    }

    #[test]
    fn a_token_is_accepted_until_its_key_is_removed() {
        let ((old, verifier), (new, newer)) = (pair(GATEWAY), pair_with_number(GATEWAY, 1));
        let named = |number, ring: &Ring<DecodingKey>| {
            (KeyName { owner: GATEWAY.to_owned(), number }, (*ring.get(GATEWAY, number).unwrap()).clone())
        };
        let (old_key, new_key) = (named(0, &verifier.keys), named(1, &newer.keys));
        let (before, after) =
            (old.sign(&Caller::Gateway, noon()).unwrap(), new.sign(&Caller::Gateway, noon()).unwrap());
        let accepts = |token: &str| verifier.verify(token, noon()).is_ok();

        assert!(accepts(&before) && !accepts(&after));
        verifier.keys.replace(vec![old_key, new_key.clone()]).unwrap();
        assert!(accepts(&before) && accepts(&after));
        verifier.keys.replace(vec![new_key]).unwrap();
        assert!(!accepts(&before) && accepts(&after));
    }

    #[test]
    fn every_kind_of_caller_survives_signing_and_verifying() {
        let ((signer, verifier), now) = (pair(IDENTITY), noon());
        let id = uuid::Uuid::max();
        let account = AccountCaller {
            organisation: OrganisationId(id),
            account: AccountId(id),
            session: SessionId(id),
            client: Some(ClientId(id)),
            grants: BTreeMap::from([(1, vec![1, 2]), (15, vec![1])]),
            level: 1,
            step_up: vec![15],
            since: Some(1_800_000_000),
            name: "Jan".to_owned(),
            relation: "relative".to_owned(),
            ground: "consent".to_owned(),
            impersonator: "Coach K. Bakker".to_owned(),
        };
        let system = Caller::System {
            organisation: OrganisationId(id),
            system: SystemId(id),
            name: "ECD".to_owned(),
            scopes: vec!["dossier.write".to_owned()],
        };
        for caller in [Caller::Account(account), system, Caller::Operator] {
            assert_eq!(verifier.verify(&signer.sign(&caller, now).unwrap(), now).unwrap(), caller);
        }
    }

    #[test]
    fn a_wrong_key_audience_or_issuer_is_refused() {
        let now = noon();
        let (gateway, verifier) = pair(GATEWAY);
        let (stranger, _) = pair(GATEWAY);

        assert!(verifier.verify(&stranger.sign(&Caller::Gateway, now).unwrap(), now).is_err());
        assert!(
            verifier.verify(&gateway.sign_for("elsewhere", &Caller::Gateway, now).unwrap(), now).is_err()
        );
        // The gateway's key must not sign for the operator.
        assert!(verifier.verify(&gateway.sign(&Caller::Operator, now).unwrap(), now).is_err());
        assert!(verifier.verify("x.y.z", now).is_err());
    }
}
