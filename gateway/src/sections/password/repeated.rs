//! A new password is typed twice.

use proto::gateway::v1::ErrorReason;

use crate::problem::Problem;

/// Compares the two (T21, P39).
///
/// # Errors
/// `PASSWORDS_DIFFER`, for the field where the password is typed again.
pub fn are_same(new: &str, repeated: &str, field: &str) -> Result<(), Problem> {
    if new == repeated { Ok(()) } else { Err(Problem::of_field(field, ErrorReason::PasswordsDiffer)) }
}
