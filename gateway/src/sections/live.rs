//! `/live`: server-sent events that say "something new in this section". No content.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use chassis::section;
use futures::{Stream, StreamExt, stream};
use proto::access::v1::Action;
use tokio::sync::broadcast::Receiver;

use crate::{app::App, cookie, live::Change, session::Session};

/// How long a stream lives at most: then the browser asks again, and its session is looked at again.
const LIFE: Duration = Duration::from_mins(10);

/// Tells an open page of changes to the chosen client's dossier until the session ends or changes are not heard.
pub async fn stream(State(app): State<App>, headers: HeaderMap) -> Response {
    if !app.live.is_connected() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let changes = app.live.changes();
    let session = match cookie::session_token(&headers) {
        Some(token) => app.sessions.resolve_passively(&token).await.ok().flatten(),
        None => None,
    };
    let Some(session) = session else { return StatusCode::UNAUTHORIZED.into_response() };
    let idle_until = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
    let left = u64::try_from(idle_until - app.clock.now().as_second()).unwrap_or(0);
    let end = Box::pin(tokio::time::sleep(LIFE.min(Duration::from_secs(left))));
    let events = events(changes, session).take_until(end);
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

/// What this session may know of, as events.
fn events(changes: Receiver<Change>, session: Arc<Session>) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = stream::iter([Ok(Event::default().comment("open"))]);
    let rest = stream::unfold(changes, move |mut changes| {
        let session = Arc::clone(&session);
        async move {
            loop {
                // Lagging behind ends the stream: the browser comes back and looks at the page anew.
                match changes.recv().await.ok()? {
                    Change::Down => return None,
                    Change::SessionEnded(id) if id == session.facts.session_id => return None,
                    Change::GrantChanged(account) if account == session.facts.account_id => return None,
                    Change::Section { organisation, client, section }
                        if organisation == session.facts.organisation_id
                            && client == session.facts.client_id
                            && session.allows(section, Action::View) =>
                    {
                        let event = Event::default().event("change").data(section::name(section));
                        return Some((Ok(event), changes));
                    }
                    _ => {}
                }
            }
        }
    });
    hello.chain(rest)
}
