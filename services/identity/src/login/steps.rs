//! The steps between the second factor and the session: own password, terms, invitations.

use proto::identity::v1::{
    AcceptInvitationRequest, AcceptInvitationResponse, AcceptTermsRequest, AcceptTermsResponse,
    DeclineInvitationRequest, DeclineInvitationResponse, ErrorReason, LoginProgress, OwnPasswordCause,
    SetOwnPasswordRequest, SetOwnPasswordResponse,
};
use store::Mode;
use tonic::{Request, Response};

use super::{State as LoginState, attempt::Attempt, progress, table};
use crate::{
    account,
    error::Error,
    invitation::{self, Event},
    organisation, password,
    state::State,
};

/// SetOwnPassword (T19–T22, T34–T35, P34–P39, V8–V10, R11–R12).
pub async fn set_own_password(
    state: &State,
    request: Request<SetOwnPasswordRequest>,
) -> Result<Response<SetOwnPasswordResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let request = request.into_inner();
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Count).await?;
    let mut login = attempt.find_in_state(&mut tx, LoginState::OwnPassword).await?;
    let settings = organisation::settings(&mut tx).await?;
    let mut account = account::table::find(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    // Judge the new password before the try is counted: a bad new password is no guess at the current one.
    password::judge(&request.new_password, &request.current_password, &account, &settings)
        .map_err(|reason| Error::field("new_password", reason))?;
    if !table::count_try(&mut tx, &login).await? {
        return Err(ErrorReason::LoginEnded.into());
    }
    let cause =
        progress::describe(&mut tx, &login, &account, &settings, &attempt.token).await?.own_password_cause();
    tx.commit().await?;

    let place = state.passwords.take_place(&account.id.to_string())?;
    let is_current = if cause == OwnPasswordCause::Expired {
        let stored = account.password_hash.as_deref();
        state.passwords.verify(&place, account.id.uuid(), &request.current_password, stored).await?
    } else {
        account::is_one_time_password(state, Some(&account), &request.current_password)
    };
    if !is_current {
        attempt.ctx.deny();
        return Err(Error::field("current_password", ErrorReason::CurrentPasswordWrong));
    }
    let hash = state.passwords.hash(&place, account.id.uuid(), &request.new_password).await?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    if cause == OwnPasswordCause::First {
        if !account::table::set_password(&mut tx, &account, &hash).await? {
            return Err(ErrorReason::LoginEnded.into());
        }
    } else {
        let is_reset = cause == OwnPasswordCause::Temporary;
        password::replace(state, &mut tx, &account, &hash, Some(login.id), is_reset).await?;
    }
    login.one_time = false;
    account.password_hash = Some(hash);
    account.password_set_at = Some(attempt.ctx.now);
    let progress = progress::advance(state, tx, login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(SetOwnPasswordResponse { progress: Some(progress) }))
}

/// AcceptTerms (P40, P46).
pub async fn accept_terms(
    state: &State,
    request: Request<AcceptTermsRequest>,
) -> Result<Response<AcceptTermsResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let login = attempt.find_in_state(&mut tx, LoginState::Terms).await?;
    let settings = organisation::settings(&mut tx).await?;
    let mut account = account::table::lock(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    if let Some(terms) = progress::terms_of(&account, &settings) {
        if terms.version != request.get_ref().version {
            return Err(ErrorReason::TermsChanged.into());
        }
        account::table::set_terms(&mut tx, account.id, &terms.entity, terms.version).await?;
        account.legal_entity.clone_from(&terms.entity);
        account.terms_version = terms.version;
    }
    let progress = progress::advance(state, tx, login, &account, &settings, &attempt.token).await?;
    Ok(Response::new(AcceptTermsResponse { progress: Some(progress) }))
}

/// AcceptInvitation (V19–V20).
pub async fn accept_invitation(
    state: &State,
    request: Request<AcceptInvitationRequest>,
) -> Result<Response<AcceptInvitationResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let progress = answer_invitation(state, &attempt, &request.get_ref().access_id, Event::Accepted).await?;
    Ok(Response::new(AcceptInvitationResponse { progress: Some(progress) }))
}

/// DeclineInvitation.
pub async fn decline_invitation(
    state: &State,
    request: Request<DeclineInvitationRequest>,
) -> Result<Response<DeclineInvitationResponse>, Error> {
    let attempt = Attempt::parse(&request, &request.get_ref().login_token)?;
    let progress = answer_invitation(state, &attempt, &request.get_ref().access_id, Event::Declined).await?;
    Ok(Response::new(DeclineInvitationResponse { progress: Some(progress) }))
}

async fn answer_invitation(
    state: &State,
    attempt: &Attempt,
    access_id: &str,
    event: Event,
) -> Result<LoginProgress, Error> {
    let mut tx = state.db.in_organisation(&attempt.ctx, Mode::Write).await?;
    let login = attempt.find_in_state(&mut tx, LoginState::Invitation).await?;
    let settings = organisation::settings(&mut tx).await?;
    invitation::answer(&mut tx, login.account, access_id, event).await?;
    attempt.ctx.concerns("access", access_id);
    let account = account::table::lock(&mut tx, login.account).await?.ok_or(ErrorReason::LoginEnded)?;
    progress::advance(state, tx, login, &account, &settings, &attempt.token).await
}
