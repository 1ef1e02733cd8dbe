//! A login under way: which step comes next, and the same step again where what was typed is wrong.

use axum::{extract::FromRequestParts, http::request::Parts};
use proto::identity::v1::{ErrorReason, GetLoginRequest, LoginProgress, LoginStep, SelectClientRequest};
use tonic::Status;

use super::{
    progress::{Progress, path_of},
    views::{self, LoginView},
};
use crate::{
    app::App,
    continuation::{Continuation, safe_next, with_next},
    cookie,
    page::{FormState, Page},
    pending_form::{PendingForm, PendingFormView},
    problem::Problem,
};

/// An attempt to log in, from the bearer token or the cookie. Without either the login begins anew.
pub struct Attempt {
    /// The attempt's token.
    pub token: String,
    /// The tokens by which the browser is known.
    devices: String,
}

impl<S: Sync> FromRequestParts<S> for Attempt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let token = cookie::bearer(&parts.headers).or_else(|| cookie::read(&parts.headers, cookie::LOGIN));
        let devices = cookie::read(&parts.headers, cookie::DEVICE).unwrap_or_default();
        Ok(Self { token: token.ok_or_else(Problem::unauthenticated)?, devices })
    }
}

impl Attempt {
    /// How far the attempt is.
    async fn progress(&self, app: &App) -> Result<LoginProgress, Problem> {
        let request = GetLoginRequest { login_token: self.token.clone() };
        Ok(app.services.identity()?.get_login(request).await?.into_inner().progress.unwrap_or_default())
    }

    /// The page of the step that comes now; the page of another step leads there.
    pub async fn page(&self, app: &App, continuation: Continuation, path: &str) -> Result<Page, Problem> {
        let progress = match self.progress(app).await {
            Ok(progress) => progress,
            Err(problem) => return self.again(app, continuation, problem, "").await,
        };
        if path_of(progress.step()) == path {
            return Ok(Page::show_any(views::of_step(&progress, FormState::on_the_way(continuation), "")));
        }
        let there = with_next(path_of(progress.step()), continuation.next.as_deref());
        Ok(Page::done(&Progress::from(&progress), there))
    }

    /// The form of a step again, with what is wrong and what was typed; after the end of the attempt, the first form.
    pub async fn again(
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
        Ok(Page::refused_any(problem, views::of_step(&progress, form, typed)))
    }

    /// What comes after a step that was sent: the next step, or the same again.
    pub async fn answered(
        &self,
        app: &App,
        continuation: Continuation,
        answer: Result<Option<LoginProgress>, Status>,
        typed: &str,
    ) -> Result<Page, Problem> {
        match answer {
            Ok(progress) => proceed(app, progress, continuation, &self.devices).await,
            Err(status) => self.again(app, continuation, status.into(), typed).await,
        }
    }
}

/// On to the next step, or into the portal.
pub async fn proceed(
    app: &App,
    progress: Option<LoginProgress>,
    continuation: Continuation,
    devices: &str,
) -> Result<Page, Problem> {
    let progress = progress.unwrap_or_default();
    if progress.step() == LoginStep::Done {
        return logged_in(app, &progress, continuation, devices).await;
    }
    let outcome = Progress::from(&progress);
    let page = if continuation.pending_form.is_some() {
        let view = views::of_step(&progress, FormState::on_the_way(continuation), "");
        Page::next(&outcome, view, None)
    } else {
        Page::done(&outcome, with_next(path_of(progress.step()), continuation.next.as_deref()))
    };
    Ok(page.with_cookie(cookie::make(cookie::LOGIN, progress.login_token)))
}

/// The page after the last step: the session's cookie is set, the attempt's is removed, and a form that waited comes back.
async fn logged_in(
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
        // The form that waits is about one client: the new session becomes about the same client.
        let client_id = &pending.stamp.client;
        if !client_id.is_empty() && *client_id != before.facts.client_id {
            let request = SelectClientRequest { client_id: client_id.clone() };
            // Where the person has lost access to that client, the login counts all the same. The form is refused
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
