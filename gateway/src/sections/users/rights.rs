//! Giving rights by ticking boxes (V49), sending the invitation again, and ending access.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use chassis::section;
use proto::{
    access::v1::Grant,
    identity::v1::{
        InvitationState, ResendInvitationRequest, RevokeAccessRequest, SetGrantsRequest,
        WithdrawInvitationRequest,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    list::{UserOutcome, changeable_entry},
    views::{EndView, RightsView},
};
use crate::{
    app::App,
    cookie,
    form::{Form, FormField, Input},
    page::{FormState, Page},
    problem::Problem,
    sessions::{OwnViewer, Viewer},
};

/// The ticked rights, such as `reports-view`. A right that is not in the form is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, bool>)]
pub struct Rights(BTreeMap<String, Ticked>);

/// A tick: `true` in JSON, or the text that a browser sends for a ticked box.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ticked {
    Json(bool),
    Browser(String),
}

impl Form for Rights {
    /// None: the names of the boxes follow from the sections.
    const FIELDS: &'static [FormField] = &[];
}

impl Rights {
    /// The grants that the ticks mean; `None` where a name is no right.
    fn grants(self) -> Option<Vec<Grant>> {
        let mut grants: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (name, tick) in self.0 {
            match tick {
                Ticked::Json(false) => continue,
                Ticked::Browser(value) if value.is_empty() => continue,
                _ => {}
            }
            let (section, action) = name.rsplit_once('-')?;
            let (section, action) = (section::of_name(section)?, section::action_of_name(action)?);
            grants.entry(section.into()).or_default().push(action.into());
        }
        Some(grants.into_iter().map(|(section, actions)| Grant { section, actions }).collect())
    }
}

/// The rights of a person, to tick.
#[utoipa::path(get, path = "/users/{id}", tag = "users",
    params(("id" = String, Path, description = "The id of the access")), security(("session" = [])),
    responses((status = 200, body = RightsView)))]
pub async fn show(
    State(app): State<App>,
    OwnViewer(session): OwnViewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, answer) = changeable_entry(&app, &session, &id).await?;
    Ok(Page::show(RightsView::new(entry, &answer.givable)))
}

/// Set a person's rights (V49). The first rights send the invitation (V50).
#[utoipa::path(post, path = "/users/{id}", tag = "users", request_body = Rights,
    params(("id" = String, Path, description = "The id of the access")), security(("session" = [])),
    responses((status = 200, body = UserOutcome),
        (status = 422, description = "More rights than one's own")))]
pub async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
    Input(form): Input<Rights>,
) -> Result<Page, Problem> {
    let grants = form.grants().ok_or_else(Problem::unreadable)?;
    let request = SetGrantsRequest { access_id: id.clone(), grants: grants.clone() };
    let (entry, answer) = changeable_entry(&app, &session, &id).await?;
    match app.services.identity_for(&session).set_grants(request).await {
        Ok(_) => {
            let word = match (entry.invitation(), grants.is_empty()) {
                (InvitationState::Added, false) => "rights-sent",
                (InvitationState::Added, true) => "rights-none-yet",
                (_, true) => "rights-none",
                (_, false) => "rights-kept",
            };
            let flash = cookie::flash_about(word, &entry.name);
            Ok(Page::done(&UserOutcome { id }, "/users").with_cookie(flash))
        }
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            let view = RightsView::new(entry, &answer.givable).with_ticks(&grants);
            let form = FormState::refused(problem.clone());
            Ok(Page::refused(problem, RightsView { form, ..view }))
        }
    }
}

/// The question whether to end a person's access.
#[utoipa::path(get, path = "/users/{id}/end", tag = "users",
    params(("id" = String, Path, description = "The id of the access")), security(("session" = [])),
    responses((status = 200, body = EndView)))]
pub async fn show_end(
    State(app): State<App>,
    OwnViewer(session): OwnViewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, _) = changeable_entry(&app, &session, &id).await?;
    Ok(Page::show(EndView::new(entry)))
}

/// End a person's access at once, or withdraw an invitation.
#[utoipa::path(post, path = "/users/{id}/end", tag = "users",
    params(("id" = String, Path, description = "The id of the access")), security(("session" = [])),
    responses((status = 200, body = UserOutcome)))]
pub async fn end(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, _) = changeable_entry(&app, &session, &id).await?;
    let mut identity = app.services.identity_for(&session);
    let name = entry.name.clone();
    let is_invitation = EndView::new(entry).is_invitation;
    if is_invitation {
        identity.withdraw_invitation(WithdrawInvitationRequest { access_id: id.clone() }).await?;
    } else {
        identity.revoke_access(RevokeAccessRequest { access_id: id.clone() }).await?;
    }
    let done = if is_invitation { "invitation-withdrawn" } else { "access-ended" };
    Ok(Page::done(&UserOutcome { id }, "/users").with_cookie(cookie::flash_about(done, &name)))
}

/// Send an invitation again.
#[utoipa::path(post, path = "/users/{id}/resend", tag = "users",
    params(("id" = String, Path, description = "The id of the access")), security(("session" = [])),
    responses((status = 200, body = UserOutcome),
        (status = 409, description = "The invitation does not wait for an answer")))]
pub async fn resend(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, _) = changeable_entry(&app, &session, &id).await?;
    let request = ResendInvitationRequest { access_id: id.clone() };
    app.services.identity_for(&session).resend_invitation(request).await?;
    Ok(Page::done(&UserOutcome { id }, "/users")
        .with_cookie(cookie::flash_about("invitation-resent", &entry.name)))
}
