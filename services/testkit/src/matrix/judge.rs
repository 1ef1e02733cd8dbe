//! The expected result of a call, and what is wrong with another result. Has no side effects.

use bytes::Bytes;
use tonic::{Code, Status};
use tonic_types::StatusExt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The call is let in. It must succeed if `must_answer` is set.
    Answer,
    /// The call is refused with this code and reason.
    Refusal(Code, &'static str),
    /// The call is let in, but must neither show nor change the client's data.
    NoData,
}

pub(super) type CallResult = Result<Vec<Bytes>, Status>;

pub(super) const TOKEN_REFUSED: Expected = Expected::Refusal(Code::Unauthenticated, "TOKEN_REFUSED");
pub(super) const NOT_FOUND: Expected = Expected::Refusal(Code::NotFound, "NOT_FOUND");

/// What is wrong with the result of a call; `None` if the result is as expected.
pub(super) fn judge(
    expected: Expected,
    result: &CallResult,
    changed: bool,
    secrets: &[String],
    must_answer: bool,
) -> Option<String> {
    match (expected, result) {
        (Expected::Answer, Ok(_)) => None,
        (Expected::Answer, Err(status)) => {
            (must_answer || is_access_refusal(status)).then(|| format!("{status:?}"))
        }
        (Expected::Refusal(..), Ok(_)) => Some("was let in".to_owned()),
        (Expected::Refusal(code, wanted), Err(status)) => {
            let same = status.code() == code && reason(status) == wanted && status.message() == wanted;
            (!same || changed).then(|| format!("{status:?} rather than {wanted}; changed: {changed}"))
        }
        (Expected::NoData, result) => {
            let seen = result.iter().flatten().any(|message| contains_secret(message, secrets));
            let wrong = matches!(result, Err(status) if status.code() != Code::NotFound);
            (seen || changed || wrong)
                .then(|| format!("saw: {seen}; changed: {changed}; refused otherwise: {wrong} {result:?}"))
        }
    }
}

pub(super) fn contains_secret(message: &[u8], secrets: &[String]) -> bool {
    let text = String::from_utf8_lossy(message);
    secrets.iter().any(|secret| text.contains(secret.as_str()))
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Whether the access layer refused the call, and not the service itself.
fn is_access_refusal(status: &Status) -> bool {
    ["TOKEN_REFUSED", "STEP_UP_REQUIRED", "IMPERSONATION_REFUSED"].contains(&&*reason(status))
}

#[cfg(test)]
mod tests {
    use chassis::Failure;

    use super::*;

    fn refusal(failure: Failure) -> CallResult {
        Err(failure.into())
    }

    #[test]
    fn each_wrong_result_is_a_fault_and_the_right_one_is_not() {
        let secrets = ["privé".to_owned()];
        let fault = |expected, result: &CallResult, changed| {
            judge(expected, result, changed, &secrets, true).is_some()
        };
        let (empty, leak) = (Ok(Vec::new()), Ok(vec![Bytes::from("zo privé is dit")]));
        let step_up = Expected::Refusal(Code::PermissionDenied, "STEP_UP_REQUIRED");

        assert!(!fault(Expected::Answer, &leak, true));
        assert!(fault(Expected::Answer, &refusal(Failure::not_found()), false));
        assert!(!fault(TOKEN_REFUSED, &refusal(Failure::token_refused()), false));
        assert!(fault(TOKEN_REFUSED, &refusal(Failure::token_refused()), true), "changed something");
        assert!(fault(TOKEN_REFUSED, &empty, false), "let in");
        assert!(fault(NOT_FOUND, &refusal(Failure::token_refused()), false), "refused for another reason");
        assert!(!fault(step_up, &refusal(Failure::step_up_required()), false));
        assert!(fault(step_up, &refusal(Failure::impersonation_refused()), false));
        assert!(fault(NOT_FOUND, &Err(Status::not_found("no report R1")), false), "free text");
        assert!(!fault(Expected::NoData, &empty, false));
        assert!(!fault(Expected::NoData, &refusal(Failure::not_found()), false));
        assert!(fault(Expected::NoData, &leak, false), "saw a secret");
        assert!(fault(Expected::NoData, &empty, true), "changed something");
        assert!(fault(Expected::NoData, &refusal(Failure::token_refused()), false), "reveals the existence");
    }
}
