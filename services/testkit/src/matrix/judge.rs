//! How a call must end, and what is wrong with one that ends otherwise: pure.

use bytes::Bytes;
use tonic::{Code, Status};
use tonic_types::StatusExt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Let in, and answered where the caller is of an organisation.
    Answer,
    /// Refused, for this reason.
    Refusal(Code, &'static str),
    /// Let in, but sees and changes nothing of the client's.
    Nothing,
}

pub(super) type Answered = Result<Vec<Bytes>, Status>;

pub(super) const UNKNOWN: Wants = Wants::Refusal(Code::Unauthenticated, "TOKEN_REFUSED");
pub(super) const NOT_THERE: Wants = Wants::Refusal(Code::NotFound, "NOT_FOUND");

/// What is wrong with an answer; `None` where it is as it must be.
pub(super) fn judge(
    wants: Wants,
    answer: &Answered,
    changed: bool,
    secrets: &[String],
    of_organisation: bool,
) -> Option<String> {
    match (wants, answer) {
        (Wants::Answer, Ok(_)) => None,
        (Wants::Answer, Err(status)) => {
            (of_organisation || is_refusal(status)).then(|| format!("{status:?}"))
        }
        (Wants::Refusal(..), Ok(_)) => Some("was let in".to_owned()),
        (Wants::Refusal(code, wanted), Err(status)) => {
            let same = status.code() == code && reason(status) == wanted && status.message() == wanted;
            (!same || changed).then(|| format!("{status:?} rather than {wanted}; changed: {changed}"))
        }
        (Wants::Nothing, answer) => {
            let seen = answer.iter().flatten().any(|message| holds(message, secrets));
            let wrong = matches!(answer, Err(status) if status.code() != Code::NotFound);
            (seen || changed || wrong)
                .then(|| format!("saw: {seen}; changed: {changed}; refused otherwise: {wrong} {answer:?}"))
        }
    }
}

pub(super) fn holds(message: &[u8], secrets: &[String]) -> bool {
    let text = String::from_utf8_lossy(message);
    secrets.iter().any(|secret| text.contains(secret.as_str()))
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Whether it is the access layer that refused.
fn is_refusal(status: &Status) -> bool {
    ["TOKEN_REFUSED", "STEP_UP_REQUIRED", "IMPERSONATION_REFUSED"].contains(&&*reason(status))
}

#[cfg(test)]
mod tests {
    use chassis::Failure;

    use super::*;

    fn refused(failure: Failure) -> Answered {
        Err(failure.into())
    }

    #[test]
    fn each_wrong_answer_is_a_fault_and_the_right_one_is_none() {
        let secrets = ["privé".to_owned()];
        let fault =
            |wants, answer: &Answered, changed| judge(wants, answer, changed, &secrets, true).is_some();
        let (empty, leak) = (Ok(Vec::new()), Ok(vec![Bytes::from("zo privé is dit")]));
        let step_up = Wants::Refusal(Code::PermissionDenied, "STEP_UP_REQUIRED");

        assert!(!fault(Wants::Answer, &leak, true));
        assert!(fault(Wants::Answer, &refused(Failure::not_found()), false));
        assert!(!fault(UNKNOWN, &refused(Failure::token_refused()), false));
        assert!(fault(UNKNOWN, &refused(Failure::token_refused()), true), "refused, yet something changed");
        assert!(fault(UNKNOWN, &empty, false), "let in");
        assert!(fault(NOT_THERE, &refused(Failure::token_refused()), false), "for another reason");
        assert!(!fault(step_up, &refused(Failure::step_up_required()), false));
        assert!(fault(step_up, &refused(Failure::impersonation_refused()), false));
        assert!(fault(NOT_THERE, &Err(Status::not_found("no report R1")), false), "free text");
        assert!(!fault(Wants::Nothing, &empty, false));
        assert!(!fault(Wants::Nothing, &refused(Failure::not_found()), false));
        assert!(fault(Wants::Nothing, &leak, false), "saw a secret");
        assert!(fault(Wants::Nothing, &empty, true), "changed something");
        assert!(fault(Wants::Nothing, &refused(Failure::token_refused()), false), "tells that it is there");
    }
}
