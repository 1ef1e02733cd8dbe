//! The steps of an invitation: sending the message, withdrawing the invitation, answering the invitation.

use chassis::{
    id::{AccountId, ClientId},
    secret, time,
};
use jiff::SignedDuration;
use proto::identity::v1::{
    ErrorReason, InvitationMessage, InvitationMessageContent, InvitationState, OrganisationSettings,
};
use store::{About, Tx};

use super::{Event, next, table};
use crate::{
    account,
    error::Error,
    grant::{self, AccessGrant, check_account_limit},
    organisation,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// How long an invitation can be accepted.
pub fn life(settings: &OrganisationSettings) -> SignedDuration {
    let days = settings.accounts.unwrap_or_default().invitation_life_days;
    SignedDuration::from_hours(24 * i64::from(days))
}

/// Whether the invitation of a grant is open: neither answered nor withdrawn.
///
/// # Errors
/// When the database cannot be reached.
pub async fn is_open(tx: &mut Tx, grant: &AccessGrant) -> Result<bool, Error> {
    let invitation = table::lock(tx, grant.account, grant.client).await?;
    Ok(invitation.is_some_and(|it| matches!(it.state, InvitationState::Added | InvitationState::Sent)))
}

/// Applies an event that sends the invitation's message: rights were given, or the message is wanted again.
///
/// # Errors
/// [`ErrorReason::InvitationClosed`] when the invitation's state does not allow the event;
/// [`ErrorReason::TooManyInvitations`] when the message was sent too often.
pub async fn send(state: &State, tx: &mut Tx, grant: &AccessGrant, event: Event) -> Result<(), Error> {
    let now = tx.ctx().now;
    let settings = organisation::settings(tx).await?;
    let invitation =
        table::lock(tx, grant.account, grant.client).await?.ok_or(ErrorReason::AccountUnknown)?;
    let is_over = now >= invitation.expires_at;
    let to = next(invitation.state, event, is_over).ok_or(ErrorReason::InvitationClosed)?;
    let has_other_rights = invitation.state == InvitationState::Sent && event == Event::RightsGiven;
    if has_other_rights && !is_over {
        // The person has the message already, and the message does not name the rights.
        return Ok(());
    }
    if is_over {
        // An expired invitation holds no place: somebody else may have got the place.
        let current = grant::table::count_accounts(tx, grant.client).await?;
        check_account_limit(settings.accounts.unwrap_or_default(), current, grant.valid_until.is_some())?;
    }
    let account = account::table::lock(tx, grant.account).await?.ok_or(ErrorReason::AccountUnknown)?;
    let by = format!("invitation {} {}", grant.client, grant.account);
    let counts = [Count::of(&state.hash_keys, Kind::SentFor, &by)];
    if !throttle::count_within_limit(tx, &counts, state.limits).await? {
        return Err(ErrorReason::TooManyInvitations.into());
    }
    let expires_at = now + life(&settings);
    table::set_state(tx, grant.account, grant.client, to, expires_at).await?;
    let is_new = account.password_hash.is_none();
    let (mut username, mut password) = (String::new(), String::new());
    if is_new && invitation.state == InvitationState::Added {
        // The event is emitted now, and not when the account was added: inviting must take the same time
        // whether the person had an account or not.
        account::emit_registered(tx, &account).await?;
    }
    if is_new {
        password = secret::one_time_password();
        username.clone_from(&account.username);
        let one_time = state.hash_one_time_password(account.id, &password, expires_at);
        account::table::set_one_time_password(tx, account.id, &one_time).await?;
    }
    let recipient = Some(account.recipient());
    let content =
        InvitationMessageContent { recipient, invited_by: invitation.invited_by, username, password };
    let message = InvitationMessage {
        content: state.sealed(tx, &content)?,
        expires_at: Some(time::to_proto(expires_at)),
        account_id: account.id.to_string(),
    };
    tx.deliver(About::new(account.id.uuid(), 1), &message, expires_at).await?;
    Ok(())
}

/// Withdraws the open invitation of an account to a client, if any.
///
/// # Errors
/// When the database cannot be reached.
pub async fn withdraw_open(tx: &mut Tx, account: AccountId, client: ClientId) -> Result<(), Error> {
    if let Some(open) = table::lock(tx, account, client).await?
        && let Some(to) = next(open.state, Event::Withdrawn, false)
    {
        table::set_state(tx, account, client, to, open.expires_at).await?;
    }
    Ok(())
}

/// Applies the person's answer to a pending invitation. An accepted grant is in force at once. An invitation
/// that is no longer pending stays unchanged.
///
/// # Errors
/// When the database cannot be reached.
pub async fn answer(tx: &mut Tx, account: AccountId, access_id: &str, event: Event) -> Result<(), Error> {
    let pending = table::list_pending(tx, account).await?;
    let Some((client, _)) = pending.into_iter().find(|(_, it)| it.access_id == access_id) else {
        return Ok(());
    };
    // Lock the grant before the invitation, as everywhere: otherwise two transactions could deadlock.
    let Some(mut grant) = grant::table::lock(tx, account, client).await? else { return Ok(()) };
    let Some(invitation) = table::lock(tx, account, client).await? else { return Ok(()) };
    let is_over = tx.ctx().now >= invitation.expires_at;
    let Some(to) = next(invitation.state, event, is_over) else { return Ok(()) };
    table::set_state(tx, account, client, to, invitation.expires_at).await?;
    if to == InvitationState::Accepted {
        grant.active = true;
        let version = grant::table::update(tx, &grant).await?;
        grant::emit_changed(tx, &grant, version).await?;
    }
    Ok(())
}
