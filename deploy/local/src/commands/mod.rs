//! The commands that an operator types: one function for each, which calls a service over gRPC.

mod json;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use proto::{
    dossier::v1::{
        GetRecordRequest, ImportRecordsRequest, dossier_service_client::DossierServiceClient,
        import_records_response::Result as Outcome,
    },
    event::v1::{
        SubscribeRequest, VerifyAuditRequest, audit_service_client::AuditServiceClient,
        event_feed_client::EventFeedClient,
    },
    identity::v1::{
        ConfigureOrganisationRequest, RegisterAccountRequest, identity_service_client::IdentityServiceClient,
    },
};
use tokio_stream::StreamExt;

use crate::{
    connection::{Connection, describe_status},
    demo::Demo,
    terminal::{BoxError, Progress, print_line},
};

/// The command `organisation apply`: sends a settings file.
pub async fn apply_organisation(data: &Path, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let request = ConfigureOrganisationRequest { toml: std::fs::read_to_string(file)? };
    let mut identity = Demo::read(data)?.connection.as_operator().await?;
    let applied =
        identity.configure_organisation(request).await.map_err(|status| describe_status(&status))?;
    let applied = applied.into_inner();
    print_line(format_args!("organisation {} is at version {}", applied.organisation_id, applied.version));
    Ok(ExitCode::SUCCESS)
}

/// The command `account register`: sends one registration.
pub async fn register_account(data: &Path, organisation: &str, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let request: RegisterAccountRequest = json::read(&std::fs::read_to_string(file)?)?;
    let channel = Demo::read(data)?.connection.as_system(organisation, "identity").await?;
    let registered = IdentityServiceClient::new(channel).register_account(request).await;
    let registered = registered.map_err(|status| describe_status(&status))?.into_inner();
    print_line(format_args!(
        "account {} is registered; the welcome message is on its way",
        registered.account_id
    ));
    Ok(ExitCode::SUCCESS)
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that are now in the dossier.
    pub accepted: usize,
    /// Records that the service refused.
    pub refused: usize,
}

/// Imports records. Calls `on_refused` with number, field and reason of each refused record.
///
/// # Errors
/// When the service cannot be reached. A record without a result may be imported or not: import it again,
/// which changes nothing where the record is already there.
pub async fn import(
    connection: &Connection,
    organisation: &str,
    records: Vec<ImportRecordsRequest>,
    on_refused: impl Fn(i64, &str, &str),
) -> Result<Imported, BoxError> {
    let channel = connection.as_system(organisation, "dossier").await?;
    let mut dossier = DossierServiceClient::new(channel);
    let mut waiting: BTreeSet<i64> = records.iter().map(|record| record.sequence).collect();
    let results = dossier.import_records(tokio_stream::iter(records)).await;
    let mut results = results.map_err(|status| describe_status(&status))?.into_inner();
    let mut imported = Imported::default();
    let mut progress = Progress::start(waiting.len());
    while let Some(result) = results.next().await {
        let result = result.map_err(|status| match waiting.first() {
            Some(first) => {
                format!("{}; record {first} and later ones have no result", describe_status(&status)).into()
            }
            None => describe_status(&status),
        })?;
        waiting.remove(&result.sequence);
        match result.result {
            Some(Outcome::Refused(fault)) => {
                imported.refused += 1;
                on_refused(result.sequence, &fault.field, fault.reason().as_str_name());
            }
            _ => imported.accepted += 1,
        }
        progress.show(imported.accepted, imported.refused);
    }
    progress.end(imported.accepted, imported.refused);
    Ok(imported)
}

/// The command `import`: sends a file of records, one record on each line.
pub async fn import_file(data: &Path, organisation: &str, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let bytes = std::fs::read(file)?;
    let (mut records, mut unreadable) = (Vec::new(), 0);
    let lines = bytes.strip_prefix(json::BOM).unwrap_or(&bytes).split(|byte| *byte == b'\n');
    for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.trim_ascii().is_empty()) {
        let read = str::from_utf8(line).map_err(BoxError::from).and_then(json::read::<ImportRecordsRequest>);
        match read {
            Ok(record) => records.push(ImportRecordsRequest { sequence: number, ..record }),
            Err(error) => {
                unreadable += 1;
                print_line(format_args!("line {number} is refused: {error}"));
            }
        }
    }
    let refused = |line: i64, field: &str, reason: &str| {
        print_line(format_args!("line {line} is refused: {field}: {reason}"));
    };
    let imported = import(&Demo::read(data)?.connection, organisation, records, refused).await?;
    let refused = imported.refused + unreadable;
    print_line(format_args!("{} records imported, {refused} refused", imported.accepted));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The command `record show`: prints a record as JSON. The service writes an audit record of it.
pub async fn show_record(data: &Path, organisation: &str, id: String) -> Result<ExitCode, BoxError> {
    let channel = Demo::read(data)?.connection.as_system(organisation, "dossier").await?;
    let found = DossierServiceClient::new(channel).get_record(GetRecordRequest { record_id: id }).await;
    let found = found.map_err(|status| describe_status(&status))?.into_inner();
    print_line(json::write(&found)?);
    Ok(ExitCode::SUCCESS)
}

/// The command `feed`: prints the changes of a service.
pub async fn show_feed(
    data: &Path,
    organisation: &str,
    service: &str,
    after: i64,
    follow: bool,
) -> Result<ExitCode, BoxError> {
    let channel = Demo::read(data)?.connection.as_system(organisation, service).await?;
    let request = SubscribeRequest { after_position: after, only_existing: !follow };
    let feed = EventFeedClient::new(channel).subscribe(request).await;
    let mut feed = feed.map_err(|status| describe_status(&status))?.into_inner();
    while let Some(entry) = feed.next().await {
        let entry = entry.map_err(|status| describe_status(&status))?;
        let event = entry.event.unwrap_or_default();
        let kind = event.data.as_ref().map(chassis::contract::type_name).unwrap_or_default().to_owned();
        print_line(format_args!(
            "{} {kind} aggregate={} version={} client={}",
            entry.position, event.aggregate_id, event.aggregate_version, event.client_id
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The command `audit verify`: checks a trail and prints each fault.
pub async fn verify_audit(data: &Path, organisation: &str, service: &str) -> Result<ExitCode, BoxError> {
    let connection = Demo::read(data)?.connection;
    let (mut records, mut chains, mut faults) = (0, 0, BTreeSet::new());
    let mut request = VerifyAuditRequest::default();
    loop {
        // A token is valid for one minute and a long trail takes longer: each page is read with a new token.
        let channel = connection.as_system(organisation, service).await?;
        let found = AuditServiceClient::new(channel)
            .verify_audit(request)
            .await
            .map_err(|status| describe_status(&status))?
            .into_inner();
        records += found.records;
        chains += found.chains;
        // Two checks can report the same record (its chain, and the event `AccessRecorded`): print it once.
        for fault in found.faults {
            let (kind, writer) = (fault.kind().as_str_name(), &fault.writer_id);
            faults.insert(format!(
                "{kind} record {} number {} of writer {writer}",
                fault.record_id, fault.sequence
            ));
        }
        if found.next_page_token.is_empty() {
            break;
        }
        request = VerifyAuditRequest { page_token: found.next_page_token };
    }
    for fault in &faults {
        print_line(fault);
    }
    let verdict = if faults.is_empty() { "all hold" } else { "not all hold" };
    print_line(format_args!("{records} records in {chains} chains: {verdict}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
