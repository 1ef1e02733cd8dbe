//! Forms. The type that reads a form states each field once; the page, its errors and the form that waits
//! follow from these fields. How a form is handled is declared at its route ([`FormRoute`]).

mod input;
mod route;

pub use input::{Input, MEDIA_TYPE};
pub use route::{FormRoute, FormRoutes, Routes};

use crate::problem::Problem;

/// What happens to a field's value when the form cannot be taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// Never kept: passwords, codes and proofs. A form that brings a secret is not kept at all.
    Secret,
    /// Kept, and shown to the person before the form is sent again.
    Shown,
    /// Kept, and not shown: ids and choices of the page.
    Hidden,
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
pub struct FormField {
    /// The name, in the page and in the JSON document.
    pub name: &'static str,
    /// What happens to its value when the form cannot be taken yet.
    pub handling: Handling,
}

/// The type that reads a form or its JSON document. Made by [`form!`].
pub trait Form {
    /// The fields, in the order of the page.
    const FIELDS: &'static [FormField];
}

/// The fields of a form, as a page shows them. Made by [`form!`].
pub trait FormFields: Default {
    /// The type that reads the form.
    type Form: Form;

    /// The fields as the person filled them in, each with what is wrong with it.
    fn filled(form: &Self::Form, problem: &Problem) -> Self;

    /// All fields, in the order of the page.
    fn all(&self) -> Vec<&FieldState>;

    /// The fields with an error, in the order of the page.
    fn with_error(&self) -> Vec<&FieldState> {
        self.all().into_iter().filter(|field| field.error.is_some()).collect()
    }
}

/// A field as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct FieldState {
    /// The name.
    pub name: &'static str,
    /// What was typed; empty for a secret.
    pub value: String,
    /// The Fluent key of what is wrong; `None`: nothing is wrong.
    pub error: Option<String>,
    /// Whether the error at the top of the page is about this field, together with others.
    pub shares_error: bool,
    /// Whether the field is the only one of its form: an error then takes the focus, without a list at the top.
    pub is_alone: bool,
}

impl FieldState {
    /// A field that the person has not filled in yet.
    #[must_use]
    pub fn empty(field: FormField) -> Self {
        Self { name: field.name, ..Self::default() }
    }

    /// Whether what was filled in is wrong.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.shares_error || self.error.is_some()
    }

    /// Whether the error's text fits any field, so that the field's label must stand before the text.
    #[must_use]
    pub fn has_general_error(&self) -> bool {
        let general = ["-field-missing", "-field-malformed", "-field-too-long"];
        self.error.as_deref().is_some_and(|error| general.iter().any(|end| error.ends_with(end)))
    }

    /// A field that was filled in, and what is wrong with it.
    #[must_use]
    pub fn filled(field: FormField, value: &impl ToString, problem: &Problem) -> Self {
        let is_secret = field.handling == Handling::Secret;
        let value = if is_secret { String::new() } else { value.to_string() };
        Self { name: field.name, value, error: problem.field_word(field.name), ..Self::default() }
    }
}

/// Defines the type that reads a form, and the type of its fields as the page shows them.
///
/// Each field has a [`Handling`] (`secret`, `shown` or `hidden`), a name and a type. A form that ends in
/// `continues` also carries a [`Continuation`](crate::continuation::Continuation); such a form may have no
/// fields of its own.
macro_rules! form {
    (
        $(#[$meta:meta])*
        $vis:vis struct $form:ident, shown as $fields:ident {
            $($(#[$doc:meta])* $handling:ident $field:ident: $type:ty,)*
        }
        $($continues:ident)?
    ) => {
        form!(@struct [$(#[$meta])*] [$vis] $form { $($(#[$doc])* $field: $type,)* } $($continues)?);

        impl $crate::form::Form for $form {
            const FIELDS: &'static [$crate::form::FormField] = &[$($fields::$field,)*];
        }

        /// The form's fields, as the page shows them.
        #[derive(Clone, Debug)]
        $vis struct $fields {
            $($vis $field: $crate::form::FieldState,)*
        }

        #[expect(non_upper_case_globals, reason = "the constants have the names of the fields")]
        impl $fields {
            $(const $field: $crate::form::FormField = $crate::form::FormField {
                name: stringify!($field),
                handling: form!(@handling $handling),
            };)*
        }

        impl Default for $fields {
            fn default() -> Self {
                Self { $($field: $crate::form::FieldState::empty(Self::$field),)* }
            }
        }

        impl $crate::form::FormFields for $fields {
            type Form = $form;

            fn filled(_form: &$form, _problem: &$crate::problem::Problem) -> Self {
                Self { $($field: $crate::form::FieldState::filled(Self::$field, &_form.$field, _problem),)* }
            }

            fn all(&self) -> Vec<&$crate::form::FieldState> {
                vec![$(&self.$field,)*]
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $form:ident continues) => {
        form!(@struct [$(#[$meta])*] [$vis] $form {} continues);
    };
    (@struct [$(#[$meta:meta])*] [$vis:vis] $form:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $vis struct $form {
            $($(#[$doc])* #[serde(default)] $vis $field: $type,)*
        }
    };
    (@struct [$(#[$meta:meta])*] [$vis:vis] $form:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* } continues) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $vis struct $form {
            $($(#[$doc])* #[serde(default)] $vis $field: $type,)*
            /// The page to go to afterwards.
            next: Option<String>,
            /// The sealed form that waits until this form is done, as the page holds it.
            pending_form: Option<String>,
        }

        impl $form {
            /// What the form carries along to the next step.
            $vis fn continuation(&self) -> $crate::continuation::Continuation {
                $crate::continuation::Continuation {
                    next: self.next.clone(),
                    pending_form: self.pending_form.clone(),
                }
            }
        }
    };
    (@handling secret) => { $crate::form::Handling::Secret };
    (@handling shown) => { $crate::form::Handling::Shown };
    (@handling hidden) => { $crate::form::Handling::Hidden };
}
pub(crate) use form;
