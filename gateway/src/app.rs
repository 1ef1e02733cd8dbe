//! What every handler has at hand, and the routes: the same ones as pages at `/` and as JSON at `/api/v1`.

use std::{net::IpAddr, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, middleware, response::Redirect, routing::get};
use chassis::{Clock, config::ProcessSettings, stamp::StampKey};
use serde::Deserialize;
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    assets,
    body::{self, BODY_LIMIT},
    clients::{Clients, ServiceSettings},
    live::{Live, NatsSettings},
    organisation::Organisations,
    page::Representation,
    render, sections, security,
    session::Sessions,
};

/// Settings of the gateway.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Those of every process.
    #[serde(flatten)]
    pub process: ProcessSettings,
    /// Where the services are.
    pub services: ServiceSettings,
    /// The bus.
    pub nats: NatsSettings,
    /// Proxies whose forwarded headers count.
    pub trusted_proxies: Vec<IpAddr>,
}

/// What every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    pub(crate) clients: Clients,
    pub(crate) live: Live,
    pub(crate) clock: Clock,
    pub(crate) organisations: Organisations,
    pub(crate) sessions: Sessions,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) stamps: StampKey,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts it together. Caches are dropped by what `live` hears.
    #[must_use]
    pub fn new(
        clients: Clients,
        live: Live,
        clock: Clock,
        trusted_proxies: Vec<IpAddr>,
        stamps: StampKey,
    ) -> Self {
        let sessions = Sessions::new(clients.clone(), live.clone(), clock.clone());
        let organisations = Organisations::new(clients.clone(), &live);
        Self(Arc::new(Inner { clients, live, clock, organisations, sessions, trusted_proxies, stamps }))
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Zorgportaal",
    description = "The resources of the client portal. The same paths without `/api/v1` are its pages. Log in at \
        `/api/v1/login` and send the session token as a bearer token.",
    license(name = "EUPL-1.2", identifier = "EUPL-1.2")
))]
struct Api;

fn documented() -> OpenApiRouter<App> {
    let mut document = Api::openapi();
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("session", scheme);
    let api = sections::routes().layer(middleware::from_fn(Representation::json));
    OpenApiRouter::with_openapi(document).nest("/api/v1", api)
}

/// The description of the JSON resources.
#[must_use]
pub fn openapi() -> Document {
    documented().into_openapi()
}

/// All routes, in their layers.
pub fn router(app: App) -> Router {
    let (api, document) = documented().split_for_parts();
    let pages = Router::from(sections::routes().layer(middleware::from_fn(Representation::html)));
    let framed = pages
        .merge(api)
        // The start page as JSON is described as `/api/v1/`; the router knows it without the slash.
        .route("/api/v1/", get(|| async { Redirect::permanent("/api/v1") }))
        .fallback(sections::not_found)
        .method_not_allowed_fallback(sections::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(app.clone(), render::frame))
        .layer(middleware::from_fn(body::whole));
    Router::new()
        .route("/live", get(sections::live::stream))
        .merge(sections::health::routes())
        .merge(assets::routes())
        .merge(sections::api::routes(document))
        .merge(framed)
        .layer(middleware::from_fn_with_state(app.clone(), security::guard))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(app)
}
