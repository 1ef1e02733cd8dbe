//! How the organisations take turns in the loop of one work.

use std::collections::{HashSet, VecDeque};

use chassis::id::OrganisationId;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::FuturesUnordered,
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{DueError, DueLoop, DueWork, POLL};
use crate::{StoreError, organisation::Organisation};

/// The organisations that wait for their turn, and those that have it.
#[derive(Default)]
struct Turns {
    waiting: VecDeque<Organisation>,
    running: HashSet<OrganisationId>,
    /// Those among the running that get another turn, at the end of the row.
    again: HashSet<OrganisationId>,
}

impl Turns {
    /// Gives each organisation a turn, unless it waits for one already.
    fn call(&mut self, organisations: Vec<Organisation>) {
        for organisation in organisations {
            if self.running.contains(&organisation.id) {
                self.again.insert(organisation.id);
            } else if !self.waiting.iter().any(|waiting| waiting.id == organisation.id) {
                self.waiting.push_back(organisation);
            }
        }
    }

    fn next(&mut self) -> Option<Organisation> {
        let next = self.waiting.pop_front()?;
        self.running.insert(next.id);
        Some(next)
    }

    fn end(&mut self, organisation: Organisation) {
        self.running.remove(&organisation.id);
        if self.again.remove(&organisation.id) {
            self.waiting.push_back(organisation);
        }
    }
}

impl DueLoop {
    /// Runs one work until `stop`, each second and when the loop is woken. Ends after the running work.
    pub(super) async fn take_turns(
        &self,
        work: &dyn DueWork,
        stop: &CancellationToken,
    ) -> Result<(), DueError> {
        let (mut turns, mut running) = (Turns::default(), FuturesUnordered::new());
        let (mut wake, mut poll) = (self.wake.0.subscribe(), tokio::time::interval(POLL));
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The list is asked for beside the running work: that work may hold the connections for which the list waits.
        let mut listing: OptionFuture<BoxFuture<'_, Result<Vec<Organisation>, StoreError>>> = None.into();
        let (mut is_listing, mut ended) = (false, Ok(()));
        while ended.is_ok() {
            while running.len() < work.parallel()
                && let Some(organisation) = turns.next()
            {
                running.push(async { (self.run_for(work, &organisation).await, organisation) });
            }
            tokio::select! {
                Some((result, organisation)) = running.next() => {
                    turns.end(organisation);
                    ended = result;
                }
                Some(listed) = &mut listing => {
                    (listing, is_listing) = (None.into(), false);
                    match listed {
                        Ok(organisations) => turns.call(organisations),
                        Err(error) => ended = Err(error.into()),
                    }
                }
                // The sender lives as long as `self`, so that an error cannot come.
                _ = wake.changed(), if !is_listing => {
                    (listing, is_listing) = (Some(self.organisations().boxed()).into(), true);
                }
                _ = poll.tick(), if !is_listing => {
                    (listing, is_listing) = (Some(self.organisations().boxed()).into(), true);
                }
                () = stop.cancelled() => break,
            }
        }
        while running.next().await.is_some() {}
        ended
    }
}
