//! What has to be accepted before the portal opens: the terms, and what one was invited to.

use axum::extract::{Query, State};
use proto::identity::v1::{AcceptInvitationRequest, AcceptTermsRequest, DeclineInvitationRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Attempt, Progress, answered, step,
    views::{InvitationView, TermsView},
};
use crate::{
    app::App,
    form::{Input, Next},
    kept::Onward,
    page::Page,
    problem::Problem,
};

/// Agrees to the terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The version that was shown.
    version: i32,
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// Accepts an invitation, or turns it down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The invitation, by its id.
    invitation: String,
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
}

/// The terms to accept (P40–P47).
#[utoipa::path(get, path = "/login/terms", tag = "login", params(Next), responses((status = 200, body = TermsView)))]
pub async fn show(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    step(&app, &attempt, Onward { next, kept: None }, "/login/terms").await
}

/// Agree to the terms (P40, P48). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/terms", tag = "login", request_body = Agreement,
    responses((status = 200, body = Progress), (status = 409, description = "They have changed meanwhile")))]
pub async fn accept(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<Agreement>,
) -> Result<Page, Problem> {
    let onward = Onward { next: form.next, kept: form.kept };
    let request = AcceptTermsRequest { login_token: attempt.token.clone(), version: form.version };
    let accepted = app.clients.identity()?.accept_terms(request).await;
    answered(&app, &attempt, onward, accepted.map(|it| it.into_inner().progress), "").await
}

/// What one was invited to (V19).
#[utoipa::path(get, path = "/login/invitation", tag = "login", params(Next),
    responses((status = 200, body = InvitationView)))]
pub async fn show_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    step(&app, &attempt, Onward { next, kept: None }, "/login/invitation").await
}

/// Accept one (V19–V20). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/invitation", tag = "login", request_body = Answer,
    responses((status = 200, body = Progress)))]
pub async fn accept_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<Answer>,
) -> Result<Page, Problem> {
    let onward = Onward { next: form.next, kept: form.kept };
    let request = AcceptInvitationRequest { login_token: attempt.token.clone(), access_id: form.invitation };
    let accepted = app.clients.identity()?.accept_invitation(request).await;
    answered(&app, &attempt, onward, accepted.map(|it| it.into_inner().progress), "").await
}

/// Turn one down: the login goes on without it. Send the login token as bearer token.
#[utoipa::path(post, path = "/login/invitation/decline", tag = "login", request_body = Answer,
    responses((status = 200, body = Progress)))]
pub async fn decline_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<Answer>,
) -> Result<Page, Problem> {
    let onward = Onward { next: form.next, kept: form.kept };
    let request = DeclineInvitationRequest { login_token: attempt.token.clone(), access_id: form.invitation };
    let declined = app.clients.identity()?.decline_invitation(request).await;
    answered(&app, &attempt, onward, declined.map(|it| it.into_inner().progress), "").await
}
