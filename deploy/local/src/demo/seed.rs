//! Fills the demo with example organisations, a credential for each ECD, dossiers and accounts.

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
    connection::{Connection, Credential, describe_status},
    dossiers::{self, ExampleClient},
    terminal::{BoxError, print_line},
};

/// The example organisations: key, settings file, and number of example clients.
const ORGANISATIONS: [(&str, &str, usize); 5] = [
    ("thuisgenoten", include_str!("../../../organisations/thuisgenoten.toml"), 20),
    ("profila", include_str!("../../../organisations/profila.toml"), 20),
    ("vivre", include_str!("../../../organisations/vivre.toml"), 5),
    ("hilverzorg", include_str!("../../../organisations/hilverzorg.toml"), 5),
    ("rozelaar", include_str!("../../../organisations/rozelaar.toml"), 5),
];

/// What an earlier start created, read from `seed.json` so that the next start does not create it again.
#[derive(Default, Serialize, Deserialize)]
struct SeedState {
    systems: std::collections::BTreeMap<String, Credential>,
    accounts: Vec<Person>,
    /// Organisations whose dossiers and accounts are complete.
    filled: Vec<String>,
}

/// Creates what `seed.json` does not list yet.
///
/// # Errors
/// When a service refuses.
pub async fn fill(data: &Path, demo: &mut Demo, bare: bool, clock: &Clock) -> Result<(), BoxError> {
    let file = data.join("seed.json");
    let known = std::fs::read_to_string(&file).ok();
    let mut state: SeedState = known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let port = demo.gateway.rsplit(':').next().unwrap_or("8080").to_owned();
    for (seed, (key, settings, count)) in (1..).zip(ORGANISATIONS) {
        let toml = settings.replace(".localhost:8080", &format!(".localhost:{port}"));
        let id = configure(&demo.connection, toml).await?;
        demo.organisations.push(format!("http://{key}.localhost:{port}"));
        if !state.systems.contains_key(key) {
            let credential = create_system(&demo.connection, id).await?;
            state.systems.insert(key.to_owned(), credential);
        }
        save(&file, &state)?;
        demo.connection.systems.clone_from(&state.systems);
        if !bare && count > 0 && !state.filled.iter().any(|filled| filled == key) {
            let clients = dossiers::clients(seed, count);
            let now = clock.now().to_zoned(chassis::calendar::zone());
            let records = dossiers::records(seed, &clients, &now);
            let total = records.len();
            let refused = |_: i64, field: &str, reason: &str| print_line(format_args!("{field}: {reason}"));
            let imported = import(&demo.connection, key, records, refused).await?;
            print_line(format_args!("{key}: {} of {total} example records imported", imported.accepted));
            state.accounts.extend(register_people(&demo.connection, key, settings, &clients, clock).await?);
            state.filled.push(key.to_owned());
            save(&file, &state)?;
        }
    }
    demo.accounts.clone_from(&state.accounts);
    Ok(())
}

/// Writes `seed.json` after every step, so that a start that was interrupted continues at the next step.
fn save(file: &Path, state: &SeedState) -> Result<(), BoxError> {
    Ok(std::fs::write(file, serde_json::to_string_pretty(state)?)?)
}

async fn configure(connection: &Connection, toml: String) -> Result<String, BoxError> {
    let request = ConfigureOrganisationRequest { toml };
    let applied = connection.as_operator().await?.configure_organisation(request).await;
    Ok(applied.map_err(|status| describe_status(&status))?.into_inner().organisation_id)
}

async fn create_system(connection: &Connection, organisation_id: String) -> Result<Credential, BoxError> {
    let request = CreateSystemAccountRequest {
        organisation_id,
        name: "ECD".to_owned(),
        scopes: scopes().iter().cloned().collect(),
    };
    let created = connection.as_operator().await?.create_system_account(request).await;
    let created = created.map_err(|status| describe_status(&status))?.into_inner();
    Ok(Credential { system_id: created.system_id, secret: created.secret })
}

/// Registers the first client and a daughter. Both get a welcome message with a first password.
async fn register_people(
    connection: &Connection,
    key: &str,
    settings: &str,
    clients: &[ExampleClient],
    clock: &Clock,
) -> Result<Vec<Person>, BoxError> {
    let Some(client) = clients.first() else { return Ok(Vec::new()) };
    let client_id = portal_client_id(connection, key, client).await?;
    let local_part = client.last_name.to_lowercase().replace(' ', "");
    let number = clients.len() + key.len();
    let people = [
        (RelationKind::Client, local_part.clone(), client.name.clone(), "the client"),
        (
            RelationKind::Relative,
            format!("dochter.{local_part}"),
            format!("Petra {}", client.last_name),
            "a daughter",
        ),
    ];
    // Where the organisation assigns user names, a user name is not an e-mail address.
    let settings: toml::Table = toml::from_str(settings)?;
    let policy = settings.get("login").and_then(|login| login.get("username_policy"));
    let is_assigned = policy.and_then(toml::Value::as_str) == Some("assigned");
    let caller = connection.as_system(key, "identity").await?;
    let mut identity = IdentityServiceClient::new(caller);
    let mut registered = Vec::new();
    for (index, (relation, local_part, name, description)) in people.into_iter().enumerate() {
        let email = format!("{local_part}@{key}.example");
        let username = if is_assigned { local_part } else { email.clone() };
        let phone = format!("+3161{number:03}{index:04}");
        // Long ago, so that history from the beginning of access is long.
        let given_at = clock.now() - SignedDuration::from_hours(24 * 400);
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
                valid_from: Some(time::to_proto(given_at)),
                valid_until: None,
            }),
        };
        match identity.register_account(request).await {
            // An earlier start registered this account and was interrupted before `seed.json` was written.
            Err(status) if status.code() == Code::Aborted => {}
            answer => drop(answer.map_err(|status| describe_status(&status))?),
        }
        registered.push(Person {
            organisation: key.to_owned(),
            username,
            email,
            phone,
            description: format!("{name}, {description} of {}", client.name),
        });
    }
    Ok(registered)
}

/// The rights of the example accounts: a relative reads most of the dossier, a client all of it; the client also writes
/// and manages users.
fn grants(relation: RelationKind) -> Vec<Grant> {
    let grant = |section: Section, actions: &[Action]| Grant {
        section: section.into(),
        actions: actions.iter().map(|&action| action.into()).collect(),
    };
    let records = [
        Section::Reports,
        Section::Timeline,
        Section::CarePlans,
        Section::Evaluations,
        Section::Measurements,
        Section::Questionnaires,
        Section::Forms,
        Section::CareAgreements,
        Section::Subscriptions,
        Section::Documents,
    ];
    let is_client = relation == RelationKind::Client;
    let private = [Section::Questionnaires, Section::Forms, Section::Subscriptions];
    let may = |section: &Section| is_client || !private.contains(section);
    let mut grants: Vec<Grant> =
        records.into_iter().filter(may).map(|section| grant(section, &[Action::View])).collect();
    if is_client {
        grants.retain(|it| it.section() != Section::Reports);
        grants.push(grant(Section::Reports, &[Action::View, Action::Write]));
        grants.push(grant(Section::Users, &[Action::View, Action::Write]));
    }
    grants
}

/// The portal's id of a client. The ECD learns the id by sending the client's record, which changes nothing
/// when the record is already there.
async fn portal_client_id(
    connection: &Connection,
    key: &str,
    client: &ExampleClient,
) -> Result<String, BoxError> {
    let caller = connection.as_system(key, "dossier").await?;
    let request = UpsertClientRequest { client: Some(dossiers::client_record(client)) };
    let answer = DossierServiceClient::new(caller).upsert_client(request).await;
    Ok(answer.map_err(|status| describe_status(&status))?.into_inner().client_id)
}
