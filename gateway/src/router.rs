//! The routes and their layers. Each route is a page at `/` and JSON at `/api/v1`.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware, response::Redirect, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::App,
    assets,
    body::{self, BODY_LIMIT},
    compress, describe,
    form::Routes,
    page::Representation,
    render::{self, FrameState},
    repeat::{self, Repeats},
    sections::{self, live, styleguide},
    security,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Zorgportaal",
    description = "The resources of the client portal. The same paths without `/api/v1` are its pages. Log in at \
        `/api/v1/login` and send the session token as a bearer token.",
    license(name = "EUPL-1.2", identifier = "EUPL-1.2")
))]
struct Api;

/// The routes as JSON at `/api/v1`, with their OpenAPI description.
fn documented() -> OpenApiRouter<App> {
    let mut document = Api::openapi();
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("session", scheme);
    let api = sections::routes().router.layer(middleware::from_fn(Representation::json));
    OpenApiRouter::with_openapi(document).nest("/api/v1", api)
}

/// The OpenAPI description of the JSON resources.
#[must_use]
pub fn openapi() -> Document {
    let mut document = documented().into_openapi();
    describe::add_refusals(&mut document);
    document
}

/// All routes, in their layers.
pub fn router(app: App) -> Router {
    let (api, _) = documented().split_for_parts();
    let Routes { router, forms } = sections::routes();
    let pages = Router::from(router.layer(middleware::from_fn(Representation::html)));
    let frame_state = FrameState { app: app.clone(), forms: Arc::new(forms) };
    let framed = pages
        .merge(api)
        // OpenAPI describes the start page's JSON as `/api/v1/`, but the router serves it as `/api/v1`.
        .route("/api/v1/", get(|| async { Redirect::permanent("/api/v1") }))
        .route(live::PATH, get(live::stream))
        .merge(styleguide::routes(app.shows_styleguide))
        .fallback(sections::not_found)
        .method_not_allowed_fallback(sections::method_not_allowed)
        .layer(middleware::from_fn_with_state(Repeats::default(), repeat::answer_once))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(frame_state, render::frame))
        .layer(middleware::from_fn(body::read_body));
    Router::new()
        .merge(sections::health::routes())
        .merge(assets::routes())
        .merge(sections::api::routes(openapi()))
        .merge(framed)
        .layer(middleware::from_fn_with_state(app.clone(), security::guard))
        .layer(compress::layer())
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(app)
}
