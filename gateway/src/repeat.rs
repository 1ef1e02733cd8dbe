//! The same step of a page, sent twice: a double click without scripts sends the form again while the first one is under
//! way, and the browser shows the second answer alone. Both get the first one's answer; a right password or code that is
//! used up by the first is not refused to the second. Programs send each step once, and get the answer to each.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::{secret::sha256, telemetry::Trace};
use moka::future::Cache;

use crate::{
    body::{self, BODY_LIMIT},
    cookie,
    edge::Edge,
    page::{Cookies, Outcome},
    problem::Problem,
};

/// How long an answer is kept for a repeat.
const LIFE: Duration = Duration::from_secs(5);
/// The starts of the paths whose steps can be taken once.
const ONCE: [&str; 5] = ["/login", "/password", "/step-up", "/account", "/reports/new"];

/// The answers of steps, as the layer around every handler gets them: without a body.
type Answer = (StatusCode, HeaderMap, Extensions);

/// The answers of the last seconds. Cheap to clone.
#[derive(Clone)]
pub struct Repeats {
    /// By the hash of all that the request brought.
    answers: Cache<Hash, Arc<Answer>>,
    /// Which of them gave a browser a token, by the token's hash.
    given: Cache<Hash, Hash>,
}

type Hash = [u8; 32];

impl Default for Repeats {
    fn default() -> Self {
        let answers = Cache::builder().max_capacity(10_000).time_to_live(LIFE).build();
        Self { answers, given: Cache::builder().max_capacity(10_000).time_to_live(LIFE).build() }
    }
}

impl Repeats {
    /// Drops the answer that gave the browser the token that it now brings: the browser has got the answer, and the same
    /// words from now on are a new step, such as a login after a logout.
    async fn forget_received(&self, headers: &HeaderMap) {
        for token in [cookie::LOGIN, cookie::SESSION].iter().filter_map(|name| cookie::read(headers, name)) {
            if let Some(key) = self.given.remove(&sha256(&[token.as_bytes()])).await {
                self.answers.invalidate(&key).await;
            }
        }
    }

    async fn note_given(&self, key: Hash, answer: &Answer) {
        for cookie in answer.2.get::<Cookies>().iter().flat_map(|cookies| &cookies.0) {
            if [cookie::LOGIN, cookie::SESSION].contains(&cookie.name()) {
                self.given.insert(sha256(&[cookie.value().as_bytes()]), key).await;
            }
        }
    }
}

/// The layer that runs the same step once.
pub async fn answer_once(State(repeats): State<Repeats>, request: Request, next: Next) -> Response {
    repeats.forget_received(request.headers()).await;
    let path = request.uri().path();
    if request.method().is_safe() || !ONCE.iter().any(|start| path.starts_with(start)) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_LIMIT + 1).await {
        Ok(body) => body,
        Err(error) => return body::problem(error).into_response(),
    };
    let key = key(&parts, &body);
    let request = Request::from_parts(parts, Body::from(body));
    let step = async move {
        let (parts, _) = next.run(request).await.into_parts();
        Arc::new((parts.status, parts.headers, parts.extensions))
    };
    // In a task of its own: the browser gives up the first request, but the step goes on, and the second request gets
    // its answer.
    let answers = repeats.answers.clone();
    let step = Trace::carry(async move { answers.get_with(key, step).await });
    let Ok(answer) = tokio::spawn(step).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // A refusal is shared by those that wait for it; who asks later is judged anew.
    let is_refusal = answer.2.get::<Problem>().is_some()
        || matches!(answer.2.get::<Outcome>(), Some(Outcome::Refused(..)))
        || answer.0.is_client_error();
    if is_refusal {
        repeats.answers.invalidate(&key).await;
    } else {
        repeats.note_given(key, &answer).await;
    }
    let (status, headers, extensions) = (*answer).clone();
    let mut response = (status, headers).into_response();
    *response.extensions_mut() = extensions;
    response
}

/// The hash of who sent a request and what was sent: only the same browser with the same words gets the same answer.
fn key(parts: &Parts, body: &[u8]) -> Hash {
    let edge = parts.extensions.get::<Edge>().cloned().unwrap_or_default();
    let from = format!("{} {} {:?} {:?} ", parts.method, parts.uri, edge.host, edge.address);
    let headers = [header::COOKIE, header::AUTHORIZATION, header::USER_AGENT].map(|name| {
        let lines: Vec<&[u8]> = parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        sha256(&[&lines.join(&b'\n')])
    });
    let [cookie, authorization, agent] = &headers;
    sha256(&[&sha256(&[from.as_bytes()]), cookie, authorization, agent, body])
}
