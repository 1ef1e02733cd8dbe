//! Callers, as their tokens describe them.

use std::collections::BTreeMap;

use chassis::{
    id::{AccountId, ClientId, OrganisationId, SessionId, SystemId},
    token::{AccountCaller, Caller},
};
use proto::access::v1::{Action, Level, Section};
use uuid::Uuid;

/// A fresh UUIDv7-shaped id that is the same for the same number.
#[must_use]
pub const fn uuid(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// An organisation by number.
#[must_use]
pub const fn organisation(number: u64) -> OrganisationId {
    OrganisationId(uuid(number))
}

/// A client by number.
#[must_use]
pub const fn client(number: u64) -> ClientId {
    ClientId(uuid(0x1_0000 + number))
}

/// A relative with grants on one client's dossier.
#[must_use]
pub fn account(
    organisation: OrganisationId,
    client: ClientId,
    grants: &[(Section, Action)],
    level: Level,
) -> Caller {
    let mut by_section: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (section, action) in grants {
        by_section.entry((*section).into()).or_default().push((*action).into());
    }
    Caller::Account(AccountCaller {
        organisation,
        account: AccountId(uuid(0x2_0000)),
        session: SessionId(uuid(0x3_0000)),
        client: Some(client),
        grants: by_section,
        level: level.into(),
        step_up: Vec::new(),
        name: "Jan de Vries".to_owned(),
        relation: "relative".to_owned(),
        ground: "toestemming van de cliënt".to_owned(),
        impersonator: String::new(),
    })
}

/// The same account, with somebody else acting in its name.
#[must_use]
pub fn impersonated(caller: &Caller) -> Caller {
    match caller {
        Caller::Account(account) => {
            let impersonator = "coach K. Bakker".to_owned();
            Caller::Account(AccountCaller { impersonator, ..account.clone() })
        }
        other => other.clone(),
    }
}

/// The ECD of an organisation, with scopes.
#[must_use]
pub fn system(organisation: OrganisationId, scopes: &[&str]) -> Caller {
    Caller::System {
        organisation,
        system: SystemId(uuid(0x4_0000)),
        name: "ECD".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    }
}
