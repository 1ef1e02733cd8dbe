//! Callers as their tokens describe them: accounts and systems.

use std::collections::BTreeMap;

use chassis::{
    id::{AccountId, ClientId, OrganisationId, SessionId, SystemId},
    token::{AccountCaller, Caller},
};
use proto::access::v1::{Action, Level, Section};
use uuid::Uuid;

/// An id in the form of a UUIDv7; the same number always gives the same id.
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

/// The account of a relative, with grants on the dossier of one client.
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
        since: None,
        name: "Jan de Vries".to_owned(),
        relation: "relative".to_owned(),
        ground: "toestemming van de cliënt".to_owned(),
        impersonator: String::new(),
    })
}

/// The same account, used by an impersonator. Any other kind of caller is unchanged.
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

/// The ECD (the record system) of an organisation, with scopes.
#[must_use]
pub fn system(organisation: OrganisationId, scopes: &[&str]) -> Caller {
    Caller::System {
        organisation,
        system: SystemId(uuid(0x4_0000)),
        name: "ECD".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    }
}
