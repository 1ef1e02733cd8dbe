//! Whose dossier: where an account has several clients.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
};
use proto::identity::v1::{ListMyClientsRequest, SelectClientRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    form::{Input, Next, safe_next},
    i18n::filters,
    kept::{Kept, KeptView},
    page::{Page, View},
    problem::Problem,
    session::{Viewer, token_of},
};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(select))
}

/// The clients to choose from.
#[derive(Serialize, ToSchema, Template)]
#[template(path = "pages/clients/list.html")]
struct ClientsView {
    /// The clients, by name.
    clients: Vec<MyClient>,
    #[serde(skip)]
    next: Option<String>,
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
    let answer = app.clients.identity_for(&session).list_my_clients(ListMyClientsRequest {}).await?;
    let clients = answer.into_inner().clients.into_iter().map(|client| MyClient {
        is_chosen: client.client_id == session.facts.client_id,
        id: client.client_id,
        name: client.name,
        is_self: client.is_client,
    });
    Ok(Page::show(ClientsView { clients: clients.collect(), next }))
}

/// Chooses a client.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// The page to go to afterwards.
    next: Option<String>,
    /// A form that waits, as the page has it.
    kept: Option<String>,
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
    app.clients.identity_for(&session).select_client(request).await?;
    app.sessions.forget(&session.facts.account_id).await;
    let account = &session.facts.account_id;
    let outcome = Chosen { client_id: id };
    let kept = form.kept.as_deref().and_then(|kept| Kept::open(&app, kept, account));
    Ok(match kept {
        Some(kept) => {
            let token = token_of(&headers).unwrap_or_default();
            let session = app.sessions.resolve(&token).await?;
            Page::next(&outcome, KeptView::of(&app, kept), session)
        }
        None => Page::done(&outcome, safe_next(form.next.as_deref()).unwrap_or_else(|| "/".to_owned())),
    })
}
