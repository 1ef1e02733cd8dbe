//! The commands for people: one function each, over gRPC.

mod json;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use proto::{
    dossier::v1::{
        ImportRecordsRequest, dossier_service_client::DossierServiceClient,
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
    connection::{Connection, in_words},
    terminal::{BoxError, say},
};

/// `organisation apply`.
pub async fn apply_organisation(data: &Path, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let request = ConfigureOrganisationRequest { toml: std::fs::read_to_string(file)? };
    let mut identity = Connection::read(data)?.as_operator().await?;
    let applied = identity.configure_organisation(request).await.map_err(|status| in_words(&status))?;
    let applied = applied.into_inner();
    say(format_args!("organisation {} is at version {}", applied.organisation_id, applied.version));
    Ok(ExitCode::SUCCESS)
}

/// `account register`.
pub async fn register_account(data: &Path, organisation: &str, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let request: RegisterAccountRequest = json::read(&std::fs::read_to_string(file)?)?;
    let channel = Connection::read(data)?.as_system(organisation, "identity").await?;
    let registered = IdentityServiceClient::new(channel).register_account(request).await;
    let registered = registered.map_err(|status| in_words(&status))?.into_inner();
    say(format_args!("account {} is registered; the welcome message is on its way", registered.account_id));
    Ok(ExitCode::SUCCESS)
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that stand.
    pub stand: usize,
    /// Records that were refused.
    pub refused: usize,
}

/// Imports records and tells of each that was refused.
///
/// # Errors
/// When dossier is away; records without a result may or may not stand: import them again.
pub async fn import(
    connection: &Connection,
    organisation: &str,
    records: Vec<ImportRecordsRequest>,
    refused: impl Fn(i64, &str, &str),
) -> Result<Imported, BoxError> {
    let channel = connection.as_system(organisation, "dossier").await?;
    let mut dossier = DossierServiceClient::new(channel);
    let results = dossier.import_records(tokio_stream::iter(records)).await;
    let mut results = results.map_err(|status| in_words(&status))?.into_inner();
    let mut imported = Imported::default();
    while let Some(result) = results.next().await {
        let result = result.map_err(|status| in_words(&status))?;
        match result.result {
            Some(Outcome::Refused(fault)) => {
                imported.refused += 1;
                refused(result.sequence, &fault.field, fault.reason().as_str_name());
            }
            _ => imported.stand += 1,
        }
    }
    Ok(imported)
}

/// `import`.
pub async fn import_file(data: &Path, organisation: &str, file: &PathBuf) -> Result<ExitCode, BoxError> {
    let text = std::fs::read_to_string(file)?;
    let (mut records, mut unreadable) = (Vec::new(), 0);
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match json::read::<ImportRecordsRequest>(line) {
            Ok(record) => records.push(ImportRecordsRequest { sequence: number, ..record }),
            Err(error) => {
                unreadable += 1;
                say(format_args!("line {number} is refused: {error}"));
            }
        }
    }
    let refused = |line: i64, field: &str, reason: &str| {
        say(format_args!("line {line} is refused: {field}: {reason}"));
    };
    let imported = import(&Connection::read(data)?, organisation, records, refused).await?;
    let refused = imported.refused + unreadable;
    say(format_args!("{} records stand, {refused} were refused", imported.stand));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `feed`.
pub async fn show_feed(
    data: &Path,
    organisation: &str,
    service: &str,
    after: i64,
    follow: bool,
) -> Result<ExitCode, BoxError> {
    let channel = Connection::read(data)?.as_system(organisation, service).await?;
    let request = SubscribeRequest { after_position: after, only_existing: !follow };
    let feed = EventFeedClient::new(channel).subscribe(request).await.map_err(|status| in_words(&status))?;
    let mut feed = feed.into_inner();
    while let Some(entry) = feed.next().await {
        let entry = entry.map_err(|status| in_words(&status))?;
        let event = entry.event.unwrap_or_default();
        let kind = event.data.as_ref().map(chassis::contract::type_name).unwrap_or_default().to_owned();
        say(format_args!(
            "{} {kind} aggregate={} version={} client={}",
            entry.position, event.aggregate_id, event.aggregate_version, event.client_id
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// `audit verify`.
pub async fn verify_audit(data: &Path, organisation: &str, service: &str) -> Result<ExitCode, BoxError> {
    let connection = Connection::read(data)?;
    let (mut records, mut chains, mut faults) = (0, 0, BTreeSet::new());
    let mut request = VerifyAuditRequest::default();
    loop {
        // A token lives for a minute; a long trail takes more.
        let channel = connection.as_system(organisation, service).await?;
        let found = AuditServiceClient::new(channel)
            .verify_audit(request)
            .await
            .map_err(|status| in_words(&status))?
            .into_inner();
        records += found.records;
        chains += found.chains;
        // A record may be at fault by its chain and by what was told of it: it is named once.
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
        say(fault);
    }
    let verdict = if faults.is_empty() { "all hold" } else { "not all hold" };
    say(format_args!("{records} records in {chains} chains: {verdict}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
