//! `/live`: server-sent events that say "something new in this section", without content.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use chassis::section;
use futures::{Stream, StreamExt, stream};
use proto::access::v1::Action;
use tokio::sync::broadcast::Receiver;

use crate::{app::App, cookie, live::Change, problem::Problem, session::Session, sessions::Viewer};

/// The path of the stream. A browser asks for it by itself: the request does not keep the session alive.
pub const PATH: &str = "/live";
/// The longest that a stream lives. The browser then connects again, and its session is resolved again.
const STREAM_LIFE: Duration = Duration::from_mins(10);

/// Sends an open page the changes to the chosen client's dossier, until the session ends or NATS cannot be
/// reached.
pub async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    Viewer(viewer): Viewer,
) -> Result<Response, Problem> {
    if !app.live.is_connected() {
        return Err(Problem::unavailable());
    }
    let changes = app.live.changes();
    // Resolved again after the subscription: a change in between would not come.
    let token = cookie::session_token(&headers).unwrap_or_default();
    let session = app.sessions.resolve_passively(&token).await?;
    let session = session.filter(|session| session.facts.session_id == viewer.facts.session_id);
    let session = session.ok_or_else(Problem::unauthenticated)?;
    let idle_until = session.facts.idle_until.as_ref().map_or(0, |end| end.seconds);
    let left = u64::try_from(idle_until - app.clock.now().as_second()).unwrap_or(0);
    let end = Box::pin(tokio::time::sleep(STREAM_LIFE.min(Duration::from_secs(left))));
    let events = events(changes, session).take_until(end);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// The changes that the session may see, as server-sent events.
fn events(changes: Receiver<Change>, session: Arc<Session>) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = stream::iter([Ok(Event::default().comment("open"))]);
    let rest = stream::unfold(changes, move |mut changes| {
        let session = Arc::clone(&session);
        async move {
            loop {
                // A stream that lags too far behind ends: the browser connects again and reloads.
                match changes.recv().await.ok()? {
                    Change::BusLost => return None,
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
