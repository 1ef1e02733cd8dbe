//! What a person answers before the portal opens: the terms and the invitations.

use axum::extract::{Query, State};
use proto::identity::v1::{AcceptInvitationRequest, AcceptTermsRequest, DeclineInvitationRequest};

use super::{
    attempt::Attempt,
    forms::{Agreement, InvitationAnswer},
    progress::Progress,
    views::{InvitationView, TermsView},
};
use crate::{
    app::App,
    continuation::{Continuation, Next},
    form::Input,
    page::Page,
    problem::Problem,
};

/// The terms to accept (P40–P47).
#[utoipa::path(get, path = "/login/terms", tag = "login", params(Next), responses((status = 200, body = TermsView)))]
pub async fn show(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    attempt.page(&app, Continuation::to(next), "/login/terms").await
}

/// Agree to the terms (P40, P48). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/terms", tag = "login", request_body = Agreement,
    responses((status = 200, body = Progress),
        (status = 409, description = "The terms have changed meanwhile")))]
pub async fn accept(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<Agreement>,
) -> Result<Page, Problem> {
    let continuation = form.continuation();
    let request = AcceptTermsRequest { login_token: attempt.token.clone(), version: form.version };
    let accepted = app.services.identity()?.accept_terms(request).await;
    attempt.after_step(&app, continuation, accepted.map(|it| it.into_inner().progress), "").await
}

/// The invitations that wait for the person's answer (V19).
#[utoipa::path(get, path = "/login/invitation", tag = "login", params(Next),
    responses((status = 200, body = InvitationView)))]
pub async fn show_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    attempt.page(&app, Continuation::to(next), "/login/invitation").await
}

/// Accept an invitation (V19–V20). Send the login token as bearer token.
#[utoipa::path(post, path = "/login/invitation", tag = "login", request_body = InvitationAnswer,
    responses((status = 200, body = Progress)))]
pub async fn accept_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<InvitationAnswer>,
) -> Result<Page, Problem> {
    let continuation = form.continuation();
    let request = AcceptInvitationRequest { login_token: attempt.token.clone(), access_id: form.invitation };
    let accepted = app.services.identity()?.accept_invitation(request).await;
    attempt.after_step(&app, continuation, accepted.map(|it| it.into_inner().progress), "").await
}

/// Decline an invitation: the login goes on without it. Send the login token as bearer token.
#[utoipa::path(post, path = "/login/invitation/decline", tag = "login", request_body = InvitationAnswer,
    responses((status = 200, body = Progress)))]
pub async fn decline_invitation(
    State(app): State<App>,
    attempt: Attempt,
    Input(form): Input<InvitationAnswer>,
) -> Result<Page, Problem> {
    let continuation = form.continuation();
    let request = DeclineInvitationRequest { login_token: attempt.token.clone(), access_id: form.invitation };
    let declined = app.services.identity()?.decline_invitation(request).await;
    attempt.after_step(&app, continuation, declined.map(|it| it.into_inner().progress), "").await
}
