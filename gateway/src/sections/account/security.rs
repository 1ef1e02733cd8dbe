//! A person's own sessions and remembered devices: to list them, to end a session, to forget a device.

use askama::Template;
use axum::extract::State;
use chassis::time;
use jiff::Timestamp;
use proto::identity::v1::{
    EndOtherSessionsRequest, EndSessionRequest, ForgetDeviceRequest, ListDevicesRequest, ListSessionsRequest,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    cookie,
    form::{FormRoute, Input, Routes, form},
    i18n::filters,
    page::{Page, Parent, View},
    problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    let page = "/account/security";
    Routes::new()
        .page(routes!(show))
        .form(routes!(end_sessions), FormRoute::of::<SessionChoice>().of_account().on_page(page))
        .form(routes!(forget_device), FormRoute::of::<DeviceChoice>().of_account().on_page(page))
}

/// Sessions and devices.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/account/security.html")]
pub struct SecurityView {
    /// The sessions that are not over, newest first.
    pub sessions: Vec<SessionRow>,
    /// The devices that are remembered, newest first.
    pub devices: Vec<DeviceRow>,
    #[serde(skip)]
    pub session_field: &'static str,
    #[serde(skip)]
    pub device_field: &'static str,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The name of the browser; empty: not known.
    pub device_name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether the request belongs to this session.
    pub is_this: bool,
    /// Who looks along in this session, in the person's name; empty: nobody.
    pub impersonator: String,
}

/// A device.
#[derive(Serialize, ToSchema)]
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// The name of the device; empty: not known.
    pub name: String,
    /// When the device was remembered.
    pub added_at: Timestamp,
    /// When the device will be forgotten.
    pub expires_at: Timestamp,
}

impl SecurityView {
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_this)
    }
}

impl View for SecurityView {
    const TITLE: &'static str = "security-title";

    fn parent(&self) -> Option<Parent> {
        Some(super::parent::PARENT)
    }
}

/// The person's own sessions and devices.
#[utoipa::path(get, path = "/account/security", tag = "account", security(("session" = [])),
    responses((status = 200, body = SecurityView)))]
async fn show(State(app): State<App>, Viewer(session): Viewer) -> Result<Page, Problem> {
    let (mut for_sessions, mut for_devices) =
        (app.services.identity_for(&session), app.services.identity_for(&session));
    let (sessions, devices) = tokio::join!(
        for_sessions.list_sessions(ListSessionsRequest {}),
        for_devices.list_devices(ListDevicesRequest {})
    );
    let sessions = sessions?.into_inner().sessions.into_iter().filter_map(|session| {
        Some(SessionRow {
            started_at: time::from_proto(session.started_at.as_ref())?,
            id: session.session_id,
            device_name: session.device_name,
            is_this: session.is_this,
            impersonator: session.impersonator,
        })
    });
    let devices = devices?.into_inner().devices.into_iter().filter_map(|device| {
        Some(DeviceRow {
            added_at: time::from_proto(device.added_at.as_ref())?,
            expires_at: time::from_proto(device.expires_at.as_ref())?,
            id: device.device_id,
            name: device.name,
        })
    });
    Ok(Page::show(SecurityView {
        sessions: sessions.collect(),
        devices: devices.collect(),
        session_field: SessionChoiceFields::default().session.name,
        device_field: DeviceChoiceFields::default().device.name,
    }))
}

form! {
    /// Which sessions to end.
    struct SessionChoice, shown as SessionChoiceFields {
        /// The id of the session to end; empty: all sessions but this one.
        hidden session: String,
    }
}

/// The sessions are ended, or the device is forgotten.
#[derive(Serialize, ToSchema)]
struct Ended {
    /// Always true.
    ended: bool,
}

/// Back to the page, which shows the message with this Fluent key.
fn done_with_flash(word: &str) -> Page {
    Page::done(&Ended { ended: true }, "/account/security").with_cookie(cookie::flash(word))
}

/// End one of the person's own sessions, or all but this one.
#[utoipa::path(post, path = "/account/security/sessions/end", tag = "account", request_body = SessionChoice,
    security(("session" = [])), responses((status = 200, body = Ended)))]
async fn end_sessions(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<SessionChoice>,
) -> Result<Page, Problem> {
    let mut identity = app.services.identity_for(&session);
    if form.session.is_empty() {
        identity.end_other_sessions(EndOtherSessionsRequest {}).await?;
        return Ok(done_with_flash("sessions-ended"));
    }
    identity.end_session(EndSessionRequest { session_id: form.session }).await?;
    Ok(done_with_flash("session-ended"))
}

form! {
    /// Which device to forget.
    struct DeviceChoice, shown as DeviceChoiceFields {
        /// The id of the device.
        hidden device: String,
    }
}

/// Forget a device: the next login there asks for a code.
#[utoipa::path(post, path = "/account/security/devices/forget", tag = "account", request_body = DeviceChoice,
    security(("session" = [])), responses((status = 200, body = Ended)))]
async fn forget_device(
    State(app): State<App>,
    Viewer(session): Viewer,
    Input(form): Input<DeviceChoice>,
) -> Result<Page, Problem> {
    let request = ForgetDeviceRequest { device_id: form.device };
    app.services.identity_for(&session).forget_device(request).await?;
    Ok(done_with_flash("device-forgotten"))
}
