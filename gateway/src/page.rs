//! What a handler returns: a view, a refused form or the next path. The render layer makes the answer.

use std::sync::Arc;

use askama::{Template, Values};
use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;
use serde::Serialize;

use crate::{continuation::Continuation, problem::Problem, session::Session};

/// The room that is made for a page, in bytes: most pages fit, so that they are written without being copied.
pub const PAGE_CAPACITY: usize = 16 * 1024;

/// Whether a request asked for a page or for JSON. Its path alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// A page.
    Html,
    /// The same content as a JSON document.
    Json,
}

impl Representation {
    /// The layer of the routes at `/`: their requests ask for pages.
    pub async fn html(mut request: Request, next: Next) -> Response {
        request.extensions_mut().insert(Self::Html);
        next.run(request).await
    }

    /// The layer of the routes at `/api/v1`: their requests ask for JSON.
    pub async fn json(mut request: Request, next: Next) -> Response {
        request.extensions_mut().insert(Self::Json);
        next.run(request).await
    }

    /// What a path asks for, also where it matches no route.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/") || path.starts_with("/live") { Self::Json } else { Self::Html }
    }
}

/// The page one level up, to which a page leads back.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// The path of that page.
    pub path: &'static str,
    /// The Fluent key of its title.
    pub title: &'static str,
}

/// The data of a page: its template may use all fields, and JSON shows those that are serialised.
pub trait View: Template + Serialize + Send + Sync + 'static {
    /// The Fluent key of the page's title.
    const TITLE: &'static str;

    /// The Fluent key of this page's title, for a view with more than one title.
    fn title(&self) -> &'static str {
        Self::TITLE
    }

    /// The page one level up; `None` for pages that the menu leads to.
    fn parent(&self) -> Option<Parent> {
        None
    }

    /// The state of the page's form; `None` where the page has no form that can be refused.
    fn form(&self) -> Option<&FormState> {
        None
    }

    /// Whether the person has to correct something on the page. The page's title then says so.
    fn has_errors(&self) -> bool {
        self.form().is_some_and(|form| form.problem.is_some())
    }

    /// Whether what the person typed exists only on this page. The page then offers no button that would lose
    /// it, such as the choice of a language.
    fn holds_input(&self) -> bool {
        self.form().is_some_and(|form| form.continuation.pending_form.is_some())
    }
}

/// What a form has beside its fields: why it was refused, and what it carries along to the next step.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Why the form was refused; `None`: the form was not sent yet.
    pub problem: Option<Problem>,
    /// What the form carries along to the next step.
    pub continuation: Continuation,
}

impl FormState {
    /// A form that was refused.
    #[must_use]
    pub fn refused(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// A form that was not sent yet and carries a continuation along.
    #[must_use]
    pub const fn with_continuation(continuation: Continuation) -> Self {
        Self { problem: None, continuation }
    }

    /// The Fluent key of why the form was refused.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        self.problem.as_ref().map(Problem::word)
    }

    /// The Fluent key of what is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field_word(name)
    }
}

/// A view with its type erased.
pub trait AnyView: Send + Sync {
    /// The page's content as HTML.
    fn html(&self, values: &dyn Values) -> askama::Result<String>;
    /// The serialised fields as JSON.
    fn json(&self) -> serde_json::Result<Vec<u8>>;
    /// The Fluent key of the page's title.
    fn title(&self) -> &'static str;
    /// See [`View::parent`].
    fn parent(&self) -> Option<Parent>;
    /// See [`View::has_errors`].
    fn has_errors(&self) -> bool;
    /// See [`View::holds_input`].
    fn holds_input(&self) -> bool;
}

impl<V: View> AnyView for V {
    fn html(&self, values: &dyn Values) -> askama::Result<String> {
        let mut html = String::with_capacity(PAGE_CAPACITY);
        self.render_into_with_values(&mut html, values)?;
        Ok(html)
    }

    fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    fn title(&self) -> &'static str {
        View::title(self)
    }

    fn parent(&self) -> Option<Parent> {
        View::parent(self)
    }

    fn has_errors(&self) -> bool {
        View::has_errors(self)
    }

    fn holds_input(&self) -> bool {
        View::holds_input(self)
    }
}

/// The result of a handler: an extension of its response, which the render layer turns into HTML or JSON.
#[derive(Clone)]
pub enum Outcome {
    /// A view to show.
    View(Arc<dyn AnyView>),
    /// A step is done: a page redirects to the path, JSON gets the serialised outcome.
    Done(Arc<Vec<u8>>, String),
    /// A step is done: a page shows the next view at once, with the session after the step; JSON gets the
    /// serialised outcome.
    Next(Arc<Vec<u8>>, Arc<dyn AnyView>, Option<Arc<Session>>),
    /// A form was refused: a page shows the form again with what was typed, JSON gets the problem.
    Refused(Problem, Arc<dyn AnyView>),
}

/// The result of a handler, with the cookies to set.
pub struct Page(Outcome, Vec<Cookie<'static>>);

impl Page {
    /// Shows a view.
    pub fn show(view: impl View) -> Self {
        Self(Outcome::View(Arc::new(view)), Vec::new())
    }

    /// Shows a view with its type erased.
    pub fn show_any(view: Arc<dyn AnyView>) -> Self {
        Self(Outcome::View(view), Vec::new())
    }

    /// A step is done: a page redirects to `path` (303), JSON gets `outcome` (200).
    pub fn done(outcome: &impl Serialize, path: impl Into<String>) -> Self {
        let outcome = serde_json::to_vec(outcome).unwrap_or_default();
        Self(Outcome::Done(Arc::new(outcome), path.into()), Vec::new())
    }

    /// A step is done: a page shows `view` at once, with the session after the step; JSON gets `outcome`
    /// (200).
    pub fn next(outcome: &impl Serialize, view: Arc<dyn AnyView>, session: Option<Arc<Session>>) -> Self {
        let outcome = serde_json::to_vec(outcome).unwrap_or_default();
        Self(Outcome::Next(Arc::new(outcome), view, session), Vec::new())
    }

    /// Shows a refused form again, with the problem's status.
    pub fn refused(problem: Problem, form: impl View) -> Self {
        Self::refused_any(problem, Arc::new(form))
    }

    /// The same for a view with its type erased.
    pub fn refused_any(problem: Problem, form: Arc<dyn AnyView>) -> Self {
        Self(Outcome::Refused(problem, form), Vec::new())
    }

    /// Sets a cookie on pages; JSON gets none.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.1.push(cookie);
        self
    }
}

/// The cookies to set on pages; JSON gets none.
#[derive(Clone)]
pub struct Cookies(pub Vec<Cookie<'static>>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::OK, HeaderMap::new()).into_response();
        response.extensions_mut().insert(self.0);
        response.extensions_mut().insert(Cookies(self.1));
        response
    }
}
