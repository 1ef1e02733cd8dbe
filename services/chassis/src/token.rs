//! The token that says on whose behalf a call is made: an Ed25519-signed JWT of 60 seconds.
//!
//! Identity signs tokens of accounts, systems and operators; the gateway signs its own. Services verify offline,
//! with the algorithm pinned and the issuer's key chosen by name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use moka::sync::Cache;
use proto::access::v1::Level;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    id::{AccountId, ClientId, OrganisationId, SessionId, SystemId},
    secret::sha256,
};

/// How long a token is valid.
pub const LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How far two clocks may differ.
pub(crate) const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// For whom tokens are made.
pub(crate) const AUDIENCE: &str = "zorgportaal";
/// Who may sign for accounts, systems and operators.
pub const IDENTITY: &str = "identity";
/// Who may sign for the gateway.
pub(crate) const GATEWAY: &str = "gateway";

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Caller {
    /// A person, in a session.
    Account(AccountCaller),
    /// A system of one organisation.
    System {
        /// The organisation.
        organisation: OrganisationId,
        /// The system.
        system: SystemId,
        /// What it is called.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
    },
    /// Those who run the platform.
    Operator,
    /// The gateway itself, before anybody is logged in.
    Gateway,
}

/// A person in a session, with what services must write down but cannot look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCaller {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The person.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The chosen client.
    pub client: Option<ClientId>,
    /// Actions by section, as numbers of the contract.
    #[serde(with = "pairs")]
    pub grants: BTreeMap<i32, Vec<i32>>,
    /// The assurance level, as number of the contract.
    pub level: i32,
    /// Sections that the organisation asks more for than this session has proven, as numbers of the contract.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub step_up: Vec<i32>,
    /// The name to write down.
    pub name: String,
    /// What the person is to the client.
    pub relation: String,
    /// On what ground access was given.
    pub ground: String,
    /// Who acts in the account's name; empty: the person itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub impersonator: String,
}

impl AccountCaller {
    /// The assurance level.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::try_from(self.level).unwrap_or(Level::Unspecified)
    }
}

/// Grants as a list of pairs: the names of a JSON object would come back as text.
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

/// A token that is not good: expired, for another audience, of another key, or not a token. Which, is for logs.
#[derive(Debug, thiserror::Error)]
#[error("token refused: {0}")]
pub struct Refused(pub(crate) &'static str);

/// Signs tokens.
#[derive(Clone)]
pub struct Signer {
    issuer: &'static str,
    key: EncodingKey,
}

impl Signer {
    /// A signer with a private key as PKCS #8.
    #[must_use]
    pub fn new(issuer: &'static str, pkcs8: &[u8]) -> Self {
        Self { issuer, key: EncodingKey::from_ed_der(pkcs8) }
    }

    /// A token for a caller, valid from now for [`LIFE`].
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, caller: &Caller, now: Timestamp) -> Result<String, Refused> {
        self.sign_for(AUDIENCE, caller, now)
    }

    /// A token for some audience.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_for(&self, audience: &str, caller: &Caller, now: Timestamp) -> Result<String, Refused> {
        let claims = Claims {
            iss: self.issuer.to_owned(),
            aud: audience.to_owned(),
            iat: now.as_second(),
            exp: (now + LIFE).as_second(),
            caller: caller.clone(),
        };
        self.encode(&claims)
    }

    /// Claims of any kind as a JWT.
    pub(crate) fn encode(&self, claims: &impl Serialize) -> Result<String, Refused> {
        let header = Header { kid: Some(self.issuer.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &self.key).map_err(|_| Refused("cannot sign"))
    }
}

/// How many tokens' signatures are remembered: those of the sessions that ask within a minute.
const REMEMBERED: u64 = 10_000;

/// Verifies tokens by the public keys of those who sign. A signature is checked once: it took a fifth of a read. The
/// times in a token are judged whenever it comes.
#[derive(Clone)]
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    signed: Cache<[u8; 32], Arc<Claims>>,
}

impl Verifier {
    /// A verifier that trusts these issuers' raw Ed25519 public keys.
    #[must_use]
    pub fn new(keys: HashMap<String, Vec<u8>>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Expiry is judged below, by the process's own clock.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        let keys = keys.into_iter().map(|(name, key)| (name, DecodingKey::from_ed_der(&key))).collect();
        let life = (LIFE + LEEWAY + LEEWAY).unsigned_abs();
        let signed = Cache::builder().max_capacity(REMEMBERED).time_to_live(life).build();
        Self { keys, validation, signed }
    }

    /// Who calls, by the token.
    ///
    /// # Errors
    /// [`Refused`] where the token is not good now.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, Refused> {
        let key = sha256(&[token.as_bytes()]);
        let claims = if let Some(claims) = self.signed.get(&key) {
            claims
        } else {
            let claims = Arc::new(self.check(token)?);
            self.signed.insert(key, Arc::clone(&claims));
            claims
        };
        if now.as_second() > claims.exp + LEEWAY.as_secs() || now.as_second() < claims.iat - LEEWAY.as_secs()
        {
            return Err(Refused("expired or not valid yet"));
        }
        Ok(claims.caller.clone())
    }

    /// The claims of a token and who signed it, by its signature and audience.
    pub(crate) fn decode<C: DeserializeOwned + Clone>(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<(String, C), Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused("not a token"))?;
        let issuer = header.kid.ok_or(Refused("no key named"))?;
        let key = self.keys.get(&issuer).ok_or(Refused("unknown key"))?;
        let mut validation = self.validation.clone();
        validation.set_audience(&[audience]);
        let claims =
            decode::<C>(token, key, &validation).map_err(|_| Refused("signature, audience or claims"))?;
        Ok((issuer, claims.claims))
    }

    /// The claims of a token, by its signature, its audience and what its issuer may say.
    fn check(&self, token: &str) -> Result<Claims, Refused> {
        let (issuer, claims) = self.decode::<Claims>(token, AUDIENCE)?;
        if claims.iss != issuer {
            return Err(Refused("issuer is not the key's owner"));
        }
        let allowed = match claims.caller {
            Caller::Gateway => GATEWAY,
            Caller::Account(_) | Caller::System { .. } | Caller::Operator => IDENTITY,
        };
        (issuer == allowed).then_some(claims).ok_or(Refused("issuer may not speak for this caller"))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair(issuer: &'static str) -> (Signer, Vec<u8>) {
        let key = Ed25519KeyPair::generate().unwrap();
        (Signer::new(issuer, key.to_pkcs8().unwrap().as_ref()), key.public_key().as_ref().to_vec())
    }

    #[test]
    fn a_token_holds_for_its_minute_and_leeway_and_no_longer() {
        let (signer, public) = pair(GATEWAY);
        let verifier = Verifier::new(HashMap::from([(GATEWAY.to_owned(), public)]));
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let token = signer.sign(&Caller::Gateway, now).unwrap();

        assert_eq!(verifier.verify(&token, now).unwrap(), Caller::Gateway);
        assert!(verifier.verify(&token, now + SignedDuration::from_secs(90)).is_ok());
        assert!(verifier.verify(&token, now + SignedDuration::from_secs(91)).is_err());
        assert!(verifier.verify(&token, now - SignedDuration::from_secs(31)).is_err());
    }

    #[test]
    fn every_kind_of_caller_comes_back_as_it_went() {
        let (signer, public) = pair(IDENTITY);
        let verifier = Verifier::new(HashMap::from([(IDENTITY.to_owned(), public)]));
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let id = uuid::Uuid::max();
        let account = AccountCaller {
            organisation: OrganisationId(id),
            account: AccountId(id),
            session: SessionId(id),
            client: Some(ClientId(id)),
            grants: BTreeMap::from([(1, vec![1, 2]), (15, vec![1])]),
            level: 1,
            step_up: vec![15],
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
    fn another_key_audience_or_claim_of_issuer_is_refused() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let (gateway, gateway_public) = pair(GATEWAY);
        let (stranger, _) = pair(GATEWAY);
        let verifier = Verifier::new(HashMap::from([(GATEWAY.to_owned(), gateway_public)]));

        assert!(verifier.verify(&stranger.sign(&Caller::Gateway, now).unwrap(), now).is_err());
        assert!(
            verifier.verify(&gateway.sign_for("elsewhere", &Caller::Gateway, now).unwrap(), now).is_err()
        );
        // The gateway's key must not be able to speak for an operator.
        assert!(verifier.verify(&gateway.sign(&Caller::Operator, now).unwrap(), now).is_err());
        assert!(verifier.verify("x.y.z", now).is_err());
    }
}
