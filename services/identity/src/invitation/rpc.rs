//! People invite others to a client's dossier, and send invitations again or withdraw them (V18–V20,
//! V45–V50).

use chassis::{
    Ctx,
    fields::Fields,
    id::{AccountId, ClientId},
    mail_address::MailAddress,
    typed,
};
use jiff::Timestamp;
use proto::identity::v1::{
    ErrorReason, InviteBy, InviteUserRequest, InviteUserResponse, OrganisationSettings, RelationKind,
    RepresentativeKind, ResendInvitationRequest, ResendInvitationResponse, WithdrawInvitationRequest,
    WithdrawInvitationResponse,
};
use store::{Mode, Tx};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Event, change::life, is_open, next, send, table};
use crate::{
    account::{self, normalise_phone, normalise_username, table::NewAccount},
    error::Error,
    factor::{self, Medium},
    grant::{self, Sections, check_account_limit, table::NewGrant},
    organisation,
    state::State,
};

/// The ground that is stored for access by invitation.
const GROUND: &str = "invitation";

/// The invited person, as the inviter describes them.
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
        let email = fields.parsed("email", &request.email, MailAddress::parse);
        let factor = factor::from_setting(settings.login.unwrap_or_default().second_factor());
        let typed_phone = typed::word(&request.phone);
        let phone = match typed_phone.as_str() {
            "" if factor.medium == Medium::Email => Some(String::new()),
            typed => normalise_phone(typed),
        };
        if phone.is_none() {
            let reason =
                if typed_phone.is_empty() { ErrorReason::FieldMissing } else { ErrorReason::PhoneMalformed };
            fields.fault("phone", reason);
        }
        let relation = request.relation();
        if !matches!(relation, RelationKind::Relative | RelationKind::ThirdParty) {
            fields.fault("relation", ErrorReason::FieldMalformed);
        }
        let valid_until = match request.valid_until.as_ref() {
            None => None,
            some => fields.instant("valid_until", some),
        };
        if valid_until.is_some_and(|until| until <= now) {
            fields.fault("valid_until", ErrorReason::EndDatePast);
        }
        let faults = fields.faults();
        match (email, phone) {
            (Some(email), Some(phone)) if faults.is_empty() => Ok(Self {
                name: typed::name(&request.name),
                email: email.as_str().to_owned(),
                phone,
                relation,
                valid_until,
            }),
            _ => Err(Error::Fields(faults)),
        }
    }
}

/// InviteUser: work and answer are the same whether the invited person has an account or not, so that the
/// inviter cannot find out.
pub async fn invite(
    state: &State,
    request: Request<InviteUserRequest>,
) -> Result<Response<InviteUserResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let client = ctx.client()?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    if settings.accounts.unwrap_or_default().invite_by() != InviteBy::Both {
        return Err(ErrorReason::InvitingOff.into());
    }
    let guest = Guest::read(request.get_ref(), &settings, ctx.now)?;
    let account = find_or_add_account(&mut tx, &guest, &settings).await?;
    if account.to_string() == ctx.actor.id {
        return Err(Error::field("email", ErrorReason::OwnAddress));
    }
    let existing = grant::table::lock(&mut tx, account, client).await?;
    let is_current = match &existing {
        Some(grant) => {
            let lasts = grant.valid_until.is_none_or(|until| until > ctx.now);
            lasts && (grant.active || is_open(&mut tx, grant).await?)
        }
        None => false,
    };
    let id = match existing.filter(|_| is_current) {
        Some(grant) => grant.id,
        None => add_invitation(&mut tx, account, client, &guest, &settings).await?,
    };
    ctx.concerns("access", id);
    tx.commit().await?;
    Ok(Response::new(InviteUserResponse { access_id: id.to_string() }))
}

/// The account of the guest; if none exists, a new account without rights. An account is the guest's whose e-mail address
/// or user name is the guest's address. People may share a mailbox: of several accounts with the address, the one with the
/// guest's name is the guest's.
async fn find_or_add_account(
    tx: &mut Tx,
    guest: &Guest,
    settings: &OrganisationSettings,
) -> Result<AccountId, Error> {
    let username = normalise_username(&guest.email);
    let by_username = account::table::find_by_username(tx, &username).await?.map(|account| account.id);
    let sharing = account::table::list_by_email(tx, &guest.email).await?;
    let known = match sharing.as_slice() {
        [] => by_username,
        [(only, _)] => Some(*only),
        many => {
            let wanted = guest.name.to_lowercase();
            many.iter().find(|(_, name)| typed::name(name).to_lowercase() == wanted).map(|(id, _)| *id)
        }
    };
    let id = known.unwrap_or_else(|| AccountId::new(tx.ctx().now));
    let is_new_sharer = sharing.len() > 1 && known.is_none();
    let username = if is_new_sharer { free_username(tx, &username).await? } else { username };
    let new = NewAccount {
        id,
        username: &username,
        display_name: &guest.name,
        email: &guest.email,
        phone: &guest.phone,
        language: &settings.language,
        legal_entity: "",
    };
    if !account::table::insert(tx, &new).await? && known.is_none() {
        if is_new_sharer {
            // Another request has just taken the name for somebody else.
            return Err(ErrorReason::UsernameTaken.into());
        }
        // Another request has just added an account with this user name.
        let added = account::table::find_by_username(tx, &username).await?;
        return Ok(added.ok_or(ErrorReason::AccountUnknown)?.id);
    }
    Ok(id)
}

/// A free user name for one more person with a shared mailbox. The invitation tells the person the name.
async fn free_username(tx: &mut Tx, username: &str) -> Result<String, Error> {
    for number in 2..100 {
        let name = format!("{username}-{number}");
        if account::table::find_by_username(tx, &name).await?.is_none() {
            return Ok(name);
        }
    }
    Err(ErrorReason::UsernameTaken.into())
}

async fn add_invitation(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    guest: &Guest,
    settings: &OrganisationSettings,
) -> Result<Uuid, Error> {
    let (now, inviter) = (tx.ctx().now, tx.ctx().person.name.clone());
    let accounts = settings.accounts.unwrap_or_default();
    let current = grant::table::count_accounts(tx, client).await?;
    check_account_limit(accounts, current, guest.valid_until.is_some()).map_err(|reason| match reason {
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
    account::table::lock(tx, account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let (id, _) = grant::table::upsert(tx, &new).await?;
    let expires_at = now + life(settings);
    table::upsert(tx, account, client, &guest.name, &inviter, expires_at).await?;
    Ok(id)
}

/// ResendInvitation.
pub async fn resend(
    state: &State,
    request: Request<ResendInvitationRequest>,
) -> Result<Response<ResendInvitationResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = grant::lock_changeable(&mut tx, &request.get_ref().access_id).await?;
    send(state, &mut tx, &grant, Event::Resent).await?;
    tx.commit().await?;
    Ok(Response::new(ResendInvitationResponse {}))
}

/// WithdrawInvitation.
pub async fn withdraw(
    state: &State,
    request: Request<WithdrawInvitationRequest>,
) -> Result<Response<WithdrawInvitationResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let grant = grant::lock_changeable(&mut tx, &request.get_ref().access_id).await?;
    let invitation = table::lock(&mut tx, grant.account, grant.client).await?;
    let invitation = invitation.ok_or(ErrorReason::AccountUnknown)?;
    let to = next(invitation.state, Event::Withdrawn, ctx.now >= invitation.expires_at);
    let to = to.ok_or(ErrorReason::InvitationClosed)?;
    table::set_state(&mut tx, grant.account, grant.client, to, invitation.expires_at).await?;
    tx.commit().await?;
    Ok(Response::new(WithdrawInvitationResponse {}))
}
