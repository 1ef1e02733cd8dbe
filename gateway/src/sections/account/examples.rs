//! The states of the pages of the account, for the style guide.

use proto::identity::v1::ErrorReason;

use super::{
    AccountView,
    contact::{Contact, ContactView},
    password::{NewPassword, NewPasswordFields, PasswordView},
    preferences::{PreferencesFields, PreferencesView},
    security::{DeviceRow, SecurityView, SessionRow},
};
use crate::{
    example::{Example, days_ago, long_name, problem_of},
    form::FormFields,
    page::FormState,
    problem::Problem,
};

/// The states.
#[must_use]
pub fn examples() -> Vec<Example> {
    let account = |may_edit| AccountView {
        name: long_name(),
        username: "een.heel.lange.gebruikersnaam.zonder.spaties@een-heel-lang-domein.voorbeeld.nl".to_owned(),
        email: "een.heel.lange.gebruikersnaam.zonder.spaties@een-heel-lang-domein.voorbeeld.nl".to_owned(),
        phone: "+31610320000".to_owned(),
        password_until: Some(days_ago(-30)),
        may_edit,
        may_see_users: true,
        has_terms: true,
    };
    let missing = problem_of(&[("new_password", ErrorReason::PasswordPersonal.into())]);
    let password = PasswordView {
        fields: NewPasswordFields::filled(&NewPassword::default(), &missing),
        form: FormState::refused(missing),
    };
    let preferences = PreferencesView {
        language: "nl".to_owned(),
        text_size: "large".to_owned(),
        fields: PreferencesFields::default(),
    };
    vec![
        Example::inside("account", account(true)),
        Example::inside("account-by-staff", account(false)),
        Example::inside("account-password", PasswordView::default()),
        Example::inside("account-password-wrong", password),
        Example::inside("account-email", contact(Contact::Email, false, None)),
        Example::inside(
            "account-email-wrong",
            contact(Contact::Email, false, Some(ErrorReason::FieldMalformed)),
        ),
        Example::inside("account-phone-code", contact(Contact::Phone, true, Some(ErrorReason::CodeWrong))),
        Example::inside("account-security", security()),
        Example::inside("account-preferences", preferences),
    ]
}

fn contact(contact: Contact, is_sent: bool, reason: Option<ErrorReason>) -> ContactView {
    let current = if contact == Contact::Email { "m.jansen@voorbeeld.nl" } else { "+31610320000" };
    let mut view = ContactView { contact, is_sent, current: current.to_owned(), ..ContactView::default() };
    (view.value.name, view.code.name) = ("value", "code");
    if let Some(reason) = reason {
        let field = if is_sent { &mut view.code } else { &mut view.value };
        let name = if is_sent { "code" } else { contact.name() };
        let problem = Problem::of_field(name, reason);
        field.error = problem.field_word(name);
        view.form = FormState::refused(problem);
    }
    view
}

fn security() -> SecurityView {
    let session = |number: i32, name: String| SessionRow {
        id: number.to_string(),
        device_name: name,
        started_at: days_ago(i64::from(number)),
        is_this: number == 0,
        impersonator: if number == 2 { long_name() } else { String::new() },
    };
    let device = |name: String| DeviceRow {
        id: "d".to_owned(),
        name,
        added_at: days_ago(3),
        expires_at: days_ago(-87),
    };
    SecurityView {
        sessions: vec![
            session(0, "Chrome op Windows".to_owned()),
            session(1, long_name()),
            session(2, String::new()),
        ],
        devices: vec![device(long_name()), device(String::new())],
        session_field: "session",
        device_field: "device",
    }
}
