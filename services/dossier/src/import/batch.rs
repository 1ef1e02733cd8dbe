//! One batch of an import: one transaction, one audit record and one event per client.

use std::collections::{BTreeMap, HashSet};

use chassis::{Ctx, id::ClientId};
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

/// How many reports were changed, by client and by whether they are old news; 0 where all were known.
type Changed = BTreeMap<(ClientId, bool), i32>;

/// A report that waits to be written with others.
struct Waiting {
    sequence: i64,
    historic: bool,
    report: Incoming,
}

/// Imports a batch: all that can be taken stands together, or nothing does.
///
/// # Errors
/// When the database or the audit trail is away: then nothing of the batch may be relied on.
pub async fn run(
    state: &State,
    ctx: &Ctx,
    batch: Vec<ImportRecordsRequest>,
) -> Result<Vec<ImportRecordsResponse>, Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let mut results = Vec::with_capacity(batch.len());
    let (mut waiting, mut origins) = (Vec::new(), HashSet::new());
    let (mut changed, mut touched) = (Changed::new(), HashSet::new());
    for request in batch {
        let (sequence, historic) = (request.sequence, request.historic);
        match request.record {
            None => results.push(refused(sequence, &[])),
            Some(Record::Client(record)) => match client::read(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(client) => {
                    let (id, outcome) = client::write(state, &mut tx, &client).await?;
                    touched.insert(id);
                    results.push(imported(sequence, &id, outcome));
                }
            },
            Some(Record::Report(record)) => match report::read(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(report) => {
                    // One statement cannot change a row twice: a repeated origin begins another.
                    let key = (report.origin.source.clone(), report.origin.external_id.clone());
                    if !origins.insert(key.clone()) {
                        flush(&mut tx, &mut waiting, &mut results, &mut changed).await?;
                        origins.clear();
                        origins.insert(key);
                    }
                    waiting.push(Waiting { sequence, historic, report });
                }
            },
        }
    }
    flush(&mut tx, &mut waiting, &mut results, &mut changed).await?;
    for ((client, historic), reports) in &changed {
        touched.insert(*client);
        if *reports == 0 {
            continue;
        }
        let about = About::new(client.uuid(), ctx.now.as_microsecond()).client(*client);
        tx.emit(about, &RecordsImported { reports: *reports, historic: *historic }).await?;
    }
    tx.commit().await?;
    state.audit.record(touched.into_iter().map(|client| access(ctx, client)).collect()).await?;
    results.sort_by_key(|result| result.sequence);
    Ok(results)
}

/// Writes the reports that wait, in one statement.
async fn flush(
    tx: &mut Tx,
    waiting: &mut Vec<Waiting>,
    results: &mut Vec<ImportRecordsResponse>,
    changed: &mut Changed,
) -> Result<(), Error> {
    let origin =
        |waiting: &Waiting| (waiting.report.origin.source.clone(), waiting.report.client_external_id.clone());
    let wanted: HashSet<_> = waiting.iter().map(origin).collect();
    let clients = client::table::find_ids(tx, &wanted.into_iter().collect::<Vec<_>>()).await?;
    let (mut known, mut rows) = (Vec::new(), Vec::new());
    for one in waiting.iter() {
        if let Some(client) = clients.get(&origin(one)) {
            known.push((one, *client));
            rows.push((*client, &one.report));
        } else {
            let field = "report.client_external_id";
            results.push(refused_for(one.sequence, field, ErrorReason::ClientUnknown));
        }
    }
    let upserted = report::table::upsert(tx, &rows).await?;
    for ((one, client), upserted) in known.into_iter().zip(upserted) {
        results.push(match upserted {
            Upserted::Stands(id, outcome) => {
                let count = changed.entry((client, one.historic)).or_default();
                *count += i32::from(outcome != UpsertOutcome::Unchanged);
                imported(one.sequence, &id, outcome)
            }
            Upserted::ClientDiffers => {
                let field = "report.client_external_id";
                refused_for(one.sequence, field, ErrorReason::ClientDiffers)
            }
        });
    }
    waiting.clear();
    Ok(())
}

fn access(ctx: &Ctx, client: ClientId) -> Access {
    Access {
        ctx: ctx.clone(),
        client: Some(client),
        section: Section::Reports,
        method: "zorgportaal.dossier.v1.DossierService/ImportRecords".to_owned(),
        outcome: AccessOutcome::Answered,
    }
}
