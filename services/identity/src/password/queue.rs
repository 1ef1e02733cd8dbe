//! The queue before the hashing threads. Those who ask take turns, so that one who asks much waits for itself and not
//! for others.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// How many places there are. At 25 ms each on two cores, the last one waits three seconds.
const PLACES: usize = 256;
/// How many places one asker may have.
const SHARE: usize = 64;

/// The jobs of one asker, each with its place.
type Row<J> = VecDeque<(Place<J>, J)>;

struct State<J> {
    /// How many places each asker has.
    taken: HashMap<String, usize>,
    /// The jobs of each asker. The first asker has the next turn.
    rows: VecDeque<(String, Row<J>)>,
    is_closed: bool,
}

/// A queue of jobs.
pub struct FairQueue<J> {
    state: Mutex<State<J>>,
    filled: Condvar,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The asker has all its places.
    ForAsker,
    /// All places are taken.
    ForAnybody,
}

/// A place in the queue, taken until all its clones are dropped: by the asker, and with the jobs that were added. So a
/// caller who goes away keeps the place as long as the caller's jobs wait.
pub struct Place<J>(Arc<Taken<J>>);

impl<J> Clone for Place<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Taken<J> {
    queue: Arc<FairQueue<J>>,
    asker: String,
}

impl<J> FairQueue<J> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let state = State { taken: HashMap::new(), rows: VecDeque::new(), is_closed: false };
        Arc::new(Self { state: Mutex::new(state), filled: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for an asker.
    ///
    /// # Errors
    /// [`NoPlace`] where the asker has all its places, or the queue is full.
    pub fn take_place(self: &Arc<Self>, asker: &str) -> Result<Place<J>, NoPlace> {
        let taken = &mut self.state().taken;
        let all: usize = taken.values().sum();
        let own = taken.get(asker).copied().unwrap_or(0);
        if own >= SHARE {
            return Err(NoPlace::ForAsker);
        }
        // Who has no place yet gets one for longer: those with many must not keep others out.
        if all >= if own == 0 { 2 * PLACES } else { PLACES } {
            return Err(NoPlace::ForAnybody);
        }
        taken.insert(asker.to_owned(), own + 1);
        Ok(Place(Arc::new(Taken { queue: Arc::clone(self), asker: asker.to_owned() })))
    }

    /// The next job, if one waits, with its place: drop the place after the job.
    pub fn try_next(&self) -> Option<(Place<J>, J)> {
        next(&mut self.state())
    }

    /// Waits for the next job; `None` once the queue is closed.
    pub fn wait_for_next(&self) -> Option<(Place<J>, J)> {
        let mut state = self.state();
        loop {
            if let Some(job) = next(&mut state) {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the threads that wait for a job.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.filled.notify_all();
    }
}

fn next<J>(state: &mut State<J>) -> Option<(Place<J>, J)> {
    let (asker, mut jobs) = state.rows.pop_front()?;
    let job = jobs.pop_front();
    if !jobs.is_empty() {
        state.rows.push_back((asker, jobs));
    }
    job
}

impl<J> Place<J> {
    /// Adds a job of the place's asker.
    pub fn add(&self, job: J) {
        let (mut state, job) = (self.0.queue.state(), (self.clone(), job));
        match state.rows.iter_mut().find(|(asker, _)| *asker == self.0.asker) {
            Some((_, jobs)) => jobs.push_back(job),
            None => state.rows.push_back((self.0.asker.clone(), VecDeque::from([job]))),
        }
        drop(state);
        self.0.queue.filled.notify_one();
    }
}

impl<J> Drop for Taken<J> {
    fn drop(&mut self) {
        let taken = &mut self.queue.state().taken;
        if let Some(own) = taken.get_mut(&self.asker) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.asker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn askers_take_turns() {
        let queue = FairQueue::new();
        let places: Vec<_> = (0..4).map(|_| queue.take_place("much").unwrap()).collect();
        for (place, job) in places.iter().zip(["much 1", "much 2", "much 3", "much 4"]) {
            place.add(job);
        }
        let little = queue.take_place("little").unwrap();
        little.add("little 1");
        let order: Vec<_> = std::iter::from_fn(|| queue.try_next()).map(|(_, job)| job).collect();
        assert_eq!(order, ["much 1", "little 1", "much 2", "much 3", "much 4"]);
    }

    #[test]
    fn one_asker_leaves_places_to_others() {
        let queue = FairQueue::<()>::new();
        let places: Vec<_> = std::iter::from_fn(|| queue.take_place("much").ok()).collect();
        assert_eq!(places.len(), SHARE);
        assert_eq!(queue.take_place("much").err(), Some(NoPlace::ForAsker));
        assert!(queue.take_place("little").is_ok());
        drop(places);
        assert!(queue.take_place("much").is_ok(), "a place that is left is free again");
    }

    #[test]
    fn a_full_queue_takes_nobody() {
        let queue = FairQueue::<()>::new();
        let place = |number: usize| queue.take_place(&number.to_string());
        let places: Vec<_> = (0..PLACES).map(|number| place(number).unwrap()).collect();
        assert_eq!(place(0).err(), Some(NoPlace::ForAnybody), "who has a place already");
        let others: Vec<_> = (PLACES..2 * PLACES).map(|number| place(number).unwrap()).collect();
        assert_eq!(place(2 * PLACES).err(), Some(NoPlace::ForAnybody));
        drop((places, others));
    }

    #[test]
    fn a_job_keeps_its_place_after_its_asker_has_gone() {
        let queue = FairQueue::new();
        for _ in 0..SHARE {
            queue.take_place("much").unwrap().add("job");
        }
        assert_eq!(queue.take_place("much").err(), Some(NoPlace::ForAsker));
        drop(queue.try_next());
        assert!(queue.take_place("much").is_ok());
    }

    #[test]
    fn a_closed_queue_ends_those_that_wait() {
        let queue = FairQueue::<()>::new();
        let waiting = Arc::clone(&queue);
        let thread = std::thread::spawn(move || waiting.wait_for_next());
        queue.close();
        assert!(thread.join().unwrap().is_none());
    }
}
