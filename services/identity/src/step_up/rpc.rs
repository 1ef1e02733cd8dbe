//! Sends a code in a session, and turns a right code into a higher level or a proof.

use chassis::{Ctx, Failure, proof::Proof, secret::ScopedToken};
use jiff::SignedDuration;
use prost::Message;
use proto::identity::v1::{
    ErrorReason, SessionChanged, StartStepUpRequest, StartStepUpResponse, StepUpPurpose, StepUpSubject,
    VerifyStepUpRequest, VerifyStepUpResponse,
};
use store::{About, Mode};
use tonic::{Request, Response};

use super::{StepUp, medium, reuse_id, table};
use crate::{
    account,
    code::{self, Destination, Sending, Verdict, judge, normalise},
    error::Error,
    factor, organisation, session,
    state::State,
};

/// How long a step-up may ask for new codes.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// StartStepUp.
pub async fn start(
    state: &State,
    request: Request<StartStepUpRequest>,
) -> Result<Response<StartStepUpResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let session = ctx.session.ok_or_else(Failure::token_refused)?;
    let request = request.into_inner();
    let purpose = request.purpose();
    if purpose == StepUpPurpose::Unspecified {
        return Err(Error::field("purpose", ErrorReason::FieldMissing));
    }
    let subject = request.subject.clone().unwrap_or_default();
    let signs = purpose == StepUpPurpose::Sign;
    let names_document = subject.document_hash.len() == 64 && !subject.document_kind.is_empty();
    if signs != names_document {
        return Err(Error::field("subject", ErrorReason::FieldMalformed));
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let settings = organisation::settings(&mut tx).await?;
    let account = account::find_own(&mut tx).await?;
    let encoded = subject.encode_to_vec();
    let waiting = table::lock(&mut tx, session).await?;
    let step_up = reuse_id(waiting, StepUp { id: chassis::id::v7(ctx.now), purpose, subject: encoded });
    table::upsert(&mut tx, session, &step_up).await?;
    let login_factor = factor::from_setting(settings.login.unwrap_or_default().second_factor());
    let medium = medium(purpose, login_factor, !account.phone.is_empty());
    let sending = Sending {
        id: step_up.id,
        purpose: if signs { code::Purpose::Signing(subject) } else { code::Purpose::StepUp },
        to: Destination::of(&account, medium)?,
        ends_at: ctx.now + LIFE,
        address: &request.address,
    };
    let sent = code::send(state, &mut tx, &settings, &account, sending).await.map_err(to_too_many_codes)?;
    tx.commit().await?;
    Ok(Response::new(StartStepUpResponse { code: Some(sent) }))
}

/// Turns `LOGIN_ENDED` into `TOO_MANY_CODES`: too many tries end a login, but not a session.
fn to_too_many_codes(error: Error) -> Error {
    match error {
        Error::Reason(ErrorReason::LoginEnded) => ErrorReason::TooManyCodes.into(),
        error => error,
    }
}

/// VerifyStepUp. The try is counted and committed before the code is judged.
pub async fn verify(
    state: &State,
    request: Request<VerifyStepUpRequest>,
) -> Result<Response<VerifyStepUpResponse>, Error> {
    let ctx = Ctx::from_request(&request)?;
    let session = ctx.session.ok_or_else(Failure::token_refused)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Count).await?;
    let step_up = table::lock(&mut tx, session).await?;
    let step_up = step_up.filter(|step_up| step_up.purpose == request.get_ref().purpose());
    let step_up = step_up.ok_or(ErrorReason::StepUpEnded)?;
    let code = code::table::count_try(&mut tx, step_up.id).await?.ok_or(ErrorReason::StepUpEnded)?;
    tx.commit().await?;

    let typed = normalise(&request.get_ref().code, &code.shown_digits);
    match judge(&state.hash_keys, &code, &typed, ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(ErrorReason::CodeExpired.into()),
        Verdict::Wrong => {
            ctx.deny();
            return Err(Error::field("code", ErrorReason::CodeWrong));
        }
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    // Delete the step-up before the code, in the lock order of `start`: two requests must not deadlock.
    table::delete(&mut tx, session).await?;
    if !code::table::consume(&mut tx, &code).await? {
        return Err(ErrorReason::CodeExpired.into());
    }
    let account = account::own_id(&ctx)?;
    let mut response = VerifyStepUpResponse::default();
    if step_up.purpose == StepUpPurpose::Level {
        let token = ScopedToken::generate(ctx.organisation);
        let amr = factor::SMS.amr.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        session::table::raise_level(&mut tx, session, factor::SMS.level, &amr, &token).await?;
        token.expose().clone_into(&mut response.session_token);
        let event = SessionChanged { session_id: session.to_string(), account_id: account.to_string() };
        tx.emit(About::new(session.uuid(), 1), &event).await?;
    } else {
        let subject = StepUpSubject::decode(step_up.subject.as_slice()).unwrap_or_default();
        let proof = Proof {
            organisation: ctx.organisation,
            account,
            session,
            purpose: step_up.purpose.into(),
            document_hash: subject.document_hash,
            document_kind: subject.document_kind,
            document_version: subject.document_version,
        };
        response.proof = proof.sign(&state.signer, ctx.now)?;
    }
    tx.commit().await?;
    Ok(Response::new(response))
}
