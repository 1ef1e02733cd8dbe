//! The states of the pages for a forgotten password, for the style guide.

use std::sync::Arc;

use proto::{Reason, identity::v1::ErrorReason};

use super::{
    forgotten::{Forgotten, ForgottenFields, ForgottenView},
    reset::{Replacement, ReplacementFields, ResetView},
};
use crate::{
    example::{Example, problem_of},
    form::FormFields,
    page::FormState,
    problem::Problem,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let missing = Reason::from(ErrorReason::FieldMissing);
    let empty = problem_of(&[("organisation", missing), ("username", missing), ("email", missing)]);
    let fields = ForgottenFields::filled(&Forgotten::default(), &empty);
    let forgotten = ForgottenView { fields, ..ForgottenView::new(None, FormState::refused(empty)) };
    let link = Problem::new(ErrorReason::LinkExpired);
    let wrong = problem_of(&[("username", missing), ("new_password", missing), ("repeat_password", missing)]);
    let fields = ReplacementFields::filled(&Replacement::default(), &wrong);
    let reset = ResetView { fields, form: FormState::refused(wrong), ..ResetView::default() };
    vec![
        Example::outside("forgotten", Arc::new(ForgottenView::new(None, FormState::default()))),
        Example::outside("forgotten-empty", Arc::new(forgotten)),
        Example::outside("forgotten-link", Arc::new(ForgottenView::new(None, FormState::refused(link)))),
        Example::outside("reset", Arc::new(ResetView::default())),
        Example::outside("reset-wrong", Arc::new(reset)),
    ]
}
