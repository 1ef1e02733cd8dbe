//! Routes, and how the form of a route is handled: declared where the route is, looked up by the layer around handlers.

use std::collections::HashMap;

use proto::identity::v1::StepUpPurpose;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::{Form, FormField, Handling};
use crate::app::App;

/// The page that holds a form: some routes only take forms.
#[derive(Clone, Copy, Debug)]
pub enum FormPage {
    /// The page with the route's own path.
    Own,
    /// Another page.
    At(&'static str),
    /// The page above the route's path, with a query.
    Parent(&'static str),
}

/// How the form that a page sends to a route is handled.
#[derive(Clone, Copy, Debug)]
pub struct FormRoute {
    /// The fields of the form.
    pub fields: &'static [FormField],
    /// The page that holds the form.
    pub page: FormPage,
    /// Whether the form must carry the stamp of its session: it is about the account or its chosen client.
    pub is_stamped: bool,
    /// Whether the form is about the account alone, whichever client is chosen.
    pub is_of_account: bool,
    /// What a step-up for the form is for, where the services ask for one.
    pub step_up: StepUpPurpose,
    /// Whether what was typed is kept while the person logs in again, steps up or goes back to another client.
    pub is_kept: bool,
}

impl Default for FormRoute {
    /// The strict one: for buttons and for routes that declare nothing.
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
    /// For a form that this type reads.
    #[must_use]
    pub fn of<F: Form>() -> Self {
        let has_secret = F::FIELDS.iter().any(|field| field.handling == Handling::Secret);
        Self { fields: F::FIELDS, is_kept: !has_secret, ..Self::default() }
    }

    /// For a form without fields: a button.
    #[must_use]
    pub fn button() -> Self {
        Self::default()
    }

    /// The form stands on another page than the route's path.
    #[must_use]
    pub fn on_page(self, page: &'static str) -> Self {
        Self { page: FormPage::At(page), ..self }
    }

    /// The form stands on the page above the route's path, with this query.
    #[must_use]
    pub fn on_parent(self, query: &'static str) -> Self {
        Self { page: FormPage::Parent(query), ..self }
    }

    /// The form is sent by strangers, or is about nobody: it carries no stamp.
    #[must_use]
    pub fn without_stamp(self) -> Self {
        Self { is_stamped: false, ..self }
    }

    /// The form is about the account, not about the chosen client.
    #[must_use]
    pub fn of_account(self) -> Self {
        Self { is_of_account: true, ..self }
    }

    /// The form changes where the account is reached: a step-up has to prove that the person may.
    #[must_use]
    pub fn of_contact(self) -> Self {
        Self { step_up: StepUpPurpose::Contact, ..self.of_account() }
    }

    /// The form is a step on the way to another one, and is not worth keeping.
    #[must_use]
    pub fn not_kept(self) -> Self {
        Self { is_kept: false, ..self }
    }

    /// The names of the fields that a person knows again by their labels.
    pub fn shown(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.fields.iter().filter(|field| field.handling == Handling::Shown).map(|field| field.name)
    }

    /// The page on which the form stands that was sent to a path.
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
