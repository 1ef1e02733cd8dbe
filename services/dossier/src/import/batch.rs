//! Imports one batch: one transaction, with one audit record and one event per client.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chassis::{
    Ctx,
    call::Object,
    id::{ClientId, v7},
};
use proto::{
    access::v1::Section,
    dossier::v1::{
        ImportRecordsRequest, ImportRecordsResponse, RecordsImported, SectionCount, UpsertOutcome,
        import_records_request::Item,
    },
    event::v1::AccessOutcome,
};
use store::{About, Mode, Tx, audit::Access};

use super::{imported, refused, refused_for};
use crate::{
    client,
    error::Error,
    record::{self, Incoming, Outcome},
    state::State,
};

/// After so many records, other work has its turn.
const TURN: usize = 25;

/// What a batch changes, to tell of it at its end.
#[derive(Default)]
struct Changes {
    /// The number of records that were added or changed, by client, `historic` and section.
    records: BTreeMap<(ClientId, bool), BTreeMap<i32, i32>>,
    /// The clients that the batch touched, each with the sections of their records.
    touched: HashMap<ClientId, BTreeSet<i32>>,
}

/// A valid record that waits for the next `flush`.
struct Pending {
    sequence: i64,
    historic: bool,
    record: Incoming,
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
    let mut changes = Changes::default();
    for (number, request) in batch.into_iter().enumerate() {
        if number % TURN == TURN - 1 {
            // Readers have their turn: a batch takes milliseconds of the one thread.
            tokio::task::yield_now().await;
        }
        let (sequence, historic) = (request.sequence, request.historic);
        match request.item {
            None => results.push(refused(sequence, &[])),
            Some(Item::Client(record)) => match client::parse(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(client) => {
                    let (id, outcome) = client::write(state, &mut tx, &client).await?;
                    changes.touched.entry(id).or_default();
                    results.push(imported(sequence, &id, outcome));
                }
            },
            Some(Item::Record(record)) => match record::parse(record, ctx.now) {
                Err(faults) => results.push(refused(sequence, &faults)),
                Ok(record) => {
                    // One statement cannot change a row twice: flush before an origin is repeated.
                    let origin = &record.origin;
                    let key = (record.section, origin.source.clone(), origin.external_id.clone());
                    if !origins.insert(key.clone()) {
                        flush(&mut tx, &mut pending, &mut results, &mut changes).await?;
                        origins.clear();
                        origins.insert(key);
                    }
                    pending.push(Pending { sequence, historic, record });
                }
            },
        }
    }
    flush(&mut tx, &mut pending, &mut results, &mut changes).await?;
    for ((client, historic), counts) in &changes.records {
        // An event of its own: the client's id has versions of another scale.
        let about = About::new(v7(ctx.now), 1).client(*client);
        let counts =
            counts.iter().map(|(section, records)| SectionCount { section: *section, records: *records });
        tx.emit(about, &RecordsImported { counts: counts.collect(), historic: *historic }).await?;
    }
    let accesses: Vec<Access> =
        changes.touched.iter().flat_map(|(client, sections)| accesses(ctx, *client, sections)).collect();
    tx.add_intents(&accesses).await?;
    tx.commit().await?;
    state.audit.record(accesses).await?;
    results.sort_by_key(|result| result.sequence);
    Ok(results)
}

/// Writes the pending records in one statement and adds their results.
async fn flush(
    tx: &mut Tx,
    pending: &mut Vec<Pending>,
    results: &mut Vec<ImportRecordsResponse>,
    changes: &mut Changes,
) -> Result<(), Error> {
    let records: Vec<&Incoming> = pending.iter().map(|item| &item.record).collect();
    let outcomes = record::write(tx, &records).await?;
    for (item, outcome) in pending.iter().zip(outcomes) {
        results.push(match outcome {
            Outcome::Accepted(id, client, outcome) => {
                let section = i32::from(item.record.section);
                changes.touched.entry(client).or_default().insert(section);
                if outcome != UpsertOutcome::Unchanged {
                    let counts = changes.records.entry((client, item.historic)).or_default();
                    *counts.entry(section).or_default() += 1;
                }
                imported(item.sequence, &id, outcome)
            }
            Outcome::Refused(reason) => refused_for(item.sequence, "record.client_external_id", reason),
        });
    }
    pending.clear();
    Ok(())
}

/// The batch's accesses to one client, one for each section of its records. Each has a record of its own, beside the
/// record of the opened stream.
fn accesses(ctx: &Ctx, client: ClientId, sections: &BTreeSet<i32>) -> Vec<Access> {
    let sections = sections.iter().map(|section| Section::try_from(*section).unwrap_or_default());
    let mut sections: Vec<Section> = sections.collect();
    if sections.is_empty() {
        sections.push(Section::Unspecified);
    }
    let access = |section| Access {
        record: v7(ctx.now),
        ctx: ctx.clone(),
        client: Some(client),
        object: Object::default(),
        section,
        method: "zorgportaal.dossier.v1.DossierService/ImportRecords".to_owned(),
        outcome: AccessOutcome::Answered,
        has_intent: true,
    };
    sections.into_iter().map(access).collect()
}
