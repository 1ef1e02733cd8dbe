//! The account of the person whose session it is.

use proto::identity::v1::{GetAccountRequest, GetAccountResponse};

use crate::{app::App, problem::Problem, session::Session};

/// The account of the session, from identity.
pub async fn own_account(app: &App, session: &Session) -> Result<GetAccountResponse, Problem> {
    Ok(app.services.identity_for(session).get_account(GetAccountRequest {}).await?.into_inner())
}
