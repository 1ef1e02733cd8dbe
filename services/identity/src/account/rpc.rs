//! RegisterAccount: account, grant and consent stand together, and the welcome message goes out.

use chassis::{Ctx, secret};
use jiff::SignedDuration;
use prost::Message;
use proto::identity::v1::{
    AccountContact, AccountRegistered, GrantChanged, RegisterAccountRequest, RegisterAccountResponse,
    WelcomeMessage, WelcomeMessageContent,
};
use store::{About, Mode, audit::Subject, event::timestamp};
use tonic::{Request, Response, Status};

use super::{OneTime, convert::Registration, store::Inserted};
use crate::{State, account, error::Error, organisation};

/// RegisterAccount; the answer says whose dossier it was about, for the audit trail.
pub async fn register(
    state: &State,
    request: Request<RegisterAccountRequest>,
) -> Result<Response<RegisterAccountResponse>, Status> {
    let ctx = Ctx::of(&request)?;
    let request = request.into_inner();
    let hash = secret::sha256(&[&request.encode_to_vec()]);
    let registration = Registration::read(request)?;
    let mut response =
        Response::new(RegisterAccountResponse { account_id: registration.account.to_string() });
    response.extensions_mut().insert(Subject(registration.client));
    insert(state, &ctx, registration, &hash).await?;
    Ok(response)
}

async fn insert(
    state: &State,
    ctx: &Ctx,
    mut registration: Registration,
    hash: &[u8; 32],
) -> Result<(), Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let settings = organisation::rpc::settings(&mut tx).await?;
    if registration.language.is_empty() {
        registration.language.clone_from(&settings.language);
    }
    let password = secret::one_time_password();
    let days = settings.password.unwrap_or_default().welcome_life_days;
    let one_time = OneTime {
        hash: one_time_hash(state, registration.account, &password).to_vec(),
        expires_at: ctx.now + SignedDuration::from_hours(24 * i64::from(days)),
    };
    match account::store::insert(&mut tx, &registration, hash, &one_time).await? {
        Inserted::Repeated => return Ok(()),
        Inserted::IdTaken => return Err(Error::IdTaken),
        Inserted::UsernameTaken => return Err(Error::UsernameTaken),
        Inserted::New => {}
    }
    let valid_from = registration.valid_from.unwrap_or(ctx.now);
    account::store::insert_grant(&mut tx, &registration, valid_from).await?;

    let about = About::new(registration.account.uuid(), 1).client(registration.client);
    let contact = AccountContact { email: registration.email.clone() };
    let contact = seal(state, ctx, &contact)?;
    tx.emit(about, &AccountRegistered { language: registration.language.clone(), contact }).await?;
    let granted = GrantChanged {
        account_id: registration.account.to_string(),
        relation: registration.relation.into(),
        grants: registration.grants,
        valid_from: Some(timestamp(valid_from)),
        valid_until: registration.valid_until.map(timestamp),
    };
    tx.emit(about, &granted).await?;
    let account_id = registration.account.to_string();
    let content = WelcomeMessageContent {
        email: registration.email,
        language: registration.language,
        display_name: registration.display_name,
        username: registration.username,
        password,
    };
    let expires_at = one_time.expires_at;
    let content = seal(state, ctx, &content)?;
    let welcome = WelcomeMessage { content, expires_at: Some(timestamp(expires_at)), account_id };
    tx.deliver(about, &welcome, expires_at).await?;
    Ok(tx.commit().await?)
}

fn seal<M: Message + prost::Name>(
    state: &State,
    ctx: &Ctx,
    message: &M,
) -> Result<Option<proto::event::v1::Sealed>, Error> {
    let sealed = state.seal.seal("messaging", ctx.organisation, message);
    sealed.map(Some).map_err(|error| store::StoreError::from(error).into())
}

/// What is kept of a password that was sent.
pub fn one_time_hash(state: &State, account: chassis::id::AccountId, password: &str) -> [u8; 32] {
    let normal = secret::normalise_one_time_password(password);
    state.hash_key.hash("one-time password", account.uuid(), &normal)
}
