//! Creates credentials of systems, and exchanges them for tokens.

use chassis::{
    Ctx,
    access::scopes,
    fields::Fields,
    id::SystemId,
    person::Person,
    secret::{ScopedToken, constant_time_eq, sha256},
    time,
    token::{Caller, LIFE},
};
use proto::{
    event::v1::ActorKind,
    identity::v1::{
        CreateSystemAccountRequest, CreateSystemAccountResponse, ErrorReason, IssueSystemTokenRequest,
        IssueSystemTokenResponse,
    },
};
use secrecy::ExposeSecret;
use store::Mode;
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
    let id = table::upsert(&mut tx, &request.name, &secret, &request.scopes).await?;
    ctx.concerns("system_account", id);
    tx.commit().await?;
    let (system_id, secret) = (id.to_string(), secret.expose().to_owned());
    Ok(Response::new(CreateSystemAccountResponse { system_id, secret }))
}

/// IssueSystemToken. An unknown system and a wrong secret get the same answer.
pub async fn issue_token(
    state: &State,
    request: Request<IssueSystemTokenRequest>,
) -> Result<Response<IssueSystemTokenResponse>, Error> {
    let anonymous = Ctx::from_request(&request)?;
    let request = request.get_ref();
    let caller = if request.system_id == OPERATOR {
        operator_caller(state, &request.secret)
    } else {
        system_caller(state, &anonymous, request).await?
    };
    let now = state.clock.now();
    let token = state.signer.sign(&caller.ok_or(ErrorReason::CredentialRefused)?, now)?;
    Ok(Response::new(IssueSystemTokenResponse { token, expires_at: Some(time::to_proto(now + LIFE)) }))
}

fn operator_caller(state: &State, secret: &str) -> Option<Caller> {
    let known = state.operator_secret.as_ref()?.expose_secret();
    constant_time_eq(&sha256(&[secret.as_bytes()]), &sha256(&[known.as_bytes()])).then_some(Caller::Operator)
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
    let Some(known) = known.filter(|known| constant_time_eq(&known.secret_hash, &secret.hash())) else {
        ctx.deny();
        return Ok(None);
    };
    ctx.acted_by(ActorKind::System, id, Person { name: known.name.clone(), ..Person::default() });
    let caller =
        Caller::System { organisation: ctx.organisation, system: id, name: known.name, scopes: known.scopes };
    Ok(Some(caller))
}
