//! Listing, getting and upserting reports.

use chassis::Ctx;
use proto::dossier::v1::{
    ErrorReason, GetReportRequest, GetReportResponse, ListReportsRequest, ListReportsResponse, ReportAdded,
    ReportChanged, UpsertOutcome, UpsertReportRequest, UpsertReportResponse,
};
use store::{
    About, Mode,
    page::{self, Keyset},
};
use tonic::{Request, Response};

use super::{
    Period, ReportId, parse,
    table::{self, Upserted},
};
use crate::{client, error::Error, state::State};

/// The number of reports on a page: the default and the maximum.
const PAGE_SIZE: (i64, i64) = (20, 100);

/// ListReports.
pub async fn list(
    state: &State,
    request: &Request<ListReportsRequest>,
) -> Result<ListReportsResponse, Error> {
    let ctx = Ctx::from_request(request)?;
    let client = ctx.client()?;
    let request = request.get_ref();
    let period = Period::of_days(&request.from, &request.until)?;
    let after = Keyset::decode(&request.page_token)?;
    let size = page::size(request.page_size, PAGE_SIZE.0, PAGE_SIZE.1);
    let mut reports = table::list(&state.db, &ctx, client, period, after, size).await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = reports.len() > size;
    reports.truncate(size);
    let next = reports.last().filter(|_| more);
    let next = next.map(|last| Keyset { at: last.content.written_at, id: last.id.uuid() }.encode());
    Ok(ListReportsResponse {
        reports: reports.into_iter().map(Into::into).collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

/// GetReport.
pub async fn get(
    state: &State,
    request: &Request<GetReportRequest>,
) -> Result<Response<GetReportResponse>, Error> {
    let ctx = Ctx::from_request(request)?;
    let id: ReportId = request.get_ref().report_id.parse().map_err(|_| ErrorReason::ReportUnknown)?;
    ctx.concerns("report", id);
    let report = table::find(&state.db, &ctx, id).await?.ok_or(ErrorReason::ReportUnknown)?;
    ctx.concerns_client(report.client);
    Ok(Response::new(GetReportResponse { report: Some(report.into()) }))
}

/// UpsertReport.
pub async fn upsert(
    state: &State,
    request: Request<UpsertReportRequest>,
) -> Result<Response<UpsertReportResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let record = request.into_inner().report.unwrap_or_default();
    let report = parse(record, ctx.now).map_err(Error::Fields)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let key = (report.origin.source.clone(), report.client_external_id.clone());
    let clients = client::table::find_ids(&mut tx, std::slice::from_ref(&key)).await?;
    let client = *clients.get(&key).ok_or_else(|| unknown_client("report.client_external_id"))?;
    let [upserted] = table::upsert(&mut tx, &[(client, &report)]).await?[..] else {
        return Err(ErrorReason::ReportUnknown.into());
    };
    let Upserted::Accepted(id, outcome) = upserted else {
        return Err(Error::field("report.client_external_id", ErrorReason::ClientDiffers));
    };
    ctx.concerns("report", id);
    ctx.concerns_client(client);
    let about = About::new(id.uuid(), report.origin.version).client(client);
    match outcome {
        UpsertOutcome::Created => tx.emit(about, &ReportAdded { report_id: id.to_string() }).await?,
        UpsertOutcome::Updated => tx.emit(about, &ReportChanged { report_id: id.to_string() }).await?,
        UpsertOutcome::Unchanged | UpsertOutcome::Unspecified => {}
    }
    tx.commit().await?;
    Ok(Response::new(UpsertReportResponse { report_id: id.to_string(), outcome: outcome.into() }))
}

fn unknown_client(field: &str) -> Error {
    Error::field(field, ErrorReason::ClientUnknown)
}
