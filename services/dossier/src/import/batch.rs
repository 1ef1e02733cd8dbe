//! Imports one batch: one transaction, with one audit record and one event per client.

use std::collections::{BTreeMap, HashSet};

use chassis::{
    Ctx,
    call::Object,
    id::{ClientId, v7},
};
use proto::{
    access::v1::Section,
    dossier::v1::{
        ErrorReason, ImportRecordsRequest, ImportRecordsResponse, RecordsImported, UpsertOutcome,
        import_records_request::Record,
    },
    event::v1::AccessOutcome,
};
use store::{About, Mode, Tx, audit::Access};

use super::{imported, refused, refused_for};
use crate::{
    client,
    error::Error,
    report::{self, Incoming, table::Upserted},
    state::State,
};

/// The number of reports that were added or changed, by client and `historic`; 0 when all were stored
/// already.
type ChangeCounts = BTreeMap<(ClientId, bool), i32>;

/// A valid report that waits for the next `flush`.
struct PendingReport {
    sequence: i64,
    historic: bool,
    report: Incoming,
}

/// Imports a batch: either all valid records are saved, or none.
///
/// # Errors
/// When the database or the audit trail cannot be reached: the caller must not count on any record of the
/// batch.
pub async fn run(
    state: &State,
    ctx: &Ctx,
    batch: Vec<ImportRecordsRequest>,
) -> Result<Vec<ImportRecordsResponse>, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let mut results = Vec::with_capacity(batch.len());
    let (mut pending, mut origins) = (Vec::new(), HashSet::new());
    let (mut changed, mut clients) = (ChangeCounts::new(), HashSet::new());
    for request in batch {
        let (sequence, historic) = (request.sequence, request.historic);
        match request.record {
            None => results.push(refused(sequence, &[])),
            Some(Record::Client(record)) => match client::parse(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(client) => {
                    let (id, outcome) = client::write(state, &mut tx, &client).await?;
                    clients.insert(id);
                    results.push(imported(sequence, &id, outcome));
                }
            },
            Some(Record::Report(record)) => match report::parse(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(report) => {
                    // One statement cannot change a row twice: flush before an origin is repeated.
                    let key = (report.origin.source.clone(), report.origin.external_id.clone());
                    if !origins.insert(key.clone()) {
                        flush(&mut tx, &mut pending, &mut results, &mut changed).await?;
                        origins.clear();
                        origins.insert(key);
                    }
                    pending.push(PendingReport { sequence, historic, report });
                }
            },
        }
    }
    flush(&mut tx, &mut pending, &mut results, &mut changed).await?;
    for ((client, historic), reports) in &changed {
        clients.insert(*client);
        if *reports == 0 {
            continue;
        }
        let about = About::new(client.uuid(), ctx.now.as_microsecond()).client(*client);
        tx.emit(about, &RecordsImported { reports: *reports, historic: *historic }).await?;
    }
    let accesses: Vec<Access> = clients.into_iter().map(|client| access(ctx, client)).collect();
    tx.add_intents(&accesses).await?;
    tx.commit().await?;
    state.audit.record(accesses).await?;
    results.sort_by_key(|result| result.sequence);
    Ok(results)
}

/// Upserts the pending reports in one statement and adds their results.
async fn flush(
    tx: &mut Tx,
    pending: &mut Vec<PendingReport>,
    results: &mut Vec<ImportRecordsResponse>,
    changed: &mut ChangeCounts,
) -> Result<(), Error> {
    let client_key =
        |item: &PendingReport| (item.report.origin.source.clone(), item.report.client_external_id.clone());
    let keys: HashSet<_> = pending.iter().map(client_key).collect();
    let clients = client::table::find_ids(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    let (mut known, mut rows) = (Vec::new(), Vec::new());
    for item in pending.iter() {
        if let Some(client) = clients.get(&client_key(item)) {
            known.push((item, *client));
            rows.push((*client, &item.report));
        } else {
            let field = "report.client_external_id";
            results.push(refused_for(item.sequence, field, ErrorReason::ClientUnknown));
        }
    }
    let upserted = report::table::upsert(tx, &rows).await?;
    for ((item, client), upserted) in known.into_iter().zip(upserted) {
        results.push(match upserted {
            Upserted::Accepted(id, outcome) => {
                let count = changed.entry((client, item.historic)).or_default();
                *count += i32::from(outcome != UpsertOutcome::Unchanged);
                imported(item.sequence, &id, outcome)
            }
            Upserted::ClientDiffers => {
                let field = "report.client_external_id";
                refused_for(item.sequence, field, ErrorReason::ClientDiffers)
            }
        });
    }
    pending.clear();
    Ok(())
}

/// The batch's access to one client. Each has a record of its own, beside the record of the opened stream.
fn access(ctx: &Ctx, client: ClientId) -> Access {
    Access {
        record: v7(ctx.now),
        ctx: ctx.clone(),
        client: Some(client),
        object: Object::default(),
        section: Section::Reports,
        method: "zorgportaal.dossier.v1.DossierService/ImportRecords".to_owned(),
        outcome: AccessOutcome::Answered,
        has_intent: true,
    }
}
