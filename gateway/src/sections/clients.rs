//! Whose dossier: where an account has several clients.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
};
use proto::identity::v1::{ListMyClientsRequest, SelectClientRequest};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    app::App,
    continuation::{Continuation, Next, safe_next},
    cookie,
    form::{FormRoute, Input, Routes, form},
    i18n::filters,
    page::{FormState, Page, View},
    pending_form::{PendingForm, PendingFormView},
    problem::Problem,
    sessions::Viewer,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().page(routes!(show)).form(routes!(select), FormRoute::button().on_page("/clients"))
}

/// The clients to choose from.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/clients/list.html")]
struct ClientsView {
    /// The clients, by name.
    clients: Vec<MyClient>,
    #[serde(skip)]
    form: FormState,
}

/// A client to choose.
#[derive(Serialize, ToSchema)]
struct MyClient {
    /// The id, for the path.
    id: String,
    /// The name; empty until it is known.
    name: String,
    /// Whether it is oneself.
    is_self: bool,
    /// Whether it is the one that is chosen now.
    is_chosen: bool,
}

impl View for ClientsView {
    const TITLE: &'static str = "clients-title";
}

/// The clients whose dossiers one may see.
#[utoipa::path(get, path = "/clients", tag = "clients", params(Next), security(("session" = [])),
    responses((status = 200, body = ClientsView)))]
async fn show(
    State(app): State<App>,
    Viewer(session): Viewer,
    Query(Next { next }): Query<Next>,
) -> Result<Page, Problem> {
    let answer = app.services.identity_for(&session).list_my_clients(ListMyClientsRequest {}).await?;
    let clients = answer.into_inner().clients.into_iter().map(|client| MyClient {
        is_chosen: client.client_id == session.facts.client_id,
        id: client.client_id,
        name: client.name,
        is_self: client.is_client,
    });
    Ok(Page::show(ClientsView {
        clients: clients.collect(),
        form: FormState::on_the_way(Continuation::to(next)),
    }))
}

form! {
    /// Chooses a client.
    struct Choice continues
}

/// Whose dossier it is about from now on.
#[derive(Serialize, ToSchema)]
struct Chosen {
    /// The client.
    client_id: String,
}

/// Choose whose dossier the session is about.
#[utoipa::path(post, path = "/clients/{id}/select", tag = "clients", request_body = Choice,
    params(("id" = String, Path, description = "The client")), security(("session" = [])),
    responses((status = 200, body = Chosen), (status = 404, description = "Not one of one's clients")))]
async fn select(
    State(app): State<App>,
    Viewer(session): Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    Input(form): Input<Choice>,
) -> Result<Page, Problem> {
    let request = SelectClientRequest { client_id: id.clone() };
    app.services.identity_for(&session).select_client(request).await?;
    app.sessions.forget(&session.facts.account_id).await;
    let continuation = form.continuation();
    let outcome = Chosen { client_id: id };
    let pending = continuation.pending_form.as_deref();
    Ok(match PendingForm::open(&app, pending, &session.facts.account_id) {
        Some(pending) => {
            let token = cookie::session_token(&headers).unwrap_or_default();
            let session = app.sessions.resolve(&token).await?;
            Page::next(&outcome, PendingFormView::new(&app, pending), session)
        }
        None => {
            let path = safe_next(continuation.next.as_deref()).unwrap_or_else(|| "/".to_owned());
            Page::done(&outcome, path)
        }
    })
}
