//! A report that a person writes in the portal (V36): a record of the source `portal`.

use chassis::{Ctx, fields::Fields, time};
use prost::Message;
use proto::{
    access::v1::Section,
    dossier::v1::{
        Content, ErrorReason, RecordAdded, Report, ReportKind, WriteReportRequest, WriteReportResponse,
        content::Kind,
    },
};
use store::{About, Mode};
use tonic::{Request, Response};

use super::{Incoming, PORTAL, RecordId, content, table};
use crate::{
    client::{self, Origin},
    error::Error,
    state::State,
};

/// The most reports that all people together may write into one client's dossier within 24 hours. Further reports are
/// refused, so that nobody floods the dossier.
const PER_DAY: i64 = 50;

/// WriteReport.
///
/// # Errors
/// When the text is missing or too long, too many reports were written, or the database cannot be reached.
pub async fn write(
    state: &State,
    request: Request<WriteReportRequest>,
) -> Result<Response<WriteReportResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let client = ctx.client()?;
    let report = Report {
        text: request.into_inner().text,
        author: ctx.person.name.clone(),
        author_role: ctx.person.relation.clone(),
        written_at: Some(time::to_proto(ctx.now)),
        kind: ReportKind::Own.into(),
    };
    let mut content = Content { kind: Some(Kind::Report(report)) };
    let mut fields = Fields::new("");
    let judged = content::judge(&mut content, &mut fields);
    let faults = fields.faults();
    let Some((section, facts)) = judged.filter(|_| faults.is_empty()) else {
        return Err(Error::Fields(faults));
    };
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    // Writers wait for each other, so that the count is true.
    if !client::table::lock(&mut tx, client).await? {
        return Err(ErrorReason::ClientUnknown.into());
    }
    if table::count_own(&mut tx, client).await? >= PER_DAY {
        return Err(ErrorReason::TooManyReports.into());
    }
    let id = RecordId::new(ctx.now);
    let origin = Origin { source: PORTAL.to_owned(), external_id: id.to_string(), version: 1 };
    let content = content.encode_to_vec();
    let record = Incoming { id, origin, client_external_id: String::new(), section, facts, content };
    table::upsert(&mut tx, &[(client, &record)]).await?;
    let record_id = id.to_string();
    let added = RecordAdded { record_id: record_id.clone(), section: Section::Reports.into() };
    tx.emit(About::new(id.uuid(), 1).client(client), &added).await?;
    ctx.concerns("record", id);
    tx.commit().await?;
    Ok(Response::new(WriteReportResponse { record_id }))
}
