//! Giving rights by ticking (V49), sending the invitation again, and ending access.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use chassis::section;
use proto::{
    access::v1::Grant,
    identity::v1::{
        ResendInvitationRequest, RevokeAccessRequest, SetGrantsRequest, WithdrawInvitationRequest,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    list::{UserOutcome, changeable},
    views::{EndView, RightsView},
};
use crate::{
    app::App,
    cookie,
    form::{Form, FormField, Input},
    page::{FormState, Page},
    problem::Problem,
    sessions::Viewer,
};

/// Rights that are ticked: `reports-view` and the like. What is not there is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, bool>)]
pub struct Rights(BTreeMap<String, Ticked>);

/// A tick: `true`, or whatever a browser sends for a box that is ticked.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ticked {
    Said(bool),
    Sent(String),
}

impl Form for Rights {
    /// The names follow from the sections.
    const FIELDS: &'static [FormField] = &[];
}

impl Rights {
    /// The grants that the ticks mean; `None` where a name means nothing.
    fn grants(self) -> Option<Vec<Grant>> {
        let mut grants: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (name, tick) in self.0 {
            match tick {
                Ticked::Said(false) => continue,
                Ticked::Sent(value) if value.is_empty() => continue,
                _ => {}
            }
            let (section, action) = name.rsplit_once('-')?;
            let (section, action) = (section::of_name(section)?, section::action_of_name(action)?);
            grants.entry(section.into()).or_default().push(action.into());
        }
        Some(grants.into_iter().map(|(section, actions)| Grant { section, actions }).collect())
    }
}

/// The rights of somebody, to tick.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path, description = "The account")),
    security(("session" = [])), responses((status = 200, body = RightsView)))]
pub async fn show(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, answer) = changeable(&app, &session, &id).await?;
    Ok(Page::show(RightsView::new(entry, &answer.givable)))
}

/// Set somebody's rights (V49). The first ones send the invitation (V50).
#[utoipa::path(post, path = "/users/{id}", tag = "users", request_body = Rights,
    params(("id" = String, Path, description = "The account")), security(("session" = [])),
    responses((status = 200, body = UserOutcome), (status = 422, description = "More than one's own rights")))]
pub async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
    Input(form): Input<Rights>,
) -> Result<Page, Problem> {
    let grants = form.grants().ok_or_else(Problem::unreadable)?;
    let request = SetGrantsRequest { access_id: id.clone(), grants: grants.clone() };
    match app.services.identity_for(&session).set_grants(request).await {
        Ok(_) => Ok(Page::done(&UserOutcome { id }, "/users").with_cookie(cookie::flash("rights-kept"))),
        Err(status) => {
            let problem = Problem::from(status);
            if !problem.is_about_input() {
                return Err(problem);
            }
            let (entry, answer) = changeable(&app, &session, &id).await?;
            let view = RightsView::new(entry, &answer.givable).ticked(&grants);
            let form = FormState::refused(problem.clone());
            Ok(Page::refused(problem, RightsView { form, ..view }))
        }
    }
}

/// The question whether to end somebody's access.
#[utoipa::path(get, path = "/users/{id}/end", tag = "users", params(("id" = String, Path, description = "The account")),
    security(("session" = [])), responses((status = 200, body = EndView)))]
pub async fn show_end(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, _) = changeable(&app, &session, &id).await?;
    Ok(Page::show(EndView::new(entry)))
}

/// End somebody's access at once, or take an invitation back.
#[utoipa::path(post, path = "/users/{id}/end", tag = "users", params(("id" = String, Path, description = "The account")),
    security(("session" = [])), responses((status = 200, body = UserOutcome)))]
pub async fn end(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (entry, _) = changeable(&app, &session, &id).await?;
    let mut identity = app.services.identity_for(&session);
    let is_invitation = EndView::new(entry).is_invitation;
    if is_invitation {
        identity.withdraw_invitation(WithdrawInvitationRequest { access_id: id.clone() }).await?;
    } else {
        identity.revoke_access(RevokeAccessRequest { access_id: id.clone() }).await?;
    }
    let done = if is_invitation { "invitation-withdrawn" } else { "access-ended" };
    Ok(Page::done(&UserOutcome { id }, "/users").with_cookie(cookie::flash(done)))
}

/// Send an invitation again.
#[utoipa::path(post, path = "/users/{id}/resend", tag = "users",
    params(("id" = String, Path, description = "The account")), security(("session" = [])),
    responses((status = 200, body = UserOutcome), (status = 409, description = "It is not waiting")))]
pub async fn resend(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let request = ResendInvitationRequest { access_id: id.clone() };
    app.services.identity_for(&session).resend_invitation(request).await?;
    Ok(Page::done(&UserOutcome { id }, "/users").with_cookie(cookie::flash("invitation-resent")))
}
