//! Adding somebody to the list, without rights (V46–V48).

use axum::extract::State;
use jiff::civil::Date;
use proto::identity::v1::{InviteUserRequest, RelationKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{UserOutcome, views::InviteView};
use crate::{app::App, form::Input, i18n::zone, page::Page, problem::Problem, session::Viewer};

/// Somebody to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// The name.
    #[serde(default)]
    name: String,
    /// The e-mail address.
    #[serde(default)]
    email: String,
    /// The mobile number; needed where codes go by SMS.
    #[serde(default)]
    phone: String,
    /// `relative` or `third-party`.
    #[serde(default)]
    relation: String,
    /// The last day of access, as ISO 8601; empty: no end.
    #[serde(default)]
    valid_until: String,
}

/// The form.
#[utoipa::path(get, path = "/users/new", tag = "users", security(("session" = [])),
    responses((status = 200, body = InviteView)))]
pub async fn show(_viewer: Viewer) -> Page {
    Page::show(InviteView { relation: "relative".to_owned(), ..InviteView::default() })
}

/// Add somebody, without rights (V47). The answer is the same whether they have an account already or not.
#[utoipa::path(post, path = "/users/new", tag = "users", request_body = Guest, security(("session" = [])),
    responses((status = 200, body = UserOutcome), (status = 422, description = "The fields that are wrong")))]
pub async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Guest>,
) -> Result<Page, Problem> {
    let relation = match form.relation.as_str() {
        "relative" => RelationKind::Relative,
        "third-party" => RelationKind::ThirdParty,
        _ => RelationKind::Unspecified,
    };
    let end = match form.valid_until.trim() {
        "" => Ok(None),
        // The last day counts whole.
        text => text.parse::<Date>().ok().and_then(|day| day.tomorrow().ok()).map(Some).ok_or(()),
    };
    let valid_until = end.map(|day| {
        let end = day?.to_zoned(zone()).ok()?.timestamp();
        Some(prost_types::Timestamp { seconds: end.as_second(), nanos: 0 })
    });
    let problem = match valid_until {
        Ok(valid_until) => {
            let request = InviteUserRequest {
                name: form.name.clone(),
                email: form.email.clone(),
                phone: form.phone.clone(),
                relation: relation.into(),
                valid_until,
            };
            match app.clients.identity_for(&session).invite_user(request).await {
                Ok(invited) => {
                    let id = invited.into_inner().access_id;
                    let path = format!("/users/{id}");
                    return Ok(Page::done(&UserOutcome { id }, path));
                }
                Err(status) => Problem::from(status),
            }
        }
        Err(()) => Problem::of_field("valid_until", "FIELD_MALFORMED"),
    };
    if !problem.is_about_input() {
        return Err(problem);
    }
    let view = InviteView {
        name: form.name,
        email: form.email,
        phone: form.phone,
        relation: form.relation,
        until: form.valid_until,
        problem: Some(problem.clone()),
    };
    Err(problem.with_form(view))
}
