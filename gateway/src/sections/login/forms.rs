//! What the steps of a login take.

use crate::form::form;

form! {
    /// User name and password.
    pub struct Credentials, shown as CredentialsFields {
        /// The organisation's name, where the host does not tell it (T12).
        hidden organisation: String,
        /// The user name.
        shown username: String,
        /// The password.
        secret password: String,
    }
    continues
}

form! {
    /// A code.
    pub struct TypedCode, shown as CodeFields {
        /// As typed: spaces and dashes are ignored.
        secret code: String,
    }
    continues
}

form! {
    /// Asks for a code.
    pub struct CodeRequest, shown as CodeRequestFields {
        /// The telephone number, where the organisation asks for it (R13).
        shown phone: String,
    }
    continues
}

form! {
    /// A new password (T20–T22).
    pub struct OwnPassword, shown as OwnPasswordFields {
        /// The password that the login began with.
        secret current_password: String,
        /// The new one.
        secret new_password: String,
        /// The new one again.
        secret repeat_password: String,
    }
    continues
}

form! {
    /// Agrees to the terms.
    pub struct Agreement, shown as AgreementFields {
        /// The version that was shown.
        hidden version: i32,
    }
    continues
}

form! {
    /// Accepts an invitation, or declines it.
    pub struct InvitationAnswer, shown as InvitationAnswerFields {
        /// The invitation, by its id.
        hidden invitation: String,
    }
    continues
}
