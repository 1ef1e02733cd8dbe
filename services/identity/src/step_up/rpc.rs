//! Asking for a code in a session, and what a right one proves.

use chassis::{Ctx, Failure, proof::Proof, secret::ScopedToken};
use jiff::SignedDuration;
use prost::Message;
use proto::identity::v1::{
    ErrorReason, SessionChanged, StartStepUpRequest, StartStepUpResponse, StepUpPurpose, StepUpSubject,
    VerifyStepUpRequest, VerifyStepUpResponse,
};
use store::{About, Mode};
use tonic::{Request, Response};

use super::{StepUp, ask, medium, table};
use crate::{
    account,
    code::{self, Sending, To, Verdict, judge, normalise},
    error::Error,
    factor, organisation, session,
    state::State,
};

/// How long new codes can be asked for.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// StartStepUp.
pub async fn start(
    state: &State,
    request: Request<StartStepUpRequest>,
) -> Result<Response<StartStepUpResponse>, Error> {
    let ctx = Ctx::of(&request)?;
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
    let account = account::own(&mut tx).await?;
    let asked = subject.encode_to_vec();
    let there = table::lock(&mut tx, session).await?;
    let step_up = ask(there, StepUp { id: chassis::id::v7(ctx.now), purpose, subject: asked });
    table::upsert(&mut tx, session, &step_up).await?;
    let login_factor = factor::of(settings.login.unwrap_or_default().second_factor());
    let medium = medium(purpose, login_factor, !account.phone.is_empty());
    let sending = Sending {
        id: step_up.id,
        purpose: if signs { code::Purpose::Signing(subject) } else { code::Purpose::StepUp },
        to: To::of(&account, medium)?,
        ends_at: ctx.now + LIFE,
        address: &request.address,
    };
    let sent = code::send(state, &mut tx, &settings, &account, sending).await.map_err(ended)?;
    tx.commit().await?;
    Ok(Response::new(StartStepUpResponse { code: Some(sent) }))
}

/// What ends a login ends no session; a new code would give no new tries.
fn ended(error: Error) -> Error {
    match error {
        Error::Reason(ErrorReason::LoginEnded) => ErrorReason::TooManyCodes.into(),
        error => error,
    }
}

/// VerifyStepUp: the try is counted and committed before it is judged.
pub async fn verify(
    state: &State,
    request: Request<VerifyStepUpRequest>,
) -> Result<Response<VerifyStepUpResponse>, Error> {
    let ctx = Ctx::of(&request)?;
    let session = ctx.session.ok_or_else(Failure::token_refused)?;
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    let step_up = table::lock(&mut tx, session).await?;
    let step_up = step_up.filter(|it| it.purpose == request.get_ref().purpose());
    let step_up = step_up.ok_or(ErrorReason::StepUpEnded)?;
    let code = code::table::count_try(&mut tx, step_up.id).await?.ok_or(ErrorReason::StepUpEnded)?;
    tx.commit().await?;

    let typed = normalise(&request.get_ref().code, &code.shown_digits);
    let typed = state.hash_key.hash("code", step_up.id, &typed);
    match judge(&code, &typed, ctx.now) {
        Verdict::Right => {}
        Verdict::Expired => return Err(ErrorReason::CodeExpired.into()),
        Verdict::Wrong => return Err(Error::field("code", ErrorReason::CodeWrong)),
    }
    let mut tx = state.db.in_organisation(&ctx, Mode::Write).await?;
    // The step-up first, as where it is asked for: two never wait for each other.
    table::delete(&mut tx, session).await?;
    if !code::table::take(&mut tx, &code).await? {
        return Err(ErrorReason::CodeExpired.into());
    }
    let account = account::own_id(&ctx)?;
    let mut response = VerifyStepUpResponse::default();
    if step_up.purpose == StepUpPurpose::Level {
        let token = ScopedToken::generate(ctx.organisation);
        let amr = factor::SMS.amr.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        session::table::raise(&mut tx, session, factor::SMS.level, &amr, &token).await?;
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
