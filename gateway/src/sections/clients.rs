//! Choosing the client whose dossier the session is about, for an account with several clients.

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
    example::{ARABIC_NAME, Example, long_name},
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
    /// Whether the client is the person who is logged in.
    is_self: bool,
    /// Whether the client is chosen now.
    is_chosen: bool,
}

impl View for ClientsView {
    const TITLE: &'static str = "clients-title";
}

/// The clients whose dossiers the person may see.
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
        form: FormState::with_continuation(Continuation::to(next)),
    }))
}

form! {
    /// Chooses a client.
    struct Choice continues
}

/// The client whose dossier the session is about from now on.
#[derive(Serialize, ToSchema)]
struct Chosen {
    /// The id of the client.
    client_id: String,
}

/// Choose the client whose dossier the session is about.
#[utoipa::path(post, path = "/clients/{id}/select", tag = "clients", request_body = Choice,
    params(("id" = String, Path, description = "The id of the client")), security(("session" = [])),
    responses((status = 200, body = Chosen), (status = 404, description = "Not a client of the person")))]
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
    let Some(pending) = PendingForm::open(&app, pending, &session.facts.account_id) else {
        let path = safe_next(continuation.next.as_deref()).unwrap_or_else(|| "/".to_owned());
        return Ok(Page::done(&outcome, path));
    };
    let token = cookie::session_token(&headers).unwrap_or_default();
    let session = app.sessions.resolve(&token).await?;
    Ok(Page::next(&outcome, PendingFormView::new(&app, pending), session))
}

/// The states of the page, for the style guide: twelve clients, and none.
#[must_use]
pub fn examples() -> Vec<Example> {
    let client = |number: usize, name: String| MyClient {
        id: number.to_string(),
        name,
        is_self: number == 0,
        is_chosen: number == 1,
    };
    let names = ["mevrouw A. de Vries".to_owned(), long_name(), String::new(), ARABIC_NAME.to_owned()];
    let clients = names.into_iter().cycle().take(12).enumerate().map(|(number, name)| client(number, name));
    let view = |clients| ClientsView { clients, form: FormState::default() };
    vec![
        Example::inside("clients", view(clients.collect())),
        Example::inside("clients-none", view(Vec::new())),
    ]
}
