//! Inviting people to a client's dossier, and taking that back (V18–V20, V45–V50).

use chassis::{
    Ctx,
    failure::short,
    fields::{Fields, MALFORMED},
    id::{AccountId, ClientId},
    secret,
};
use jiff::{SignedDuration, Timestamp};
use proto::identity::v1::{
    ErrorReason, InvitationMessage, InvitationMessageContent, InvitationState, InviteBy, InviteUserRequest,
    InviteUserResponse, OrganisationSettings, RelationKind, RepresentativeKind, ResendInvitationRequest,
    ResendInvitationResponse, WithdrawInvitationRequest, WithdrawInvitationResponse,
};
use store::{About, Mode, Tx, event::timestamp};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Event, next, store as table};
use crate::{
    State,
    account::{self, is_email, normalise_phone, normalise_username, store::NewAccount},
    error::Error,
    factor::{self, Channel},
    grant::{self, AccessGrant, Sections, judge_number, store::NewGrant},
    organisation,
    throttle::{Count, Kind, store as throttle},
};

/// What stands as ground where somebody was invited.
const GROUND: &str = "invitation";

/// Somebody who is invited, as the inviter describes them.
struct Guest {
    name: String,
    email: String,
    phone: String,
    relation: RelationKind,
    valid_until: Option<Timestamp>,
}

impl Guest {
    fn read(
        request: &InviteUserRequest,
        settings: &OrganisationSettings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut fields = Fields::new("");
        fields.text("name", &request.name, 200);
        fields.text("email", &request.email, 200);
        if !request.email.trim().is_empty() && !is_email(&request.email) {
            fields.fault("email", MALFORMED);
        }
        let factor = factor::of(settings.login.unwrap_or_default().second_factor());
        let phone = match request.phone.trim() {
            "" if factor.channel == Channel::Email => Some(String::new()),
            typed => normalise_phone(typed),
        };
        if phone.is_none() {
            let missing = request.phone.trim().is_empty();
            let reason = if missing { ErrorReason::FieldMissing } else { ErrorReason::PhoneMalformed };
            fields.fault("phone", short(reason.as_str_name()));
        }
        let relation = request.relation();
        if !matches!(relation, RelationKind::Relative | RelationKind::ThirdParty) {
            fields.fault("relation", MALFORMED);
        }
        let valid_until = match request.valid_until.as_ref() {
            None => None,
            some => fields.instant("valid_until", some),
        };
        if valid_until.is_some_and(|until| until <= now) {
            fields.fault("valid_until", short(ErrorReason::EndDatePast.as_str_name()));
        }
        let faults = fields.faults();
        match phone {
            Some(phone) if faults.is_empty() => Ok(Self {
                name: request.name.trim().to_owned(),
                email: request.email.trim().to_owned(),
                phone,
                relation,
                valid_until,
            }),
            _ => Err(Error::Fields(faults)),
        }
    }
}

/// InviteUser: the same work and answer whether the person has an account or not.
pub async fn invite(
    state: &State,
    request: Request<InviteUserRequest>,
) -> Result<Response<InviteUserResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let client = ctx.client()?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::rpc::settings(&mut tx).await?;
    if settings.accounts.unwrap_or_default().invite_by() != InviteBy::Both {
        return Err(ErrorReason::InvitingOff.into());
    }
    let guest = Guest::read(request.get_ref(), &settings, ctx.now)?;
    let account = account_of(&mut tx, &guest, &settings).await?;
    if account.to_string() == ctx.actor.id {
        return Err(Error::field("email", ErrorReason::OwnAddress));
    }
    let there = grant::store::lock(&mut tx, account, client).await?;
    let is_there = match &there {
        Some(grant) => {
            let lasts = grant.valid_until.is_none_or(|until| until > ctx.now);
            lasts && (grant.active || is_waiting(&mut tx, grant).await?)
        }
        None => false,
    };
    let id = match there.filter(|_| is_there) {
        Some(grant) => grant.id,
        None => add(&mut tx, account, client, &guest, &settings).await?,
    };
    tx.commit().await?;
    Ok(Response::new(InviteUserResponse { access_id: id.to_string() }))
}

/// The account with the guest's address, be it as user name, or a new one without rights.
async fn account_of(tx: &mut Tx, guest: &Guest, settings: &OrganisationSettings) -> Result<AccountId, Error> {
    let username = normalise_username(&guest.email);
    let named = account::store::find_by_username(tx, &username).await?.map(|named| named.id);
    let known = account::store::find_by_email(tx, &guest.email).await?.or(named);
    let id = known.unwrap_or_else(|| AccountId::new(tx.ctx().now));
    let new = NewAccount {
        id,
        username: &username,
        display_name: &guest.name,
        email: &guest.email,
        phone: &guest.phone,
        language: &settings.language,
        legal_entity: "",
    };
    if !account::store::insert(tx, &new).await? && known.is_none() {
        // Somebody was quicker.
        let quicker = account::store::find_by_username(tx, &username).await?;
        return Ok(quicker.ok_or(ErrorReason::AccountUnknown)?.id);
    }
    Ok(id)
}

async fn add(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    guest: &Guest,
    settings: &OrganisationSettings,
) -> Result<Uuid, Error> {
    let (now, inviter) = (tx.ctx().now, tx.ctx().person.name.clone());
    let accounts = settings.accounts.unwrap_or_default();
    let there = grant::store::count_accounts(tx, client).await?;
    judge_number(accounts, there, guest.valid_until.is_some()).map_err(|reason| match reason {
        ErrorReason::EndDateMissing => Error::field("valid_until", reason),
        reason => reason.into(),
    })?;
    let new = NewGrant {
        account,
        client,
        relation: guest.relation,
        representative: RepresentativeKind::Unspecified,
        sections: &Sections::new(),
        given_by: &inviter,
        ground: GROUND,
        given_at: now,
        valid_from: now,
        valid_until: guest.valid_until,
        registration_hash: None,
        active: false,
    };
    account::store::lock(tx, account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let (id, _) = grant::store::upsert(tx, &new).await?;
    let expires_at = now + life(settings);
    table::upsert(tx, account, client, &guest.name, &inviter, expires_at).await?;
    Ok(id)
}

fn life(settings: &OrganisationSettings) -> SignedDuration {
    let days = settings.accounts.unwrap_or_default().invitation_life_days;
    SignedDuration::from_hours(24 * i64::from(days))
}

/// Whether a grant waits for its invitation to be accepted.
///
/// # Errors
/// When the database is away.
pub async fn is_waiting(tx: &mut Tx, grant: &AccessGrant) -> Result<bool, Error> {
    let invitation = table::lock(tx, grant.account, grant.client).await?;
    Ok(invitation.is_some_and(|it| matches!(it.state, InvitationState::Added | InvitationState::Sent)))
}

/// Moves an invitation on by an event that sends its message.
///
/// # Errors
/// [`ErrorReason::InvitationClosed`] where that cannot happen any more.
pub async fn send(state: &State, tx: &mut Tx, grant: &AccessGrant, event: Event) -> Result<(), Error> {
    let now = tx.ctx().now;
    let settings = organisation::rpc::settings(tx).await?;
    let invitation =
        table::lock(tx, grant.account, grant.client).await?.ok_or(ErrorReason::AccountUnknown)?;
    let is_over = now >= invitation.expires_at;
    let to = next(invitation.state, event, is_over).ok_or(ErrorReason::InvitationClosed)?;
    let is_sent = invitation.state == InvitationState::Sent && event == Event::RightsGiven;
    if is_sent && !is_over {
        // Other rights than were sent before: the message says nothing of them.
        return Ok(());
    }
    if is_over {
        // Its place may have been given to somebody else.
        let there = grant::store::count_accounts(tx, grant.client).await?;
        judge_number(settings.accounts.unwrap_or_default(), there, grant.valid_until.is_some())?;
    }
    let account = account::store::lock(tx, grant.account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let by = format!("invitation {} {}", grant.client, grant.account);
    if !throttle::count(tx, &[Count::of(&state.hash_key, Kind::SentFor, &by)], state.limits).await? {
        return Err(ErrorReason::TooManyInvitations.into());
    }
    let expires_at = now + life(&settings);
    table::set(tx, grant.account, grant.client, to, expires_at).await?;
    let is_new = account.password_hash.is_none();
    let (mut username, mut password) = (String::new(), String::new());
    if is_new && invitation.state == InvitationState::Added {
        // Not when it was added: that costs the same for whoever has an account and whoever has none.
        account::register::tell(state, tx, &account).await?;
    }
    if is_new {
        password = secret::one_time_password();
        username.clone_from(&account.username);
        let one_time = state.one_time(account.id, &password, expires_at);
        account::store::set_one_time(tx, account.id, &one_time).await?;
    }
    let recipient = Some(account.recipient());
    let content =
        InvitationMessageContent { recipient, invited_by: invitation.invited_by, username, password };
    let message = InvitationMessage {
        content: state.sealed(tx, &content)?,
        expires_at: Some(timestamp(expires_at)),
        account_id: account.id.to_string(),
    };
    tx.deliver(About::new(account.id.uuid(), 1), &message, expires_at).await?;
    Ok(())
}

/// ResendInvitation.
pub async fn resend(
    state: &State,
    request: Request<ResendInvitationRequest>,
) -> Result<Response<ResendInvitationResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = grant::rpc::lock_changeable(&mut tx, &request.get_ref().access_id).await?;
    send(state, &mut tx, &grant, Event::Resent).await?;
    tx.commit().await?;
    Ok(Response::new(ResendInvitationResponse {}))
}

/// Takes back what waits of an account's invitation to a client, if there is any.
///
/// # Errors
/// When the database is away.
pub async fn withdraw_waiting(tx: &mut Tx, account: AccountId, client: ClientId) -> Result<(), Error> {
    if let Some(open) = table::lock(tx, account, client).await?
        && let Some(to) = next(open.state, Event::Withdrawn, false)
    {
        table::set(tx, account, client, to, open.expires_at).await?;
    }
    Ok(())
}

/// WithdrawInvitation.
pub async fn withdraw(
    state: &State,
    request: Request<WithdrawInvitationRequest>,
) -> Result<Response<WithdrawInvitationResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = grant::rpc::lock_changeable(&mut tx, &request.get_ref().access_id).await?;
    let invitation = table::lock(&mut tx, grant.account, grant.client).await?;
    let invitation = invitation.ok_or(ErrorReason::AccountUnknown)?;
    let to = next(invitation.state, Event::Withdrawn, ctx.now >= invitation.expires_at);
    let to = to.ok_or(ErrorReason::InvitationClosed)?;
    table::set(&mut tx, grant.account, grant.client, to, invitation.expires_at).await?;
    tx.commit().await?;
    Ok(Response::new(WithdrawInvitationResponse {}))
}

/// Answers an invitation that an account can accept now; what it accepts counts from then on. One that does not wait any
/// more is left as it is.
///
/// # Errors
/// When the database is away.
pub async fn answer(tx: &mut Tx, account: AccountId, access_id: &str, event: Event) -> Result<(), Error> {
    let pending = table::list_pending(tx, account).await?;
    let Some((client, _)) = pending.into_iter().find(|(_, it)| it.access_id == access_id) else {
        return Ok(());
    };
    // The grant first, as everywhere: two never wait for each other.
    let Some(mut grant) = grant::store::lock(tx, account, client).await? else { return Ok(()) };
    let Some(invitation) = table::lock(tx, account, client).await? else { return Ok(()) };
    let is_over = tx.ctx().now >= invitation.expires_at;
    let Some(to) = next(invitation.state, event, is_over) else { return Ok(()) };
    table::set(tx, account, client, to, invitation.expires_at).await?;
    if to == InvitationState::Accepted {
        grant.active = true;
        let version = grant::store::set_sections(tx, &grant).await?;
        grant::tell(tx, &grant, version).await?;
    }
    Ok(())
}
