//! RegisterAccount: account, grant and consent stand together, and the welcome message goes out.

use chassis::{Ctx, id::AccountId, secret};
use jiff::SignedDuration;
use prost::Message;
use proto::identity::v1::{
    AccountContact, AccountRegistered, ErrorReason, OrganisationSettings, RegisterAccountRequest,
    RegisterAccountResponse, ResendWelcomeRequest, ResendWelcomeResponse, WelcomeMessage,
    WelcomeMessageContent,
};
use store::{About, Mode, Tx, audit::Subject, event::timestamp};
use tonic::{Request, Response};

use super::{Account, convert::Registration, store as table, store::NewAccount};
use crate::{
    State,
    error::Error,
    factor::{self, Channel},
    grant::{self, AccessGrant, by_section, judge_number, store::NewGrant},
    organisation,
};

/// RegisterAccount; the answer says whose dossier it was about, for the audit trail. An account that is there gets
/// access to one more client.
pub async fn register(
    state: &State,
    request: Request<RegisterAccountRequest>,
) -> Result<Response<RegisterAccountResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let request = request.into_inner();
    let hash = secret::sha256(&[&request.encode_to_vec()]);
    let mut registration = Registration::read(request)?;
    let mut response =
        Response::new(RegisterAccountResponse { account_id: registration.account.to_string() });
    response.extensions_mut().insert(Subject(registration.client));

    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let known = grant::store::registration_hash(&mut tx, registration.account, registration.client).await?;
    match known {
        Some((known, _)) if known == hash => return Ok(response),
        Some((_, true)) => return Err(ErrorReason::IdTaken.into()),
        // Access that has ended can be given anew.
        Some((_, false)) | None => {}
    }
    let settings = organisation::rpc::settings(&mut tx).await?;
    if registration.language.is_empty() {
        registration.language.clone_from(&settings.language);
    }
    let is_entity = settings.terms.iter().any(|terms| terms.entity == registration.legal_entity);
    if !registration.legal_entity.is_empty() && !is_entity {
        return Err(Error::field("legal_entity", ErrorReason::FieldMalformed));
    }
    let is_new = insert(&mut tx, &registration, &settings).await?;
    give(&mut tx, &registration, &hash, &settings).await?;
    if is_new {
        let account = table::find(&mut tx, registration.account).await?.ok_or(ErrorReason::AccountUnknown)?;
        tell(state, &mut tx, &account).await?;
        welcome(state, &mut tx, &account, &settings).await?;
    }
    tx.commit().await?;
    Ok(response)
}

/// Tells where a new account is reached.
///
/// # Errors
/// When the database is away.
pub async fn tell(state: &State, tx: &mut Tx, account: &Account) -> Result<(), Error> {
    let contact = AccountContact { email: account.email.clone(), phone: account.phone.clone() };
    let contact = state.sealed(tx, &contact)?;
    let event = AccountRegistered { language: account.language.clone(), contact };
    Ok(tx.emit(About::new(account.id.uuid(), 1), &event).await?)
}

/// Says whether the account is new.
async fn insert(
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
        let factor = factor::of(settings.login.unwrap_or_default().second_factor());
        if factor.channel == Channel::Sms && new.phone.is_empty() {
            // Nobody could log in.
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

async fn give(
    tx: &mut Tx,
    registration: &Registration,
    hash: &[u8; 32],
    settings: &OrganisationSettings,
) -> Result<(), Error> {
    let now = tx.ctx().now;
    let accounts = settings.accounts.unwrap_or_default();
    let there = grant::store::count_accounts(tx, registration.client).await?;
    judge_number(accounts, there, registration.valid_until.is_some()).map_err(|reason| match reason {
        ErrorReason::EndDateMissing => Error::field("consent.valid_until", reason),
        reason => reason.into(),
    })?;
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
    // The grant first, then the account, as where access ends: who is given access is not forgotten meanwhile.
    grant::store::lock(tx, registration.account, registration.client).await?;
    table::lock(tx, registration.account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let (id, version) = grant::store::upsert(tx, &new).await?;
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
    grant::tell(tx, &given, version).await
}

/// Sends a first password, in place of one that was sent before.
///
/// # Errors
/// When the database is away.
pub async fn welcome(
    state: &State,
    tx: &mut Tx,
    account: &Account,
    settings: &OrganisationSettings,
) -> Result<(), Error> {
    let password = secret::one_time_password();
    let days = settings.password.unwrap_or_default().welcome_life_days;
    let expires_at = tx.ctx().now + SignedDuration::from_hours(24 * i64::from(days));
    let one_time = state.one_time(account.id, &password, expires_at);
    table::set_one_time(tx, account.id, &one_time).await?;
    let content = WelcomeMessageContent {
        recipient: Some(account.recipient()),
        username: account.username.clone(),
        password,
    };
    let welcome = WelcomeMessage {
        content: state.sealed(tx, &content)?,
        expires_at: Some(timestamp(expires_at)),
        account_id: account.id.to_string(),
    };
    Ok(tx.deliver(About::new(account.id.uuid(), 1), &welcome, expires_at).await?)
}

/// ResendWelcome.
pub async fn resend_welcome(
    state: &State,
    request: Request<ResendWelcomeRequest>,
) -> Result<Response<ResendWelcomeResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.get_ref().account_id.parse().map_err(|_| unknown)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let account = table::lock(&mut tx, id).await?.ok_or(unknown)?;
    if account.password_hash.is_some() {
        return Err(ErrorReason::WelcomeOver.into());
    }
    let settings = organisation::rpc::settings(&mut tx).await?;
    welcome(state, &mut tx, &account, &settings).await?;
    tx.commit().await?;
    Ok(Response::new(ResendWelcomeResponse {}))
}
