//! One's own account: name, password, address and number, devices and sessions, preferences.

mod contact;
mod examples;
mod own;
mod parent;
mod password;
mod preferences;
mod security;

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State};
use chassis::time;
use jiff::Timestamp;
use proto::access::v1::{Action, Section};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use self::own::own_account;
pub use self::{examples::examples, parent::PARENT};
use crate::{
    app::App,
    form::Routes,
    i18n::filters,
    organisation::Organisation,
    page::{Page, View},
    problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .page(routes!(show))
        .merge(password::routes())
        .merge(contact::routes())
        .merge(security::routes())
        .merge(preferences::routes())
}

/// One's own account.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/account/show.html")]
struct AccountView {
    /// The name.
    name: String,
    /// The user name.
    username: String,
    /// The e-mail address.
    email: String,
    /// The mobile number, as E.164; empty: none is known.
    phone: String,
    /// When the password expires; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_until: Option<Timestamp>,
    /// Whether the person may change the address and the number.
    may_edit: bool,
    /// Whether the person may see who has access.
    may_see_users: bool,
    /// Whether the organisation has terms.
    has_terms: bool,
}

impl View for AccountView {
    const TITLE: &'static str = "account-title";
}

/// One's own account (P52, R44, V45).
#[utoipa::path(get, path = "/account", tag = "account", security(("session" = [])),
    responses((status = 200, body = AccountView)))]
async fn show(
    State(app): State<App>,
    organisation: Option<Extension<Arc<Organisation>>>,
    Viewer(session): Viewer,
) -> Result<Page, Problem> {
    let account = own_account(&app, &session).await?;
    let settings = organisation.as_ref().map(|found| &found.settings);
    let accounts = settings.and_then(|settings| settings.accounts).unwrap_or_default();
    Ok(Page::show(AccountView {
        password_until: time::from_proto(account.password_until.as_ref()),
        name: account.display_name,
        username: account.username,
        email: account.email,
        phone: account.phone,
        may_edit: accounts.self_edit,
        may_see_users: session.allows(Section::Users, Action::View),
        has_terms: settings.is_some_and(|settings| !settings.terms.is_empty()),
    }))
}
