//! The check that a new password was typed twice in the same way.

use proto::gateway::v1::ErrorReason;

use crate::problem::Problem;

/// Checks that both typed passwords are the same (T21, P39).
///
/// # Errors
/// `PASSWORDS_DIFFER`, for the field where the password is typed again.
pub fn are_same(new: &str, repeated: &str, field: &str) -> Result<(), Problem> {
    if new == repeated { Ok(()) } else { Err(Problem::of_field(field, ErrorReason::PasswordsDiffer)) }
}
