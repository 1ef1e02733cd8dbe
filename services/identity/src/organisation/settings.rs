//! Reads an organisation's settings, for the rules that depend on them.

use proto::identity::v1::{ErrorReason, OrganisationSettings};
use store::{Tx, organisation};

use crate::error::Error;

/// The settings of the transaction's organisation.
///
/// # Errors
/// [`ErrorReason::OrganisationUnknown`] if there is no such organisation.
pub async fn settings(tx: &mut Tx) -> Result<OrganisationSettings, Error> {
    Ok(organisation::find(tx).await?.ok_or(ErrorReason::OrganisationUnknown)?.settings)
}
