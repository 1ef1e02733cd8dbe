//! A step-up: a code inside a session that proves again who the person is. One at a time, for one purpose.
//!
//! asked → (code) → proven. The result is a higher level of the session, or a signed proof that names
//! purpose, subject, account and session.

pub mod rpc;
mod table;

use proto::identity::v1::StepUpPurpose as Purpose;
use uuid::Uuid;

use crate::factor::{Factor, Medium, SMS};

/// A step-up that waits for its code.
#[derive(Clone, Debug)]
pub struct StepUp {
    /// The id.
    pub id: Uuid,
    /// What the proof may be used for.
    pub purpose: Purpose,
    /// The encoded `StepUpSubject`: the document, if the purpose is signing.
    pub subject: Vec<u8>,
}

/// How the code is sent: by SMS, because an e-mail proves too little (OTP-03). Access to somebody's mailbox
/// must not be enough to change that person's number. Only the contact change of an account without a number
/// uses the login's medium.
#[must_use]
pub const fn medium(purpose: Purpose, login: Factor, has_phone: bool) -> Medium {
    match purpose {
        Purpose::Contact if !has_phone => login.medium,
        _ => SMS.medium,
    }
}

/// Gives the new step-up the id of the step-up that still waits, so that its counts of codes and tries go on,
/// even for another purpose.
#[must_use]
pub fn reuse_id(waiting: Option<StepUp>, new: StepUp) -> StepUp {
    StepUp { id: waiting.map_or(new.id, |waiting| waiting.id), ..new }
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::SecondFactor;

    use super::*;
    use crate::factor;

    #[test]
    fn signing_and_level_codes_always_go_by_sms() {
        let email = factor::from_setting(SecondFactor::EmailEach);
        assert_eq!(medium(Purpose::Sign, email, false), Medium::Sms);
        assert_eq!(medium(Purpose::Level, email, false), Medium::Sms);
        assert_eq!(medium(Purpose::Contact, email, true), Medium::Sms);
        assert_eq!(medium(Purpose::Contact, email, false), Medium::Email);
    }
}
