//! The one way in which records are written: by a single call and by an import.

use std::collections::{HashMap, HashSet};

use chassis::id::ClientId;
use proto::dossier::v1::{ErrorReason, UpsertOutcome};
use store::Tx;

use super::{
    Incoming, RecordId,
    table::{self, Upserted},
};
use crate::{client, error::Error};

/// What became of one record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The table holds the record of this client, changed or not.
    Accepted(RecordId, ClientId, UpsertOutcome),
    /// The record was refused, because of its client.
    Refused(ErrorReason),
}

/// Writes records, in one statement; gives what became of each, in their order. Each origin may occur only once within
/// its section.
///
/// # Errors
/// When the database cannot be reached.
pub async fn write(tx: &mut Tx, records: &[&Incoming]) -> Result<Vec<Outcome>, Error> {
    let key = |record: &Incoming| (record.origin.source.clone(), record.client_external_id.clone());
    let keys: HashSet<_> = records.iter().map(|record| key(record)).collect();
    let clients = client::table::find_ids(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    let known = records.iter().filter_map(|record| Some((*clients.get(&key(record))?, *record)));
    let known: Vec<_> = known.collect();
    table::mark_sources(tx, &known).await?;
    let upserted = table::upsert(tx, &known).await?;
    let upserted: HashMap<RecordId, Upserted> =
        known.iter().map(|(_, record)| record.id).zip(upserted).collect();
    let outcome = |record: &&Incoming| match (clients.get(&key(record)), upserted.get(&record.id)) {
        (Some(client), Some(Upserted::Accepted(id, outcome))) => Outcome::Accepted(*id, *client, *outcome),
        (Some(_), _) => Outcome::Refused(ErrorReason::ClientDiffers),
        (None, _) => Outcome::Refused(ErrorReason::ClientUnknown),
    };
    Ok(records.iter().map(outcome).collect())
}
