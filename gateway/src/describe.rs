//! Completes the OpenAPI description: the answers of each operation that refuse a request, with the reasons of the contract
//! for which they come (API-01).

use proto::Reason;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterIn, PathItem},
    },
};

use crate::problem;

/// The media type of a refusal (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Why a request was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemDocument {
    /// The kind of problem: a path of the portal.
    r#type: String,
    /// The problem in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The reason in the contract.
    reason: String,
    /// The fields that are wrong.
    errors: Option<Vec<ProblemField>>,
}

/// A field that is wrong.
#[derive(Serialize, ToSchema)]
struct ProblemField {
    /// The field: a JSON pointer into the request.
    pointer: String,
    /// The reason in the contract.
    reason: String,
    /// What is wrong, in words.
    detail: String,
}

/// A language of pages and messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema names the values; the code reads them as text")]
pub enum LanguageCode {
    /// Dutch.
    Nl,
    /// English.
    En,
}

/// A text size of pages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema names the values; the code reads them as text")]
pub enum TextSize {
    /// The browser's own size.
    Normal,
    /// Larger.
    Large,
    /// Largest.
    Largest,
}

/// Adds the refusals to all operations.
pub fn add_refusals(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    add_schemas(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let service = service_of(operation);
            for status in refusals(path, &method, operation) {
                let described = refusal(status, service);
                let response = operation.responses.responses.entry(status.to_string());
                if let RefOr::T(response) = response.or_insert_with(|| described.clone().into()) {
                    response.content.extend(described.content);
                }
            }
        }
    }
}

fn add_schemas(components: &mut Components) {
    let mut schemas = Vec::new();
    ProblemDocument::schemas(&mut schemas);
    schemas.push(("Problem".to_owned(), ProblemDocument::schema()));
    components.schemas.extend(schemas);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let (get, post) = (item.get.as_mut(), item.post.as_mut());
    let get = get.map(|operation| (HttpMethod::Get, operation));
    get.into_iter().chain(post.map(|operation| (HttpMethod::Post, operation)))
}

/// The service behind an operation.
fn service_of(operation: &Operation) -> &'static str {
    let tags = operation.tags.as_deref().unwrap_or_default();
    if tags.iter().any(|tag| tag == "dossier") { "dossier" } else { "identity" }
}

/// The statuses with which an operation may refuse a request.
fn refusals(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<u16> {
    let writes = *method != HttpMethod::Get;
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has = |place: ParameterIn| {
        let is_there = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(found) if found.parameter_in == place);
        parameters.iter().any(is_there)
    };
    // The steps of a login bring a token of their own.
    let is_login = path.starts_with("/api/v1/login");
    let brings_token = is_login || operation.security.as_ref().is_some_and(|needed| !needed.is_empty());
    let mut statuses = vec![400, 429, 503];
    if brings_token {
        statuses.extend([401, 404]);
    }
    if brings_token || writes {
        statuses.push(403);
    }
    if has(ParameterIn::Path) {
        statuses.push(404);
    }
    if has(ParameterIn::Query) {
        statuses.push(422);
    }
    if writes {
        statuses.extend([404, 409, 413, 422]);
    }
    statuses
}

/// The description of a refusal: the reasons of the gateway, of all services and of one service that have the status.
fn refusal(status: u16, service: &str) -> Response {
    let is_known = |reason: &&Reason| {
        let package = reason.domain().split('.').nth(1).unwrap_or_default();
        ["access", "gateway", service].contains(&package)
    };
    let mut names: Vec<&str> = Reason::ALL
        .iter()
        .filter(is_known)
        .filter(|reason| problem::status_of_reason(**reason).as_u16() == status)
        .map(|reason| reason.name())
        .collect();
    names.sort_unstable();
    names.dedup();
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(format!("Refused. `reason` is one of {}.", names.join(", ")))
        .content(PROBLEM, content)
        .build()
}
