//! What moves an invitation on: sending it, answering it, taking it back.

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
    grant::{self, AccessGrant, judge_number},
    organisation,
    state::State,
    throttle::{Count, Kind, table as throttle},
};

/// How long an invitation can be accepted.
pub fn life(settings: &OrganisationSettings) -> SignedDuration {
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
    let settings = organisation::settings(tx).await?;
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
        let there = grant::table::count_accounts(tx, grant.client).await?;
        judge_number(settings.accounts.unwrap_or_default(), there, grant.valid_until.is_some())?;
    }
    let account = account::table::lock(tx, grant.account).await?.ok_or(ErrorReason::AccountUnknown)?;
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
        account::emit_registered(state, tx, &account).await?;
    }
    if is_new {
        password = secret::one_time_password();
        username.clone_from(&account.username);
        let one_time = state.one_time(account.id, &password, expires_at);
        account::table::set_one_time(tx, account.id, &one_time).await?;
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
    let Some(mut grant) = grant::table::lock(tx, account, client).await? else { return Ok(()) };
    let Some(invitation) = table::lock(tx, account, client).await? else { return Ok(()) };
    let is_over = tx.ctx().now >= invitation.expires_at;
    let Some(to) = next(invitation.state, event, is_over) else { return Ok(()) };
    table::set(tx, account, client, to, invitation.expires_at).await?;
    if to == InvitationState::Accepted {
        grant.active = true;
        let version = grant::table::set_sections(tx, &grant).await?;
        grant::emit_changed(tx, &grant, version).await?;
    }
    Ok(())
}
