//! A circuit breaker: a provider that does not work gets one attempt at a time instead of all messages.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How many attempts in a row must fail until the provider counts as broken.
const FAILURES: u32 = 4;
/// How long a broken provider is left alone after each attempt. A code lives for minutes.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// What a breaker knows of its provider.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The provider works, apart from this many failures in a row.
    Closed(u32),
    /// The provider is broken. From this moment on, one attempt may find out whether the provider works again.
    Open(Timestamp),
    /// That attempt is under way.
    HalfOpen,
}

/// The breaker of one provider.
#[derive(Debug)]
pub struct Breaker {
    provider: &'static str,
    state: Mutex<State>,
}

/// A number of attempts that a breaker allows. Dropping it gives back the single attempt of a broken provider, unless
/// its result was reported.
#[derive(Debug)]
pub struct Allowance<'a> {
    /// How many attempts are allowed.
    pub attempts: usize,
    breaker: &'a Breaker,
    now: Timestamp,
}

impl Breaker {
    /// The breaker of a provider that works.
    #[must_use]
    pub fn new(provider: &'static str) -> Self {
        metrics::gauge!("provider_broken", "provider" => provider).set(0);
        Self { provider, state: Mutex::new(State::Closed(0)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all messages may be tried.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(*self.state(), State::Closed(_))
    }

    /// Allows `window` attempts, or one, or none.
    pub fn allow(&self, now: Timestamp, window: usize) -> Allowance<'_> {
        let mut state = self.state();
        let attempts = match *state {
            State::Closed(_) => window,
            State::Open(until) if now >= until => {
                *state = State::HalfOpen;
                1
            }
            State::Open(_) | State::HalfOpen => 0,
        };
        Allowance { attempts, breaker: self, now }
    }

    /// Reports that the provider answered as a provider that works.
    pub fn succeeded(&self) {
        let before = std::mem::replace(&mut *self.state(), State::Closed(0));
        if !matches!(before, State::Closed(_)) {
            metrics::gauge!("provider_broken", "provider" => self.provider).set(0);
            tracing::info!(provider = self.provider, "the provider works again");
        }
    }

    /// Reports that the provider did not answer, or refused the portal itself.
    pub fn failed(&self, now: Timestamp) {
        let mut state = self.state();
        match *state {
            State::Closed(failures) if failures + 1 < FAILURES => *state = State::Closed(failures + 1),
            State::Closed(_) => {
                *state = State::Open(now + PAUSE);
                metrics::gauge!("provider_broken", "provider" => self.provider).set(1);
                tracing::error!(
                    provider = self.provider,
                    "the provider is broken: its messages wait, and one attempt at a time is made"
                );
            }
            State::Open(_) | State::HalfOpen => *state = State::Open(now + PAUSE),
        }
    }
}

impl Drop for Allowance<'_> {
    fn drop(&mut self) {
        if self.attempts == 1 {
            let mut state = self.breaker.state();
            if *state == State::HalfOpen {
                *state = State::Open(self.now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn broken() -> Breaker {
        let breaker = Breaker::new("test");
        for _ in 0..FAILURES {
            assert_eq!(breaker.allow(at(0), 8).attempts, 8);
            breaker.failed(at(0));
        }
        breaker
    }

    #[test]
    fn a_broken_provider_gets_one_attempt_after_each_pause() {
        let breaker = broken();
        assert_eq!(breaker.allow(at(9), 8).attempts, 0);
        let attempt = breaker.allow(at(10), 8);
        assert_eq!((attempt.attempts, breaker.allow(at(60), 8).attempts), (1, 0), "one at a time");
        breaker.failed(at(12));
        drop(attempt);
        assert_eq!((breaker.allow(at(21), 8).attempts, breaker.allow(at(22), 8).attempts), (0, 1));
    }

    #[test]
    fn a_provider_that_works_again_gets_all_messages() {
        let breaker = broken();
        let attempt = breaker.allow(at(10), 8);
        breaker.succeeded();
        drop(attempt);
        assert_eq!(breaker.allow(at(10), 8).attempts, 8);
    }

    #[test]
    fn an_attempt_that_found_nothing_to_send_is_given_back() {
        let breaker = broken();
        drop(breaker.allow(at(10), 8));
        assert_eq!(breaker.allow(at(10), 8).attempts, 1);
    }

    #[test]
    fn failures_between_successes_break_nothing() {
        let breaker = Breaker::new("test");
        for _ in 0..20 {
            breaker.failed(at(0));
            breaker.succeeded();
        }
        assert_eq!(breaker.allow(at(0), 8).attempts, 8);
    }
}
