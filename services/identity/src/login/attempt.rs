//! An attempt to log in, as a request names it, and its lines in the audit trail.

use chassis::{Ctx, id::AccountId, secret::ScopedToken};
use proto::{
    access::v1::Section,
    event::v1::{AccessOutcome, Actor, ActorKind},
    identity::v1::ErrorReason,
};
use store::{Tx, audit::Access};

use super::{Login, State as LoginState, table};
use crate::{error::Error, state::State};

/// An attempt, as a request names it.
pub struct Attempt {
    /// Its token.
    pub token: ScopedToken,
    /// Its organisation, now.
    pub ctx: Ctx,
}

impl Attempt {
    /// Reads the token.
    pub fn of(state: &State, token: &str) -> Result<Self, Error> {
        let token = ScopedToken::parse(token).ok_or(ErrorReason::LoginEnded)?;
        let ctx = Ctx::of_service("identity", token.organisation(), state.clock.now());
        Ok(Self { token, ctx })
    }

    /// The attempt, where it is not over.
    pub async fn find(&self, tx: &mut Tx) -> Result<Login, Error> {
        Ok(table::find(tx, &self.token).await?.ok_or(ErrorReason::LoginEnded)?)
    }

    /// The attempt, where it stands in this state.
    pub async fn find_at(&self, tx: &mut Tx, at: LoginState) -> Result<Login, Error> {
        let login = self.find(tx).await?;
        if login.state == at { Ok(login) } else { Err(ErrorReason::LoginEnded.into()) }
    }
}

/// Records a step of a login in the audit trail (ASVS 16.3.1). A step for a user name that does not exist is recorded
/// too, so that both cost the same.
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
