//! What a handler returns: a view, a form that was refused, or where to go next. The render layer makes HTML or JSON of it.

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

/// Which of the two a request asked for: by its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// A page.
    Html,
    /// The same as a document.
    Json,
}

impl Representation {
    /// Marks what is mounted at `/`.
    pub async fn html(mut request: Request, next: Next) -> Response {
        request.extensions_mut().insert(Self::Html);
        next.run(request).await
    }

    /// Marks what is mounted at `/api/v1`.
    pub async fn json(mut request: Request, next: Next) -> Response {
        request.extensions_mut().insert(Self::Json);
        next.run(request).await
    }

    /// By path, where no route was reached.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/") || path.starts_with("/live") { Self::Json } else { Self::Html }
    }
}

/// The data of a page: what JSON shows and what its template may use.
pub trait View: Template + Serialize + Send + Sync + 'static {
    /// The key of the page's title.
    const TITLE: &'static str;

    /// The key of this page's title.
    fn title(&self) -> &'static str {
        Self::TITLE
    }

    /// What stands beside the fields of the page's form; `None` where the page has no form that can be refused.
    fn form(&self) -> Option<&FormState> {
        None
    }

    /// Whether the person has to correct something on the page: then the page's title says so.
    fn has_errors(&self) -> bool {
        self.form().is_some_and(|form| form.problem.is_some())
    }

    /// Whether only this page still holds what the person typed: then the page offers no way to leave by accident, such
    /// as another language.
    fn holds_input(&self) -> bool {
        self.form().is_some_and(|form| form.continuation.pending_form.is_some())
    }
}

/// What stands beside the fields of a form: what went wrong, and what goes along to the next step.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Why the form was refused; `None`: it was not sent yet.
    pub problem: Option<Problem>,
    /// What goes along.
    pub continuation: Continuation,
}

impl FormState {
    /// A form that was refused.
    #[must_use]
    pub fn refused(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// A form that was not sent yet, on the way to something else.
    #[must_use]
    pub const fn on_the_way(continuation: Continuation) -> Self {
        Self { problem: None, continuation }
    }

    /// The key of the words for what went wrong.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        self.problem.as_ref().map(Problem::word)
    }

    /// The key of the words for what is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        self.problem.as_ref()?.field(name)
    }
}

/// A view whose type is forgotten.
pub trait AnyView: Send + Sync {
    /// Its content as HTML.
    fn html(&self, values: &dyn Values) -> askama::Result<String>;
    /// Its fields as JSON.
    fn json(&self) -> serde_json::Result<Vec<u8>>;
    /// The key of its title.
    fn title(&self) -> &'static str;
    /// See [`View::has_errors`].
    fn has_errors(&self) -> bool;
    /// See [`View::holds_input`].
    fn holds_input(&self) -> bool;
}

impl<V: View> AnyView for V {
    fn html(&self, values: &dyn Values) -> askama::Result<String> {
        self.render_with_values(values)
    }

    fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    fn title(&self) -> &'static str {
        View::title(self)
    }

    fn has_errors(&self) -> bool {
        View::has_errors(self)
    }

    fn holds_input(&self) -> bool {
        View::holds_input(self)
    }
}

/// What the render layer finds beside a response.
#[derive(Clone)]
pub enum Body {
    /// A view to show.
    View(Arc<dyn AnyView>),
    /// A step that was taken: pages go on to a path, JSON gets the outcome.
    Done(Arc<Vec<u8>>, String),
    /// A step that was taken: pages show the next one at once, within the session that it led to; JSON gets the outcome.
    Next(Arc<Vec<u8>>, Arc<dyn AnyView>, Option<Arc<Session>>),
    /// A form that was refused: pages show it again with what was typed, JSON gets the problem.
    Refused(Problem, Arc<dyn AnyView>),
}

/// A view, with what goes beside it.
pub struct Page(Body, Vec<Cookie<'static>>);

impl Page {
    /// Shows a view.
    pub fn show(view: impl View) -> Self {
        Self(Body::View(Arc::new(view)), Vec::new())
    }

    /// Shows a view whose type is forgotten.
    pub fn show_any(view: Arc<dyn AnyView>) -> Self {
        Self(Body::View(view), Vec::new())
    }

    /// Tells the outcome of a step: a page goes on to `path` (303), JSON gets `outcome` (200).
    pub fn done(outcome: &impl Serialize, path: impl Into<String>) -> Self {
        let outcome = serde_json::to_vec(outcome).unwrap_or_default();
        Self(Body::Done(Arc::new(outcome), path.into()), Vec::new())
    }

    /// Tells the outcome of a step: a page shows what comes next, within the session that there is now, JSON gets `outcome`
    /// (200).
    pub fn next(outcome: &impl Serialize, view: Arc<dyn AnyView>, session: Option<Arc<Session>>) -> Self {
        let outcome = serde_json::to_vec(outcome).unwrap_or_default();
        Self(Body::Next(Arc::new(outcome), view, session), Vec::new())
    }

    /// Shows a form again that was refused, with the problem's status.
    pub fn refused(problem: Problem, form: impl View) -> Self {
        Self::refused_any(problem, Arc::new(form))
    }

    /// The same for a view whose type is forgotten.
    pub fn refused_any(problem: Problem, form: Arc<dyn AnyView>) -> Self {
        Self(Body::Refused(problem, form), Vec::new())
    }

    /// Sets a cookie, on pages.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.1.push(cookie);
        self
    }
}

/// Cookies for pages; JSON gets none.
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
