//! Lists, changes and ends the access that accounts have to a client.

use chassis::{
    Ctx,
    fields::Fields,
    id::{AccountId, ClientId},
    time,
};
use proto::{
    access::v1::{Action, Section},
    identity::v1::{
        AccessEntry, EndAccessRequest, EndAccessResponse, ErrorReason, ExtendAccessRequest,
        ExtendAccessResponse, InvitationState, InviteBy, ListAccessRequest, ListAccessResponse,
        RevokeAccessRequest, RevokeAccessResponse, SetGrantsRequest, SetGrantsResponse,
    },
};
use store::{Mode, Tx};
use tonic::{Request, Response};

use super::{
    AccessGrant, by_section, changeable::is_fixed, emit_changed, end as end_grant, givable, lock_changeable,
    may_give, replace_givable, table, to_grants,
};
use crate::{account::is_grant, error::Error, invitation, organisation, state::State};

/// ListAccess (P83).
pub async fn list(
    state: &State,
    request: Request<ListAccessRequest>,
) -> Result<Response<ListAccessResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Read).await?;
    let entries = list_entries(&mut tx).await?;
    let settings = organisation::settings(&mut tx).await?;
    let may_write = may_change_access(&ctx);
    let people_invite = settings.accounts.unwrap_or_default().invite_by() == InviteBy::Both;
    let givable = if may_write { to_grants(&givable(&ctx.grants)) } else { Vec::new() };
    Ok(Response::new(ListAccessResponse { entries, givable, may_invite: may_write && people_invite }))
}

/// Whether the caller may change who has access.
fn may_change_access(ctx: &Ctx) -> bool {
    ctx.grants.get(&i32::from(Section::Users)).is_some_and(|actions| actions.contains(&Action::Write.into()))
}

async fn list_entries(tx: &mut Tx) -> Result<Vec<AccessEntry>, Error> {
    let ctx = tx.ctx().clone();
    let client = ctx.client()?;
    let may_write = may_change_access(&ctx);
    let entries = table::list_entries(tx, client).await?.into_iter().map(|entry| {
        let grant = entry.grant;
        let is_caller = grant.account.to_string() == ctx.actor.id;
        let is_over = entry.invitation_ends_at.is_some_and(|end| end <= ctx.now);
        // Only a sent invitation is shown as expired: an invitation without rights was never sent.
        let is_sent = entry.invitation == InvitationState::Sent;
        AccessEntry {
            access_id: grant.id.to_string(),
            name: entry.name,
            relation: grant.relation.into(),
            grants: to_grants(&grant.sections),
            valid_from: Some(time::to_proto(grant.valid_from)),
            valid_until: grant.valid_until.map(time::to_proto),
            ground: grant.ground,
            invitation: (if is_over && is_sent { InvitationState::Expired } else { entry.invitation }).into(),
            is_caller,
            may_change: may_write && !is_caller && !is_fixed(grant.relation),
        }
    });
    Ok(entries.collect())
}

/// SetGrants (V49, V50).
pub async fn set(
    state: &State,
    request: Request<SetGrantsRequest>,
) -> Result<Response<SetGrantsResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let wanted = by_section(&request.grants);
    if !request.grants.iter().all(is_grant) || !may_give(&ctx.grants, &wanted) {
        return Err(Error::field("grants", ErrorReason::GrantTooWide));
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let mut grant = lock_changeable(&mut tx, &request.access_id).await?;
    if !grant.active && !invitation::is_open(&mut tx, &grant).await? {
        return Err(ErrorReason::AccountUnknown.into());
    }
    let wanted = replace_givable(&ctx.grants, &grant.sections, wanted);
    if grant.sections == wanted {
        return Ok(Response::new(SetGrantsResponse {}));
    }
    grant.sections = wanted;
    let version = table::update(&mut tx, &grant).await?;
    if grant.active {
        emit_changed(&mut tx, &grant, version).await?;
    } else if !grant.sections.is_empty() {
        invitation::send(state, &mut tx, &grant, invitation::Event::RightsGiven).await?;
    }
    tx.commit().await?;
    Ok(Response::new(SetGrantsResponse {}))
}

/// RevokeAccess: a person ends the access of another account to the chosen client.
pub async fn revoke(
    state: &State,
    request: Request<RevokeAccessRequest>,
) -> Result<Response<RevokeAccessResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = lock_changeable(&mut tx, &request.into_inner().access_id).await?;
    if !end_grant(&mut tx, grant.account, grant.client).await? {
        return Err(ErrorReason::AccountUnknown.into());
    }
    tx.commit().await?;
    Ok(Response::new(RevokeAccessResponse {}))
}

/// The ids of a request about an account's access to a client. The call's audit record names both.
fn parse_ids(ctx: &Ctx, account_id: &str, client_id: &str) -> Result<(AccountId, ClientId), Error> {
    let unknown = |_| Error::from(ErrorReason::AccountUnknown);
    let (account, client) = (account_id.parse().map_err(unknown)?, client_id.parse().map_err(unknown)?);
    ctx.concerns("account", account);
    ctx.concerns_client(client);
    Ok((account, client))
}

/// ExtendAccess (R50).
pub async fn extend(
    state: &State,
    request: Request<ExtendAccessRequest>,
) -> Result<Response<ExtendAccessResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let (account, client) = parse_ids(&ctx, &request.account_id, &request.client_id)?;
    let mut fields = Fields::new("");
    let until = fields.instant("valid_until", request.valid_until.as_ref());
    let until = until.ok_or_else(|| Error::Fields(fields.faults()))?;
    if until <= ctx.now {
        return Err(Error::field("valid_until", ErrorReason::EndDatePast));
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = table::lock(&mut tx, account, client).await?;
    // Access that has ended is not extended: it is registered again, with a new ground.
    let lasts = |grant: &AccessGrant| grant.active && grant.valid_until.is_none_or(|until| until > ctx.now);
    let mut grant = grant.filter(lasts).ok_or(ErrorReason::AccountUnknown)?;
    grant.valid_until = Some(until);
    let version = table::update(&mut tx, &grant).await?;
    emit_changed(&mut tx, &grant, version).await?;
    tx.commit().await?;
    Ok(Response::new(ExtendAccessResponse {}))
}

/// EndAccess: a system ends an account's access to a client, or withdraws the invitation.
pub async fn end(
    state: &State,
    request: Request<EndAccessRequest>,
) -> Result<Response<EndAccessResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let (account, client) = parse_ids(&ctx, &request.get_ref().account_id, &request.get_ref().client_id)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    table::lock(&mut tx, account, client).await?.ok_or(ErrorReason::AccountUnknown)?;
    // A repeated request finds that access has ended, and that is no error.
    end_grant(&mut tx, account, client).await?;
    invitation::withdraw_open(&mut tx, account, client).await?;
    tx.commit().await?;
    Ok(Response::new(EndAccessResponse {}))
}
