//! Proving more surely who is there, in a session: one at a time, for one purpose.
//!
//! asked → (code) → proven. What is proven is a higher level of the session, or a signed proof that names purpose, subject,
//! account and session.

pub mod rpc;
mod table;

use proto::identity::v1::StepUpPurpose as Purpose;
use uuid::Uuid;

use crate::factor::{Factor, Medium, SMS};

/// A step-up that waits for its code.
#[derive(Clone, Debug)]
pub struct StepUp {
    /// Its id.
    pub id: Uuid,
    /// What for.
    pub purpose: Purpose,
    /// About what, as the contract writes it.
    pub subject: Vec<u8>,
}

/// How the code travels: by SMS where more than an e-mail proves is needed, else as at the login (OTP-03). Whoever reads
/// somebody's mail must not come to their number by it: who has a number proves with that.
#[must_use]
pub const fn medium(purpose: Purpose, login: Factor, has_phone: bool) -> Medium {
    match purpose {
        Purpose::Contact if !has_phone => login.medium,
        _ => SMS.medium,
    }
}

/// What is asked for now, under the id of what was asked for before, where that waits: the counts of codes and tries go
/// on, whatever it is for.
#[must_use]
pub fn ask(there: Option<StepUp>, new: StepUp) -> StepUp {
    StepUp { id: there.map_or(new.id, |there| there.id), ..new }
}

#[cfg(test)]
mod tests {
    use proto::identity::v1::SecondFactor;

    use super::*;
    use crate::factor;

    #[test]
    fn signing_and_higher_levels_always_ask_by_sms() {
        let email = factor::of(SecondFactor::EmailEach);
        assert_eq!(medium(Purpose::Sign, email, false), Medium::Sms);
        assert_eq!(medium(Purpose::Level, email, false), Medium::Sms);
        assert_eq!(medium(Purpose::Contact, email, true), Medium::Sms);
        assert_eq!(medium(Purpose::Contact, email, false), Medium::Email);
    }
}
