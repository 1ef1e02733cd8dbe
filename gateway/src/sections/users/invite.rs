//! Adding a person to the list, without rights (V46–V48).

use std::sync::Arc;

use axum::{Extension, extract::State};
use chassis::time;
use jiff::{Timestamp, civil::Date};
use proto::identity::v1::{ErrorReason, InviteBy, InviteUserRequest, RelationKind};

use super::{
    invite_form::{Guest, GuestFields},
    list::{UserOutcome, list_access},
    views::InviteView,
};
use crate::{
    app::App,
    form::{FormFields, Input},
    i18n::zone,
    organisation::Organisation,
    page::{FormState, Page},
    problem::Problem,
    sessions::{OwnViewer, Viewer},
};

/// The form that adds a person. Whoever may add nobody learns that before anything is typed.
#[utoipa::path(get, path = "/users/new", tag = "users", security(("session" = [])),
    responses((status = 200, body = InviteView)))]
pub async fn show(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    OwnViewer(session): OwnViewer,
) -> Result<Page, Problem> {
    let accounts = organisation.and_then(|found| found.settings.accounts).unwrap_or_default();
    if accounts.invite_by() == InviteBy::Staff {
        return Err(Problem::new(ErrorReason::InvitingOff));
    }
    if !list_access(&app, &session).await?.may_invite {
        return Err(Problem::not_found());
    }
    let mut view = InviteView::default();
    "relative".clone_into(&mut view.fields.relation.value);
    Ok(Page::show(view))
}

/// Add a person, without rights (V47). The answer is the same whether the person has an account or not.
#[utoipa::path(post, path = "/users/new", tag = "users", request_body = Guest, security(("session" = [])),
    responses((status = 200, body = UserOutcome), (status = 422, description = "The fields that are wrong")))]
pub async fn submit(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<Guest>,
) -> Result<Page, Problem> {
    let problem = match request_of(&form) {
        Ok(request) => match app.services.identity_for(&session).invite_user(request).await {
            Ok(invited) => {
                let id = invited.into_inner().access_id;
                let path = format!("/users/{id}");
                return Ok(Page::done(&UserOutcome { id }, path));
            }
            Err(status) => Problem::from(status),
        },
        Err(problem) => problem,
    };
    if !problem.is_about_input() {
        return Err(problem);
    }
    let fields = GuestFields::filled(&form, &problem);
    let view = InviteView { fields, form: FormState::refused(problem.clone()) };
    Ok(Page::refused(problem, view))
}

/// The request to identity.
///
/// # Errors
/// `FIELD_MALFORMED`, where the last day is not a date.
fn request_of(form: &Guest) -> Result<InviteUserRequest, Problem> {
    let relation = match form.relation.as_str() {
        "relative" => RelationKind::Relative,
        "third-party" => RelationKind::ThirdParty,
        _ => RelationKind::Unspecified,
    };
    let valid_until = match form.valid_until.trim() {
        "" => None,
        text => {
            let field = GuestFields::default().valid_until.name;
            let malformed = || Problem::of_field(field, ErrorReason::FieldMalformed);
            Some(end_of_day(text).ok_or_else(malformed)?)
        }
    };
    Ok(InviteUserRequest {
        name: form.name.clone(),
        email: form.email.clone(),
        phone: form.phone.clone(),
        relation: relation.into(),
        valid_until: valid_until.map(time::to_proto),
    })
}

/// The first moment after a day, because access lasts until the end of the last day.
fn end_of_day(text: &str) -> Option<Timestamp> {
    let next: Date = text.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(zone()).ok()?.timestamp())
}
