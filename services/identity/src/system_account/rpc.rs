//! Creates, replaces and ends credentials of systems, and exchanges them for tokens.

use chassis::{
    Ctx, Failure,
    access::scopes,
    fields::Fields,
    id::{OrganisationId, SystemId},
    person::Person,
    secret::{ScopedToken, constant_time_eq, sha256},
    time,
    token::{Caller, LIFE},
};
use jiff::SignedDuration;
use proto::{
    event::v1::ActorKind,
    identity::v1::{
        CreateSystemAccountRequest, CreateSystemAccountResponse, DisableSystemAccountRequest,
        DisableSystemAccountResponse, ErrorReason, IssueSystemTokenRequest, IssueSystemTokenResponse,
        ReplaceSystemSecretRequest, ReplaceSystemSecretResponse, SystemRevoked,
    },
};
use secrecy::ExposeSecret;
use store::{About, Mode, Tx, revocation};
use tonic::{Request, Response};

use super::table;
use crate::{error::Error, organisation, state::State};

/// The `system_id` with which the platform's operator asks for a token.
const OPERATOR: &str = "operator";

/// CreateSystemAccount.
pub async fn create(
    state: &State,
    request: Request<CreateSystemAccountRequest>,
) -> Result<Response<CreateSystemAccountResponse>, Error> {
    let caller = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let mut fields = Fields::new("");
    let organisation = fields.parsed("organisation_id", &request.organisation_id, |id| id.parse().ok());
    fields.text("name", &request.name, 100);
    if request.scopes.is_empty() {
        fields.fault("scopes", ErrorReason::FieldMissing);
    }
    if request.scopes.iter().any(|scope| !scopes().contains(scope)) {
        fields.fault("scopes", ErrorReason::FieldMalformed);
    }
    let faults = fields.faults();
    let Some(organisation) = organisation.filter(|_| faults.is_empty()) else {
        return Err(Error::Fields(faults));
    };
    let ctx = caller.within("identity", organisation);
    let secret = ScopedToken::generate(organisation);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    organisation::settings(&mut tx).await?;
    let stored = table::upsert(&mut tx, &request.name, &secret, &request.scopes).await?;
    ctx.concerns("system_account", stored.id);
    if stored.was_known {
        revoke(&mut tx, stored.id).await?;
    }
    tx.commit().await?;
    let (system_id, secret) = (stored.id.to_string(), secret.expose().to_owned());
    Ok(Response::new(CreateSystemAccountResponse { system_id, secret }))
}

/// How long an old secret may work beside the new one.
const MAX_OVERLAP: SignedDuration = SignedDuration::from_hours(24 * 90);

/// ReplaceSystemSecret.
pub async fn replace_secret(
    state: &State,
    request: Request<ReplaceSystemSecretRequest>,
) -> Result<Response<ReplaceSystemSecretResponse>, Error> {
    let caller = Ctx::from_request(&request)?;
    let request = request.get_ref();
    let (ctx, system) = named_system(&caller, &request.organisation_id, &request.system_id)?;
    let old_ends_at = match &request.old_secret_ends_at {
        None => ctx.now,
        Some(at) => time::from_proto(Some(at))
            .filter(|at| *at <= ctx.now + MAX_OVERLAP)
            .ok_or_else(|| Error::field("old_secret_ends_at", ErrorReason::FieldMalformed))?,
    };
    let secret = ScopedToken::generate(ctx.organisation);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    if !table::replace_secret(&mut tx, system, &secret, old_ends_at).await? {
        return Err(Failure::not_found().into());
    }
    if old_ends_at <= ctx.now {
        revoke(&mut tx, system).await?;
    }
    tx.commit().await?;
    Ok(Response::new(ReplaceSystemSecretResponse { secret: secret.expose().to_owned() }))
}

/// DisableSystemAccount.
pub async fn disable(
    state: &State,
    request: Request<DisableSystemAccountRequest>,
) -> Result<Response<DisableSystemAccountResponse>, Error> {
    let caller = Ctx::from_request(&request)?;
    let request = request.get_ref();
    let (ctx, system) = named_system(&caller, &request.organisation_id, &request.system_id)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    if !table::disable(&mut tx, system).await? {
        return Err(Failure::not_found().into());
    }
    revoke(&mut tx, system).await?;
    tx.commit().await?;
    Ok(Response::new(DisableSystemAccountResponse {}))
}

/// The system that an operator names, and the Ctx within its organisation.
fn named_system(caller: &Ctx, organisation: &str, system: &str) -> Result<(Ctx, SystemId), Error> {
    let mut fields = Fields::new("");
    let organisation = fields.parsed::<OrganisationId>("organisation_id", organisation, |id| id.parse().ok());
    let system = fields.parsed::<SystemId>("system_id", system, |id| id.parse().ok());
    let (Some(organisation), Some(system)) = (organisation, system) else {
        return Err(Error::Fields(fields.faults()));
    };
    let ctx = caller.within("identity", organisation);
    ctx.concerns("system_account", system);
    Ok((ctx, system))
}

/// Ends the streams of a system: here at once, in other services when they get the event.
async fn revoke(tx: &mut Tx, system: SystemId) -> Result<(), Error> {
    revocation::revoke(tx, system).await?;
    Ok(tx.emit(About::new(system.uuid(), tx.ctx().now.as_microsecond()), &SystemRevoked {}).await?)
}

/// IssueSystemToken. An unknown system and a wrong secret get the same answer.
pub async fn issue_token(
    state: &State,
    request: Request<IssueSystemTokenRequest>,
) -> Result<Response<IssueSystemTokenResponse>, Error> {
    let anonymous = Ctx::from_request(&request)?;
    let request = request.get_ref();
    let caller = if request.system_id == OPERATOR {
        operator_caller(state, &request.secret)?
    } else {
        system_caller(state, &anonymous, request).await?
    };
    let now = state.clock.now();
    let token = state.signer.sign(&caller.ok_or(ErrorReason::CredentialRefused)?, now)?;
    Ok(Response::new(IssueSystemTokenResponse { token, expires_at: Some(time::to_proto(now + LIFE)) }))
}

fn operator_caller(state: &State, secret: &str) -> Result<Option<Caller>, Error> {
    let known = state.operator_secret.read().map_err(|error| Failure::unavailable(&error))?;
    let is_right = known.is_some_and(|known| {
        let known = known.expose_secret().as_bytes();
        !known.is_empty() && constant_time_eq(&sha256(&[secret.as_bytes()]), &sha256(&[known]))
    });
    Ok(is_right.then_some(Caller::Operator))
}

async fn system_caller(
    state: &State,
    anonymous: &Ctx,
    request: &IssueSystemTokenRequest,
) -> Result<Option<Caller>, Error> {
    let (Some(secret), Ok(id)) = (ScopedToken::parse(&request.secret), request.system_id.parse::<SystemId>())
    else {
        return Ok(None);
    };
    let ctx = anonymous.within("identity", secret.organisation());
    ctx.concerns("system_account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let known = table::find(&mut tx, id).await?;
    let Some(known) = known.filter(|known| known.accepts(&secret)) else {
        ctx.deny();
        return Ok(None);
    };
    ctx.acted_by(ActorKind::System, id, Person { name: known.name.clone(), ..Person::default() });
    let caller =
        Caller::System { organisation: ctx.organisation, system: id, name: known.name, scopes: known.scopes };
    Ok(Some(caller))
}
