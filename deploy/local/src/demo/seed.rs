//! What the demo is filled with: organisations, their ECD's credential, dossiers and people.

use std::path::Path;

use chassis::{Clock, access::scopes, id::AccountId, time};
use jiff::SignedDuration;
use proto::{
    access::v1::{Action, Grant, Section},
    dossier::v1::{UpsertClientRequest, dossier_service_client::DossierServiceClient},
    identity::v1::{
        ConfigureOrganisationRequest, Consent, CreateSystemAccountRequest, RegisterAccountRequest,
        RelationKind, identity_service_client::IdentityServiceClient,
    },
};
use serde::{Deserialize, Serialize};
use tonic::Code;

use super::facts::{Demo, Person};
use crate::{
    commands::import,
    connection::{Connection, Credential, in_words},
    dossiers::{self, Example},
    terminal::{BoxError, say},
};

/// The example organisations: key, settings file, and how many clients they have here.
const ORGANISATIONS: [(&str, &str, usize); 5] = [
    ("thuisgenoten", include_str!("../../../organisations/thuisgenoten.toml"), 20),
    ("profila", include_str!("../../../organisations/profila.toml"), 20),
    ("vivre", include_str!("../../../organisations/vivre.toml"), 5),
    ("hilverzorg", include_str!("../../../organisations/hilverzorg.toml"), 5),
    ("rozelaar", include_str!("../../../organisations/rozelaar.toml"), 5),
];

/// What was made at the first start, kept for the next.
#[derive(Default, Serialize, Deserialize)]
struct Made {
    systems: std::collections::BTreeMap<String, Credential>,
    accounts: Vec<Person>,
    /// Organisations whose dossiers and accounts are there.
    filled: Vec<String>,
}

/// Fills the system, or finds it filled.
///
/// # Errors
/// When a service refuses.
pub async fn fill(data: &Path, demo: &mut Demo, bare: bool, clock: &Clock) -> Result<(), BoxError> {
    let file = data.join("seed.json");
    let known = std::fs::read_to_string(&file).ok();
    let mut made: Made = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let port = demo.gateway.rsplit(':').next().unwrap_or("8080").to_owned();
    for (seed, (key, settings, count)) in (1..).zip(ORGANISATIONS) {
        let toml = settings.replace(".localhost:8080", &format!(".localhost:{port}"));
        let id = configure(&demo.connection, toml).await?;
        demo.organisations.push(format!("http://{key}.localhost:{port}"));
        if !made.systems.contains_key(key) {
            let credential = create_system(&demo.connection, id).await?;
            made.systems.insert(key.to_owned(), credential);
        }
        keep(&file, &made)?;
        demo.connection.systems.clone_from(&made.systems);
        if !bare && count > 0 && !made.filled.iter().any(|filled| filled == key) {
            let clients = dossiers::clients(seed, count);
            let now = clock.now().to_zoned(chassis::calendar::zone());
            let records = dossiers::records(seed, &clients, &now);
            let total = records.len();
            let refused = |_: i64, field: &str, reason: &str| say(format_args!("{field}: {reason}"));
            let imported = import(&demo.connection, key, records, refused).await?;
            say(format_args!("{key}: {} of {total} example records imported", imported.stand));
            made.accounts.extend(register(&demo.connection, key, settings, &clients, clock).await?);
            made.filled.push(key.to_owned());
            keep(&file, &made)?;
        }
    }
    demo.accounts.clone_from(&made.accounts);
    Ok(())
}

/// Kept after every step: a start that is broken off goes on where it was.
fn keep(file: &Path, made: &Made) -> Result<(), BoxError> {
    Ok(std::fs::write(file, serde_json::to_string_pretty(made)?)?)
}

async fn configure(connection: &Connection, toml: String) -> Result<String, BoxError> {
    let request = ConfigureOrganisationRequest { toml };
    let applied = connection.as_operator().await?.configure_organisation(request).await;
    Ok(applied.map_err(|status| in_words(&status))?.into_inner().organisation_id)
}

async fn create_system(connection: &Connection, organisation_id: String) -> Result<Credential, BoxError> {
    let request = CreateSystemAccountRequest {
        organisation_id,
        name: "ECD".to_owned(),
        scopes: scopes().iter().cloned().collect(),
    };
    let created = connection.as_operator().await?.create_system_account(request).await;
    let created = created.map_err(|status| in_words(&status))?.into_inner();
    Ok(Credential { system_id: created.system_id, secret: created.secret })
}

/// The first client and a daughter of hers, with a first password each in the mailbox.
async fn register(
    connection: &Connection,
    key: &str,
    settings: &str,
    clients: &[Example],
    clock: &Clock,
) -> Result<Vec<Person>, BoxError> {
    let Some(client) = clients.first() else { return Ok(Vec::new()) };
    let client_id = find(connection, key, client).await?;
    let plain = client.last_name.to_lowercase().replace(' ', "");
    let number = clients.len() + key.len();
    let people = [
        (RelationKind::Client, plain.clone(), client.name.clone(), "the client"),
        (
            RelationKind::Relative,
            format!("dochter.{plain}"),
            format!("Petra {}", client.last_name),
            "a daughter",
        ),
    ];
    // Where user names are given, they are no addresses.
    let settings: toml::Table = toml::from_str(settings)?;
    let policy = settings.get("login").and_then(|login| login.get("username_policy"));
    let is_assigned = policy.and_then(toml::Value::as_str) == Some("assigned");
    let caller = connection.as_system(key, "identity").await?;
    let mut identity = IdentityServiceClient::new(caller);
    let mut made = Vec::new();
    for (place, (relation, plain, name, description)) in people.into_iter().enumerate() {
        let email = format!("{plain}@{key}.example");
        let username = if is_assigned { plain } else { email.clone() };
        let phone = format!("+3161{number:03}{place:04}");
        let given_at = clock.now() - SignedDuration::from_hours(24);
        let request = RegisterAccountRequest {
            account_id: AccountId::new(clock.now()).to_string(),
            username: username.clone(),
            display_name: name.clone(),
            email: email.clone(),
            language: String::new(),
            client_id: client_id.clone(),
            relation: relation.into(),
            grants: grants(relation),
            phone: phone.clone(),
            legal_entity: String::new(),
            representative: 0,
            consent: Some(Consent {
                given_by: client.name.clone(),
                ground: "toestemming van de cliënt".to_owned(),
                given_at: Some(time::to_proto(given_at)),
                valid_from: None,
                valid_until: None,
            }),
        };
        match identity.register_account(request).await {
            // Registered by a start that was broken off before it could write that down.
            Err(status) if status.code() == Code::Aborted => {}
            answer => drop(answer.map_err(|status| in_words(&status))?),
        }
        made.push(Person {
            organisation: key.to_owned(),
            username,
            email,
            phone,
            description: format!("{name}, {description} of {}", client.name),
        });
    }
    Ok(made)
}

/// What the people of the examples may do: the client all that there is, others read.
fn grants(relation: RelationKind) -> Vec<Grant> {
    let grant = |section: Section, actions: &[Action]| Grant {
        section: section.into(),
        actions: actions.iter().map(|&action| action.into()).collect(),
    };
    let mut grants = vec![grant(Section::Reports, &[Action::View])];
    if relation == RelationKind::Client {
        grants.push(grant(Section::Users, &[Action::View, Action::Write]));
    }
    grants
}

/// The portal's id of a client, as the ECD hears it: the same record again changes nothing.
async fn find(connection: &Connection, key: &str, client: &Example) -> Result<String, BoxError> {
    let caller = connection.as_system(key, "dossier").await?;
    let request = UpsertClientRequest { client: Some(dossiers::client_record(client)) };
    let answer = DossierServiceClient::new(caller).upsert_client(request).await;
    Ok(answer.map_err(|status| in_words(&status))?.into_inner().client_id)
}
