//! Finds the login of a request's token, and names the account in the call's audit record.

use chassis::{Ctx, id::AccountId, secret::ScopedToken};
use proto::{event::v1::ActorKind, identity::v1::ErrorReason};
use store::Tx;
use tonic::Request;

use super::{Login, State as LoginState, table};
use crate::error::Error;

/// A login as a request names it: by its token.
pub struct Attempt {
    /// The login token.
    pub token: ScopedToken,
    /// The context: the token's organisation, at the time of the request.
    pub ctx: Ctx,
}

impl Attempt {
    /// Parses a login token. A malformed token counts as an ended login.
    pub fn parse<T>(request: &Request<T>, token: &str) -> Result<Self, Error> {
        let token = ScopedToken::parse(token).ok_or(ErrorReason::LoginEnded)?;
        let ctx = Ctx::from_request(request)?.within("identity", token.organisation());
        Ok(Self { token, ctx })
    }

    /// The login, unless it has ended.
    pub async fn find(&self, tx: &mut Tx) -> Result<Login, Error> {
        let login = table::find(tx, &self.token).await?.ok_or(ErrorReason::LoginEnded)?;
        acted_by(&self.ctx, Some(login.account));
        Ok(login)
    }

    /// The login, if it is in state `expected`.
    pub async fn find_in_state(&self, tx: &mut Tx, expected: LoginState) -> Result<Login, Error> {
        let login = self.find(tx).await?;
        if login.state == expected { Ok(login) } else { Err(ErrorReason::LoginEnded.into()) }
    }
}

/// The audit record of the call names this account as its actor (ASVS 16.3.1), and as what the call is about. A step
/// for an unknown user name names no account, and costs the same time.
pub fn acted_by(ctx: &Ctx, account: Option<AccountId>) {
    let id = account.map(|account| account.to_string()).unwrap_or_default();
    if account.is_some() {
        ctx.concerns("account", &id);
    }
    ctx.acted_by(ActorKind::Account, id, ctx.person.clone());
}
