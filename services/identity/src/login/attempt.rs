//! Finds the login of a request's token, and records login steps in the audit trail.

use chassis::{Ctx, id::AccountId, secret::ScopedToken};
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, Actor, ActorKind},
    identity::v1::ErrorReason,
};
use store::{Tx, audit::Access};

use super::{Login, State as LoginState, table};
use crate::{error::Error, state::State};

/// A login as a request names it: by its token.
pub struct Attempt {
    /// The login token.
    pub token: ScopedToken,
    /// The context: the token's organisation, at the time of the request.
    pub ctx: Ctx,
}

impl Attempt {
    /// Parses a login token. A malformed token counts as an ended login.
    pub fn parse(state: &State, token: &str) -> Result<Self, Error> {
        let token = ScopedToken::parse(token).ok_or(ErrorReason::LoginEnded)?;
        let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
        Ok(Self { token, ctx })
    }

    /// The login, unless it has ended.
    pub async fn find(&self, tx: &mut Tx) -> Result<Login, Error> {
        Ok(table::find(tx, &self.token).await?.ok_or(ErrorReason::LoginEnded)?)
    }

    /// The login, if it is in state `expected`.
    pub async fn find_in_state(&self, tx: &mut Tx, expected: LoginState) -> Result<Login, Error> {
        let login = self.find(tx).await?;
        if login.state == expected { Ok(login) } else { Err(ErrorReason::LoginEnded.into()) }
    }
}

/// Records a step of a login in the audit trail (ASVS 16.3.1). A step for an unknown user name is recorded
/// too, so that known and unknown names cost the same time.
pub async fn record_step(
    state: &State,
    ctx: &Ctx,
    account: Option<AccountId>,
    step: &str,
    outcome: AccessOutcome,
) -> Result<(), Error> {
    let id = account.map(|account| account.to_string()).unwrap_or_default();
    let ctx = Ctx { actor: Actor { kind: ActorKind::Account.into(), id }, ..ctx.clone() };
    let method = format!("zorgportaal.identity.v1.IdentityService/{step}");
    let access = Access { ctx, client: None, section: Section::Unspecified, method, outcome };
    Ok(state.audit.record(vec![access]).await?)
}
