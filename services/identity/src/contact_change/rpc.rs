//! People change their own address or number; a system changes those of any account of its organisation.

use chassis::{Ctx, id::AccountId, mail_address::MailAddress, proof::Proof};
use jiff::SignedDuration;
use proto::identity::v1::{
    AccountContactChanged, ConfirmEmailChangeRequest, ConfirmEmailChangeResponse, ConfirmPhoneChangeRequest,
    ConfirmPhoneChangeResponse, ErrorReason, OrganisationSettings, SecurityChange, StartEmailChangeRequest,
    StartEmailChangeResponse, StartPhoneChangeRequest, StartPhoneChangeResponse, StepUpPurpose,
    UpdateAccountContactRequest, UpdateAccountContactResponse,
};
use store::{About, Mode, Tx};
use tonic::{Request, Response};

use super::{ContactChange, table, with_email};
use crate::{
    account::{self, Account, normalise_phone},
    code::{self, Destination, Purpose, Sending, Verdict, judge, normalise},
    error::Error,
    login, organisation,
    state::State,
};

/// How long a change can be confirmed after its last code was requested.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// StartEmailChange.
pub async fn start_email(
    state: &State,
    request: Request<StartEmailChangeRequest>,
) -> Result<Response<StartEmailChangeResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let email = read_email(&request.email)?;
    start(state, &ctx, &request.proof, false, email.as_str().to_owned()).await?;
    Ok(Response::new(StartEmailChangeResponse {}))
}

/// StartPhoneChange.
pub async fn start_phone(
    state: &State,
    request: Request<StartPhoneChangeRequest>,
) -> Result<Response<StartPhoneChangeResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let phone =
        normalise_phone(&request.phone).ok_or_else(|| Error::field("phone", ErrorReason::PhoneMalformed))?;
    start(state, &ctx, &request.proof, true, phone).await?;
    Ok(Response::new(StartPhoneChangeResponse {}))
}

fn read_email(typed: &str) -> Result<MailAddress, Error> {
    MailAddress::parse(typed).ok_or_else(|| Error::field("email", ErrorReason::FieldMalformed))
}

async fn start(state: &State, ctx: &Ctx, proof: &str, is_phone: bool, value: String) -> Result<(), Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    if !settings.accounts.unwrap_or_default().self_edit {
        return Err(ErrorReason::SelfEditOff.into());
    }
    let account = account::find_own(&mut tx).await?;
    if is_phone && account.phone.is_empty() {
        // Codes for signing go to the number. A first number would be proven by e-mail only, so that a
        // mailbox would be enough to sign: the organisation sets the first number.
        return Err(ErrorReason::PhoneMissing.into());
    }
    let proof = Proof::verify(proof, &state.verifier, ctx.now).ok();
    let is_proven = proof.is_some_and(|proof| {
        proof.organisation == ctx.organisation
            && proof.account == account.id
            && Some(proof.session) == ctx.session
            && proof.purpose == i32::from(StepUpPurpose::Contact)
    });
    if !is_proven {
        return Err(chassis::Failure::step_up_required().into());
    }
    let waiting = table::lock(&mut tx, account.id, is_phone).await?;
    let change = match waiting.filter(|waiting| waiting.value == value) {
        Some(waiting) => waiting,
        None => ContactChange { id: chassis::id::v7(ctx.now), value },
    };
    table::upsert(&mut tx, account.id, is_phone, &change).await?;
    let (purpose, to) = if is_phone {
        (Purpose::PhoneChange, Destination::Sms(change.value))
    } else {
        (Purpose::EmailChange, Destination::Email(change.value))
    };
    let sending = Sending { id: change.id, purpose, to, ends_at: ctx.now + LIFE, address: "" };
    code::send(state, &mut tx, &settings, &account, sending).await.map_err(|error| match error {
        Error::Reason(ErrorReason::LoginEnded) => ErrorReason::TooManyCodes.into(),
        error => error,
    })?;
    Ok(tx.commit().await?)
}

/// ConfirmEmailChange.
pub async fn confirm_email(
    state: &State,
    request: Request<ConfirmEmailChangeRequest>,
) -> Result<Response<ConfirmEmailChangeResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    confirm(state, &ctx, &request.get_ref().code, false).await?;
    Ok(Response::new(ConfirmEmailChangeResponse {}))
}

/// ConfirmPhoneChange.
pub async fn confirm_phone(
    state: &State,
    request: Request<ConfirmPhoneChangeRequest>,
) -> Result<Response<ConfirmPhoneChangeResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    confirm(state, &ctx, &request.get_ref().code, true).await?;
    Ok(Response::new(ConfirmPhoneChangeResponse {}))
}

async fn confirm(state: &State, ctx: &Ctx, typed: &str, is_phone: bool) -> Result<(), Error> {
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    let account = account::own_id(ctx)?;
    let change = table::lock(&mut tx, account, is_phone).await?.ok_or(ErrorReason::StepUpEnded)?;
    let code = code::table::count_try(&mut tx, change.id).await?.ok_or(ErrorReason::StepUpEnded)?;
    tx.commit().await?;
    let typed = normalise(typed, &code.shown_digits);
    match judge(&state.hash_keys, &code, &typed, ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(ErrorReason::CodeExpired.into()),
        Verdict::Wrong => return Err(Error::field("code", ErrorReason::CodeWrong)),
    }
    let mut tx = state.db.in_organisation(ctx, Mode::Write).await?;
    // Delete the change before its code, in the order in which `start` locks them: otherwise both could
    // deadlock.
    table::delete(&mut tx, account, is_phone).await?;
    if !code::table::consume(&mut tx, &code).await? {
        return Err(ErrorReason::CodeExpired.into());
    }
    let settings = organisation::settings(&mut tx).await?;
    code::table::delete_sent(&mut tx, account).await?;
    let before = account::table::lock(&mut tx, account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let after = if is_phone {
        Account { phone: change.value, ..before.clone() }
    } else {
        with_email(&before, &change.value)
    };
    replace_contact(state, &mut tx, &settings, &before, &after).await?;
    Ok(tx.commit().await?)
}

/// Stores an account's new address or number, emits the event for other services, and sends notices to the
/// old address and number. Logins under way end, and what was sent to an old mailbox stops working: somebody
/// else may read it.
async fn replace_contact(
    state: &State,
    tx: &mut Tx,
    settings: &OrganisationSettings,
    before: &Account,
    after: &Account,
) -> Result<(), Error> {
    let version = account::table::set_contact(tx, after).await?;
    let version = version.ok_or_else(|| Error::field("email", ErrorReason::UsernameTaken))?;
    tx.emit(About::new(after.id.uuid(), version), &AccountContactChanged {}).await?;
    let now = tx.ctx().now;
    login::table::end_all(tx, after.id, None).await?;
    if before.email != after.email {
        if after.password_hash.is_none() && before.one_time.is_some() {
            account::send_welcome(state, tx, after, settings).await?;
        }
        account::notify(state, tx, before, before.recipient(), SecurityChange::Email, now).await?;
    }
    if before.phone != after.phone {
        account::notify(state, tx, before, before.recipient(), SecurityChange::Phone, now).await?;
        if !before.phone.is_empty() {
            let mut recipient = before.recipient();
            recipient.email.clear();
            recipient.phone.clone_from(&before.phone);
            account::notify(state, tx, before, recipient, SecurityChange::Phone, now).await?;
        }
    }
    Ok(())
}

/// UpdateAccountContact (P13, R51).
pub async fn update(
    state: &State,
    request: Request<UpdateAccountContactRequest>,
) -> Result<Response<UpdateAccountContactResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let request = request.into_inner();
    let unknown = ErrorReason::AccountUnknown;
    let id: AccountId = request.account_id.parse().map_err(|_| unknown)?;
    ctx.concerns("account", id);
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    code::table::delete_sent(&mut tx, id).await?;
    let before = account::table::lock(&mut tx, id).await?.ok_or(unknown)?;
    let mut after = before.clone();
    if !request.email.is_empty() {
        after = with_email(&after, read_email(&request.email)?.as_str());
    }
    if !request.phone.is_empty() {
        after.phone = normalise_phone(&request.phone)
            .ok_or_else(|| Error::field("phone", ErrorReason::PhoneMalformed))?;
    }
    if before.email != after.email || before.phone != after.phone {
        replace_contact(state, &mut tx, &settings, &before, &after).await?;
        tx.commit().await?;
    }
    Ok(Response::new(UpdateAccountContactResponse {}))
}
