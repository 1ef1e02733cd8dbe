//! Checks the audit trail: first each record against its chain and the event that tells of the record, then the
//! event log and the records that its events name.
//!
//! A chain reveals a record that was changed, or deleted before the chain's end; the events reveal a deleted end of
//! a chain and a deleted chain. The keys of chains and events are not in the database: whoever can write to the
//! database alone can neither add nor change a record or an event unseen.

mod cursor;
mod events;
mod found;
mod left;
mod records;

use chassis::Ctx;
use proto::event::v1::VerifyAuditResponse;

use crate::{Db, StoreError};

pub(super) use cursor::Cursor;

/// The most events that one call compares with the trail. Each event covers up to 200 records.
const MAX_EVENTS: i64 = 200;

/// Continues the check at `from`, with at most `page_size` records or events.
pub(super) async fn verify(
    db: &Db,
    ctx: &Ctx,
    from: Cursor,
    is_first: bool,
    page_size: i64,
) -> Result<VerifyAuditResponse, StoreError> {
    let mut found = VerifyAuditResponse::default();
    if is_first {
        left::list(db, ctx, &mut found).await?;
    }
    let next = match from {
        Cursor::Record(place) => {
            let next = records::check(db, ctx, place, page_size, &mut found).await?;
            Some(next.map_or(Cursor::Event { position: 0 }, Cursor::Record))
        }
        Cursor::Event { position } => events::check(db, ctx, position, page_size.min(MAX_EVENTS), &mut found)
            .await?
            .map(|position| Cursor::Event { position }),
    };
    found.next_page_token = next.as_ref().map(Cursor::encode).unwrap_or_default();
    Ok(found)
}
