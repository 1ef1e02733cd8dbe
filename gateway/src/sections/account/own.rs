//! The account of the person who asks.

use proto::identity::v1::{GetAccountRequest, GetAccountResponse};

use crate::{app::App, problem::Problem, session::Session};

/// The account of the person who asks, as identity knows it.
pub async fn own(app: &App, session: &Session) -> Result<GetAccountResponse, Problem> {
    Ok(app.services.identity_for(session).get_account(GetAccountRequest {}).await?.into_inner())
}
