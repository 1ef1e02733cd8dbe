//! The forms of the steps of a login.

#![expect(clippy::struct_field_names, reason = "the names are those of the JSON document")]

use crate::form::form;

form! {
    /// User name and password.
    pub struct Credentials, shown as CredentialsFields {
        /// The organisation's name, where the host serves several organisations (T12).
        hidden organisation: String,
        /// The user name.
        #[schema(max_length = 300)]
        shown username: String,
        /// The password.
        secret password: String,
    }
    continues
}

form! {
    /// The code that was sent.
    pub struct TypedCode, shown as CodeFields {
        /// The code as typed: spaces and dashes are ignored.
        secret code: String,
    }
    continues
}

form! {
    /// Asks to send a code.
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
        /// The new password.
        #[schema(min_length = 8, max_length = 1000)]
        secret new_password: String,
        /// The new password again.
        secret repeat_password: String,
    }
    continues
}

form! {
    /// Agrees to the terms.
    pub struct Agreement, shown as AgreementFields {
        /// The version of the terms that the person read.
        hidden version: i32,
    }
    continues
}

form! {
    /// Accepts an invitation, or declines it.
    pub struct InvitationAnswer, shown as InvitationAnswerFields {
        /// The id of the invitation.
        hidden invitation: String,
    }
    continues
}
