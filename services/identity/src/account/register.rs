//! RegisterAccount: one transaction writes account, grant, consent and welcome message.

use chassis::{Ctx, id::AccountId, secret};
use prost::Message;
use proto::identity::v1::{
    ErrorReason, OrganisationSettings, RegisterAccountRequest, RegisterAccountResponse, ResendWelcomeRequest,
    ResendWelcomeResponse,
};
use store::{Mode, Tx};
use tonic::{Request, Response};

use super::{convert::Registration, emit_registered, send_welcome, table, table::NewAccount};
use crate::{
    end_of_access,
    error::Error,
    factor::{self, Medium},
    grant::{self, AccessGrant, by_section, check_account_limit, table::NewGrant},
    organisation,
    state::State,
};

/// RegisterAccount. An account that exists already gets access to one more client.
pub async fn register(
    state: &State,
    request: Request<RegisterAccountRequest>,
) -> Result<Response<RegisterAccountResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let hash = secret::sha256(&[&request.encode_to_vec()]);
    let mut registration = Registration::read(request)?;
    ctx.concerns("account", registration.account);
    ctx.concerns_client(registration.client);
    let response = Response::new(RegisterAccountResponse { account_id: registration.account.to_string() });

    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let known = grant::table::registration_hash(&mut tx, registration.account, registration.client).await?;
    match known {
        Some((known, _)) if known == hash => return Ok(response),
        Some((_, true)) => return Err(ErrorReason::IdTaken.into()),
        // Access that has ended can be given again.
        Some((_, false)) | None => {}
    }
    let settings = organisation::settings(&mut tx).await?;
    if registration.language.is_empty() {
        registration.language.clone_from(&settings.language);
    }
    let is_entity = settings.terms.iter().any(|terms| terms.entity == registration.legal_entity);
    if !registration.legal_entity.is_empty() && !is_entity {
        return Err(Error::field("legal_entity", ErrorReason::FieldMalformed));
    }
    let is_new = insert_account(&mut tx, &registration, &settings).await?;
    give_grant(&mut tx, &registration, &hash, &settings).await?;
    if is_new {
        let account = table::find(&mut tx, registration.account).await?.ok_or(ErrorReason::AccountUnknown)?;
        emit_registered(&mut tx, &account).await?;
        send_welcome(state, &mut tx, &account, &settings).await?;
    }
    tx.commit().await?;
    Ok(response)
}

/// Adds the account unless it exists already; returns whether the account is new.
async fn insert_account(
    tx: &mut Tx,
    registration: &Registration,
    settings: &OrganisationSettings,
) -> Result<bool, Error> {
    let new = NewAccount {
        id: registration.account,
        username: &registration.username,
        display_name: &registration.display_name,
        email: &registration.email,
        phone: &registration.phone,
        language: &registration.language,
        legal_entity: "",
    };
    if table::insert(tx, &new).await? {
        let factor = factor::from_setting(settings.login.unwrap_or_default().second_factor());
        if factor.medium == Medium::Sms && new.phone.is_empty() {
            // Codes go by SMS: without a number the person could never log in.
            return Err(Error::field("phone", ErrorReason::FieldMissing));
        }
        if !registration.legal_entity.is_empty() {
            table::set_terms(tx, registration.account, &registration.legal_entity, 0).await?;
        }
        return Ok(true);
    }
    match table::find(tx, registration.account).await? {
        Some(known) if known.username == registration.username => Ok(false),
        Some(_) => Err(ErrorReason::IdTaken.into()),
        None => Err(ErrorReason::UsernameTaken.into()),
    }
}

async fn give_grant(
    tx: &mut Tx,
    registration: &Registration,
    hash: &[u8; 32],
    settings: &OrganisationSettings,
) -> Result<(), Error> {
    let now = tx.ctx().now;
    let accounts = settings.accounts.unwrap_or_default();
    let current = grant::table::count_accounts(tx, registration.client).await?;
    check_account_limit(accounts, current, registration.valid_until.is_some()).map_err(
        |reason| match reason {
            ErrorReason::EndDateMissing => Error::field("consent.valid_until", reason),
            reason => reason.into(),
        },
    )?;
    let sections = by_section(&registration.grants);
    let valid_from = registration.valid_from.unwrap_or(now);
    let new = NewGrant {
        account: registration.account,
        client: registration.client,
        relation: registration.relation,
        representative: registration.representative,
        sections: &sections,
        given_by: &registration.given_by,
        ground: &registration.ground,
        given_at: registration.given_at,
        valid_from,
        valid_until: registration.valid_until,
        registration_hash: Some(hash),
        active: true,
    };
    // Lock the grant, then the account, in the same order as the end of access. Otherwise that job could
    // remove the account while it is given access.
    grant::table::lock(tx, registration.account, registration.client).await?;
    table::lock(tx, registration.account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let (id, version) = grant::table::upsert(tx, &new).await?;
    end_of_access::plan_for_late_access(tx, registration.client, accounts).await?;
    let given = AccessGrant {
        id,
        account: registration.account,
        client: registration.client,
        client_name: String::new(),
        relation: registration.relation,
        sections,
        ground: registration.ground.clone(),
        valid_from,
        valid_until: registration.valid_until,
        active: true,
    };
    grant::emit_changed(tx, &given, version).await
}

/// ResendWelcome: a new first password, as long as the person has not chosen a password.
pub async fn resend_welcome(
    state: &State,
    request: Request<ResendWelcomeRequest>,
) -> Result<Response<ResendWelcomeResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.get_ref().account_id.parse().map_err(|_| unknown)?;
    ctx.concerns("account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let account = table::lock(&mut tx, id).await?.ok_or(unknown)?;
    if account.password_hash.is_some() {
        return Err(ErrorReason::WelcomeOver.into());
    }
    let settings = organisation::settings(&mut tx).await?;
    send_welcome(state, &mut tx, &account, &settings).await?;
    tx.commit().await?;
    Ok(Response::new(ResendWelcomeResponse {}))
}
