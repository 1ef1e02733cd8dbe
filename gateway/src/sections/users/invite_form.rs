//! The form that adds a person.

use crate::form::form;

form! {
    /// A person to invite.
    pub struct Guest, shown as GuestFields {
        /// The name.
        #[schema(min_length = 1, max_length = 200)]
        shown name: String,
        /// The e-mail address.
        #[schema(format = Email, max_length = 254)]
        shown email: String,
        /// The mobile number; needed where the organisation sends codes by SMS.
        shown phone: String,
        /// `relative` or `third-party`.
        hidden relation: String,
        /// The last day of access, as ISO 8601; empty: no end.
        shown valid_until: String,
    }
}
