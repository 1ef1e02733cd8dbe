//! Routes, and how the form of a route is handled. Each route declares it, and the layer around handlers
//! looks it up.

use std::collections::HashMap;

use proto::identity::v1::StepUpPurpose;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::{Form, FormField, Handling};
use crate::app::App;

/// The page on which a form is. A route that only takes a form has no page at its own path.
#[derive(Clone, Copy, Debug)]
pub enum FormPage {
    /// The page at the route's own path.
    Own,
    /// The page at this path.
    At(&'static str),
    /// The page one level above the route's path, with this query.
    Parent(&'static str),
}

/// How the form that a page sends to a route is handled.
#[derive(Clone, Copy, Debug)]
pub struct FormRoute {
    /// The fields of the form.
    pub fields: &'static [FormField],
    /// The page on which the form is.
    pub page: FormPage,
    /// Whether the form must carry the stamp of its session, because it is about the account or its chosen
    /// client.
    pub is_stamped: bool,
    /// Whether the form is about the account alone, whichever client is chosen.
    pub is_of_account: bool,
    /// The purpose of the step-up, where the services ask for a step-up before they take the form.
    pub step_up: StepUpPurpose,
    /// Whether what was typed is kept while the person logs in again, steps up or goes back to another
    /// client.
    pub is_kept: bool,
}

impl Default for FormRoute {
    /// The strict default, for buttons and for routes that declare nothing: the form must carry a stamp.
    fn default() -> Self {
        Self {
            fields: &[],
            page: FormPage::Own,
            is_stamped: true,
            is_of_account: false,
            step_up: StepUpPurpose::Level,
            is_kept: true,
        }
    }
}

impl FormRoute {
    /// For a form that the type `F` reads.
    #[must_use]
    pub fn of<F: Form>() -> Self {
        Self { fields: F::FIELDS, ..Self::default() }
    }

    /// For a button, which is a form without fields.
    #[must_use]
    pub fn button() -> Self {
        Self::default()
    }

    /// The form is on this page, not on a page at the route's path.
    #[must_use]
    pub fn on_page(self, page: &'static str) -> Self {
        Self { page: FormPage::At(page), ..self }
    }

    /// The form is on the page one level above the route's path, with this query.
    #[must_use]
    pub fn on_parent(self, query: &'static str) -> Self {
        Self { page: FormPage::Parent(query), ..self }
    }

    /// The form carries no stamp: it is sent before the login, or it is about nobody's data.
    #[must_use]
    pub fn without_stamp(self) -> Self {
        Self { is_stamped: false, ..self }
    }

    /// The form is about the account, not about the chosen client.
    #[must_use]
    pub fn of_account(self) -> Self {
        Self { is_of_account: true, ..self }
    }

    /// The form changes the address or number of the account, which needs a step-up for that purpose.
    #[must_use]
    pub fn of_contact(self) -> Self {
        Self { step_up: StepUpPurpose::Contact, ..self.of_account() }
    }

    /// The form is not kept, because it is only a step on the way to another form.
    #[must_use]
    pub fn not_kept(self) -> Self {
        Self { is_kept: false, ..self }
    }

    /// Whether a field of this name is a secret.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name && field.handling == Handling::Secret)
    }

    /// The names of the fields that have a label and are shown to the person again.
    pub fn shown(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.fields.iter().filter(|field| field.handling == Handling::Shown).map(|field| field.name)
    }

    /// The path of the page with the form, for a form that was sent to `path`.
    #[must_use]
    pub fn page_of(&self, path: &str) -> String {
        match self.page {
            FormPage::Own => path.to_owned(),
            FormPage::At(page) => page.to_owned(),
            FormPage::Parent(query) => {
                format!("{}{query}", path.rsplit_once('/').map_or("/", |(parent, _)| parent))
            }
        }
    }
}

/// How the form of each route is handled, by the route's path.
pub type FormRoutes = HashMap<String, FormRoute>;

/// The routes of a part of the portal: handlers, their description, and how their forms are handled.
#[derive(Default)]
pub struct Routes {
    pub router: OpenApiRouter<App>,
    pub forms: FormRoutes,
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a path that takes no form.
    #[must_use]
    pub fn page(self, routes: UtoipaMethodRouter<App>) -> Self {
        Self { router: self.router.routes(routes), ..self }
    }

    /// Adds a path that takes a form.
    #[must_use]
    pub fn form(mut self, routes: UtoipaMethodRouter<App>, form: FormRoute) -> Self {
        self.forms.extend(routes.1.paths.keys().map(|path| (path.clone(), form)));
        self.page(routes)
    }

    /// Adds the routes of another part.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.forms.extend(other.forms);
        Self { router: self.router.merge(other.router), ..self }
    }
}
