//! People list and forget their own devices.

use chassis::{Ctx, time};
use proto::identity::v1::{
    Device, ForgetDeviceRequest, ForgetDeviceResponse, ListDevicesRequest, ListDevicesResponse,
};
use store::Mode;
use tonic::{Request, Response};
use uuid::Uuid;

use super::table;
use crate::{account::own_id, error::Error, state::State};

/// ListDevices.
pub async fn list(
    state: &State,
    request: Request<ListDevicesRequest>,
) -> Result<Response<ListDevicesResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let devices = table::list(&mut tx, own_id(&ctx)?).await?;
    let devices = devices.into_iter().map(|device| Device {
        device_id: device.id.to_string(),
        name: device.name,
        added_at: Some(time::to_proto(device.added_at)),
        expires_at: Some(time::to_proto(device.expires_at)),
    });
    Ok(Response::new(ListDevicesResponse { devices: devices.collect() }))
}

/// ForgetDevice. A device that is already forgotten, or is another person's, is no error: nothing changes.
pub async fn forget(
    state: &State,
    request: Request<ForgetDeviceRequest>,
) -> Result<Response<ForgetDeviceResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    if let Ok(id) = request.get_ref().device_id.parse::<Uuid>() {
        ctx.concerns("device", id);
        let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
        table::delete(&mut tx, own_id(&ctx)?, Some(id)).await?;
        tx.commit().await?;
    }
    Ok(Response::new(ForgetDeviceResponse {}))
}
