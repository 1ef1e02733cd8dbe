//! Listing records, and writing, getting and retracting one.

use chassis::{Ctx, fields::Fields, time};
use proto::{
    access::v1::Section,
    dossier::v1::{
        CodeName, ErrorReason, GetRecordRequest, GetRecordResponse, Listing, RecordAdded, RecordChanged,
        RecordRetracted, RetractRecordRequest, RetractRecordResponse, Selection, SourceFeed, UpsertOutcome,
        UpsertRecordRequest, UpsertRecordResponse, Validity,
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
use crate::{client::parse_origin, error::Error, kinds::CODED, state::State};

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
    let page = Page {
        client: ctx.client()?,
        section,
        period: Period::of_days(&selection.from, &selection.until)?,
        ends: select::ends(is_over, ctx.now),
        after: Keyset::decode(&selection.page_token)?,
        size: page::size(selection.page_size, PAGE_SIZE.0, PAGE_SIZE.1),
        code: selection.code,
    };
    if page.code.contains('\0') {
        return Err(Error::field("code", ErrorReason::FieldMalformed));
    }
    let mut records = select::list(&state.db, ctx, &page).await?;
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let more = records.len() > size;
    records.truncate(size);
    let next =
        records.last().filter(|_| more).map(|last| Keyset { at: last.at, id: last.id.uuid() }.encode());
    let listing = Listing {
        entries: records.into_iter().map(Into::into).collect(),
        next_page_token: next.unwrap_or_default(),
        ..Listing::default()
    };
    if page.after.is_some() {
        return Ok(Some(listing));
    }
    let count = if selection.counted { select::count(&state.db, ctx, &page).await? } else { 0 };
    let codes = if CODED.contains(&section) && !selection.counted {
        select::codes(&state.db, ctx, &page).await?
    } else {
        Vec::new()
    };
    let names =
        codes.into_iter().map(|(code, content)| CodeName { name: code_name(&content).to_owned(), code });
    let sources = state.freshness.sources(&state.db, ctx).await?.into_iter();
    let sources = sources.map(|(source, at)| SourceFeed { source, fed_at: Some(time::to_proto(at)) });
    Ok(Some(Listing {
        sources: sources.collect(),
        codes: names.collect(),
        count: i32::try_from(count).unwrap_or(i32::MAX),
        ..listing
    }))
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
