//! The settings of the Ctx's organisation, for rules that depend on them.

use proto::identity::v1::{ErrorReason, OrganisationSettings};
use store::{Tx, organisation};

use crate::error::Error;

/// The settings of the Ctx's organisation, for rules that depend on them.
///
/// # Errors
/// [`ErrorReason::OrganisationUnknown`] where there is none.
pub async fn settings(tx: &mut Tx) -> Result<OrganisationSettings, Error> {
    Ok(organisation::find(tx).await?.ok_or(ErrorReason::OrganisationUnknown)?.settings)
}
