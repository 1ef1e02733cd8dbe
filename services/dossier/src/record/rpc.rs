//! Listing records, and writing, getting and retracting one.

use std::collections::BTreeSet;

use chassis::{Ctx, fields::Fields, time};
use proto::{
    access::v1::Section,
    dossier::v1::{
        CodeName, Content, ErrorReason, GetRecordRequest, GetRecordResponse, Listing, RecordAdded,
        RecordChanged, RecordRetracted, RetractRecordRequest, RetractRecordResponse, Selection, SourceFeed,
        UpsertOutcome, UpsertRecordRequest, UpsertRecordResponse, Validity,
    },
};
use store::{
    About, Mode,
    page::{self, Keyset},
};
use tonic::{Request, Response};

use super::{
    Found, Outcome, RecordId,
    content::code_name,
    parse,
    period::Period,
    select::{self, Page},
    table, write,
};
use crate::{
    client::parse_origin,
    error::Error,
    kinds::{CODED, LASTING},
    state::State,
};

/// The number of records on a page: the default and the maximum.
const PAGE_SIZE: (i64, i64) = (20, 100);

/// One page of the records of a section of the chosen client. Sources, codes and count come with the first page.
pub async fn list(
    state: &State,
    ctx: &Ctx,
    section: Section,
    selection: Option<Selection>,
) -> Result<Option<Listing>, Error> {
    let selection = selection.unwrap_or_default();
    let is_over = match selection.validity() {
        Validity::Unspecified => None,
        Validity::Current => Some(false),
        Validity::Expired => Some(true),
    };
    let mut period = Period::of_days(&selection.from, &selection.until)?;
    if !LASTING.contains(&section) {
        // The policy holds the records to the history too; this condition ends the read at its beginning.
        period.from = period.from.max(ctx.since);
    }
    let mut page = Page {
        client: ctx.client()?,
        section,
        period,
        ends: select::ends(is_over, ctx.now),
        after: Keyset::decode(&selection.page_token)?,
        size: page::size(selection.page_size, PAGE_SIZE.0, PAGE_SIZE.1),
        code: selection.code,
    };
    let is_coded = CODED.contains(&section) && !selection.counted;
    let is_chosen = !page.code.is_empty();
    let codes = if is_coded && (page.after.is_none() || is_chosen) {
        select::codes(&state.db, ctx, &page).await?
    } else {
        Vec::new()
    };
    let named = |(code, content): &(String, Content)| CodeName {
        code: key_of(&page, code),
        name: code_name(content).to_owned(),
    };
    let mut listing = Listing { codes: codes.iter().map(named).collect(), ..Listing::default() };
    if is_chosen {
        let known = codes.iter().find(|(code, _)| key_of(&page, code) == page.code);
        // The last record with the code may be gone since.
        let Some((code, _)) = known else { return Ok(Some(listing)) };
        page.code.clone_from(code);
    }
    let mut records = select::list(&state.db, ctx, &page).await?;
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = records.len() > size;
    records.truncate(size);
    let next =
        records.last().filter(|_| more).map(|last| Keyset { at: last.at, id: last.id.uuid() }.encode());
    if section == Section::Timeline {
        let shown: BTreeSet<Section> = records.iter().map(|record| record.section).collect();
        let shown: Vec<&str> = shown.into_iter().map(chassis::section::name).collect();
        ctx.concerns("sections", shown.join(" "));
    }
    listing.entries = records.into_iter().map(Into::into).collect();
    listing.next_page_token = next.unwrap_or_default();
    if page.after.is_none() {
        let sources = state.freshness.sources(&state.db, ctx).await?.into_iter();
        let sources = sources.map(|(source, at)| SourceFeed { source, fed_at: Some(time::to_proto(at)) });
        listing.sources = sources.collect();
        if selection.counted {
            // A complete list is its own count.
            let standing = listing.entries.iter().filter(|entry| entry.content.is_some()).count();
            let is_whole = !more && page.ends == select::ends(None, ctx.now);
            let count = if is_whole {
                i64::try_from(standing).unwrap_or(i64::MAX)
            } else {
                select::count(&state.db, ctx, &page).await?
            };
            listing.count = i32::try_from(count).unwrap_or(i32::MAX);
        }
    }
    Ok(Some(listing))
}

/// The name of a code outside of dossier: addresses hold this name, which says nothing about the client's care.
fn key_of(page: &Page, code: &str) -> String {
    let section = i32::from(page.section).to_be_bytes();
    let hash = chassis::secret::sha256(&[page.client.uuid().as_bytes(), &section, code.as_bytes()]);
    hash.first_chunk().map_or_else(String::new, |first| format!("{:016x}", u64::from_be_bytes(*first)))
}

/// One record, of the sections that the Ctx may touch.
///
/// # Errors
/// When there is no such record there, or the database cannot be reached.
pub async fn find(state: &State, ctx: &Ctx, id: &str) -> Result<Found, Error> {
    let id: RecordId = id.parse().map_err(|_| ErrorReason::RecordUnknown)?;
    ctx.concerns("record", id);
    Ok(select::find(&state.db, ctx, id).await?.ok_or(ErrorReason::RecordUnknown)?)
}

/// GetRecord.
pub async fn get(
    state: &State,
    request: Request<GetRecordRequest>,
) -> Result<Response<GetRecordResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let found = find(state, &ctx, &request.get_ref().record_id).await?;
    ctx.concerns_client(found.client);
    Ok(Response::new(found.into()))
}

/// UpsertRecord: a batch of one.
pub async fn upsert(
    state: &State,
    request: Request<UpsertRecordRequest>,
) -> Result<Response<UpsertRecordResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let record = request.into_inner().record.unwrap_or_default();
    let record = parse(record, ctx.now).map_err(Error::Fields)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let (id, client, outcome) = match write(&mut tx, &[&record]).await?[..] {
        [Outcome::Accepted(id, client, outcome)] => (id, client, outcome),
        [Outcome::Refused(reason)] => return Err(Error::field("record.client_external_id", reason)),
        _ => return Err(ErrorReason::RecordUnknown.into()),
    };
    ctx.concerns("record", id);
    ctx.concerns_client(client);
    let about = About::new(id.uuid(), record.origin.version).client(client);
    let (record_id, section) = (id.to_string(), record.section.into());
    match outcome {
        UpsertOutcome::Created => {
            tx.emit(about, &RecordAdded { record_id: record_id.clone(), section }).await?;
        }
        UpsertOutcome::Updated => {
            tx.emit(about, &RecordChanged { record_id: record_id.clone(), section }).await?;
        }
        UpsertOutcome::Unchanged | UpsertOutcome::Unspecified => {}
    }
    tx.commit().await?;
    Ok(Response::new(UpsertRecordResponse { record_id, outcome: outcome.into() }))
}

/// RetractRecord.
pub async fn retract(
    state: &State,
    request: Request<RetractRecordRequest>,
) -> Result<Response<RetractRecordResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let section = request.section();
    let mut fields = Fields::new("");
    if section == Section::Unspecified {
        fields.fault("section", ErrorReason::FieldMissing);
    }
    let origin = parse_origin(&mut fields, request.origin);
    let faults = fields.faults();
    let Some(origin) = origin.filter(|_| faults.is_empty()) else { return Err(Error::Fields(faults)) };
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let retracted = table::retract(&mut tx, section, &origin).await?.ok_or(ErrorReason::RecordUnknown)?;
    ctx.concerns("record", retracted.id);
    ctx.concerns_client(retracted.client);
    let record_id = retracted.id.to_string();
    let mut outcome = UpsertOutcome::Unchanged;
    if retracted.is_changed {
        let about = About::new(retracted.id.uuid(), origin.version).client(retracted.client);
        tx.emit(about, &RecordRetracted { record_id: record_id.clone(), section: section.into() }).await?;
        outcome = UpsertOutcome::Updated;
    }
    tx.commit().await?;
    Ok(Response::new(RetractRecordResponse { record_id, outcome: outcome.into() }))
}
