//! Ends and resumes the care of a client.

use chassis::{Ctx, fields::Fields, id::ClientId, time};
use jiff::Timestamp;
use proto::dossier::v1::{
    CareEnded, CareResumed, EndCareRequest, EndCareResponse, ErrorReason, ResumeCareRequest,
    ResumeCareResponse,
};
use store::{About, Mode};
use tonic::{Request, Response};

use super::table;
use crate::{error::Error, state::State};

/// EndCare.
pub async fn end(
    state: &State,
    request: Request<EndCareRequest>,
) -> Result<Response<EndCareResponse>, Error> {
    let mut fields = Fields::new("");
    let ended_at = fields.instant("ended_at", request.get_ref().ended_at.as_ref());
    let ended_at = ended_at.ok_or_else(|| Error::Fields(fields.faults()))?;
    set_care_end(state, &Ctx::from_request(&request)?, &request.get_ref().client_id, Some(ended_at)).await?;
    Ok(Response::new(EndCareResponse {}))
}

/// ResumeCare.
pub async fn resume(
    state: &State,
    request: Request<ResumeCareRequest>,
) -> Result<Response<ResumeCareResponse>, Error> {
    set_care_end(state, &Ctx::from_request(&request)?, &request.get_ref().client_id, None).await?;
    Ok(Response::new(ResumeCareResponse {}))
}

async fn set_care_end(
    state: &State,
    ctx: &Ctx,
    client: &str,
    ended_at: Option<Timestamp>,
) -> Result<(), Error> {
    let client: ClientId = client.parse().map_err(|_| ErrorReason::ClientUnknown)?;
    ctx.concerns_client(client);
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    table::find(&mut tx, client).await?.ok_or(ErrorReason::ClientUnknown)?;
    // `None`: the same value was stored already, so there is nothing to emit.
    if let Some(version) = table::set_care(&mut tx, client, ended_at).await? {
        let about = About::new(client.uuid(), version).client(client);
        match ended_at {
            Some(at) => tx.emit(about, &CareEnded { ended_at: Some(time::to_proto(at)) }).await?,
            None => tx.emit(about, &CareResumed {}).await?,
        }
        tx.commit().await?;
    }
    Ok(())
}
