//! A login under way: the page of the next step, or the same step again where what was typed is wrong.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use proto::identity::v1::{ErrorReason, GetLoginRequest, LoginProgress, LoginStep, SelectClientRequest};
use tonic::Status;

use super::{
    progress::{Progress, step_path},
    views::{self, LoginView},
};
use crate::{
    app::App,
    continuation::{Continuation, safe_next, with_next},
    cookie,
    organisation::{Organisation, is_of},
    page::{FormState, Page},
    pending_form::{PendingForm, PendingFormView},
    problem::Problem,
};

/// A login under way, found by the bearer token or the cookie. Without either, the login begins anew.
pub struct Attempt {
    /// The login token.
    pub token: String,
    /// The device tokens in the browser's cookie.
    devices: String,
}

impl<S: Sync> FromRequestParts<S> for Attempt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let token = cookie::bearer(&parts.headers).or_else(|| cookie::read(&parts.headers, cookie::LOGIN));
        let here = parts.extensions.get::<Arc<Organisation>>();
        let token = token.filter(|token| is_of(here.map(|here| &**here), token));
        let devices = cookie::read(&parts.headers, cookie::DEVICE).unwrap_or_default();
        Ok(Self { token: token.ok_or_else(Problem::unauthenticated)?, devices })
    }
}

impl Attempt {
    /// How far the login is, from identity.
    async fn progress(&self, app: &App) -> Result<LoginProgress, Problem> {
        let request = GetLoginRequest { login_token: self.token.clone() };
        Ok(app.services.identity()?.get_login(request).await?.into_inner().progress.unwrap_or_default())
    }

    /// The page of the current step, where `path` is that page; else a redirect to the current step.
    pub async fn page(&self, app: &App, continuation: Continuation, path: &str) -> Result<Page, Problem> {
        let progress = match self.progress(app).await {
            Ok(progress) => progress,
            Err(problem) => return self.show_again(app, continuation, problem, "").await,
        };
        if step_path(progress.step()) == path {
            let view = views::step_view(&progress, FormState::with_continuation(continuation), "");
            return Ok(Page::show_any(view));
        }
        let current = with_next(step_path(progress.step()), continuation.next.as_deref());
        Ok(Page::done(&Progress::from(&progress), current))
    }

    /// The form of the current step again, with what is wrong and what was typed; where the login has ended,
    /// its first form.
    pub async fn show_again(
        &self,
        app: &App,
        continuation: Continuation,
        problem: Problem,
        typed: &str,
    ) -> Result<Page, Problem> {
        let form = FormState { problem: Some(problem.clone()), continuation };
        if problem.is(ErrorReason::LoginEnded) {
            return Ok(Page::refused(problem, LoginView { form, ..LoginView::default() }));
        }
        if !problem.is_about_input() {
            return Err(problem);
        }
        let progress = self.progress(app).await?;
        Ok(Page::refused_any(problem, views::step_view(&progress, form, typed)))
    }

    /// The page after a step was sent: the next step, or the same step again.
    pub async fn after_step(
        &self,
        app: &App,
        continuation: Continuation,
        answer: Result<Option<LoginProgress>, Status>,
        typed: &str,
    ) -> Result<Page, Problem> {
        match answer {
            Ok(progress) => proceed(app, progress, continuation, &self.devices).await,
            Err(status) => self.show_again(app, continuation, status.into(), typed).await,
        }
    }
}

/// Goes on to the next step, or into the portal.
pub async fn proceed(
    app: &App,
    progress: Option<LoginProgress>,
    continuation: Continuation,
    devices: &str,
) -> Result<Page, Problem> {
    let progress = progress.unwrap_or_default();
    if progress.step() == LoginStep::Done {
        return enter_portal(app, &progress, continuation, devices).await;
    }
    let outcome = Progress::from(&progress);
    let page = if continuation.pending_form.is_some() {
        let view = views::step_view(&progress, FormState::with_continuation(continuation), "");
        Page::next(&outcome, view, None)
    } else {
        Page::done(&outcome, with_next(step_path(progress.step()), continuation.next.as_deref()))
    };
    Ok(page.with_cookie(cookie::make(cookie::LOGIN, progress.login_token)))
}

/// The page after the last step. It sets the session cookie, removes the login cookie, and shows a form that
/// waited.
async fn enter_portal(
    app: &App,
    progress: &LoginProgress,
    continuation: Continuation,
    devices: &str,
) -> Result<Page, Problem> {
    let outcome = Progress::from(progress);
    let mut session = app.sessions.resolve(&progress.session_token).await?;
    let account = session.as_ref().map_or("", |session| session.facts.account_id.as_str()).to_owned();
    let pending = PendingForm::open(app, continuation.pending_form.as_deref(), &account);
    if let (Some(before), Some(pending)) = (&session, &pending) {
        // The form that waits is about one client, so the new session chooses the same client.
        let client_id = &pending.stamp.client;
        if !client_id.is_empty() && *client_id != before.facts.client_id {
            let request = SelectClientRequest { client_id: client_id.clone() };
            // If the person has lost access to that client, the login still succeeds, and the form is refused
            // when it is sent.
            if app.services.identity_for(before).select_client(request).await.is_ok() {
                app.sessions.forget(&account).await;
                session = app.sessions.resolve(&progress.session_token).await?;
            }
        }
    }
    let page = if let Some(pending) = pending {
        Page::next(&outcome, PendingFormView::new(app, pending), session)
    } else {
        let next = safe_next(continuation.next.as_deref());
        let path = match session.filter(|session| session.has_to_choose_client()) {
            Some(_) => with_next("/clients", next.as_deref()),
            None => next.unwrap_or_else(|| "/".to_owned()),
        };
        Page::done(&outcome, path)
    };
    let mut page = page
        .with_cookie(cookie::make(cookie::SESSION, progress.session_token.clone()))
        .with_cookie(cookie::removal(cookie::LOGIN));
    if !progress.device_token.is_empty() {
        page = page.with_cookie(cookie::device(&progress.device_token, devices, progress.device_life_days));
    }
    Ok(page)
}
