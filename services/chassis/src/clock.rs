//! Time as a parameter: every rule asks the process's [`Clock`], so that a test can set the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// The source of a process's time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The machine's clock plus a shift.
    Machine(SignedDuration),
    /// Microseconds since 1970; only [`Clock::advance`] changes them.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn machine() -> Self {
        Self(Source::Machine(SignedDuration::ZERO))
    }

    /// The machine's clock plus a shift. `config` refuses a shift outside the environment `test`.
    #[must_use]
    pub(crate) const fn shifted(offset: SignedDuration) -> Self {
        Self(Source::Machine(offset))
    }

    /// A clock that stays at one time until [`Clock::advance`] moves it.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.as_microsecond()))))
    }

    /// The time, in whole microseconds, because Postgres stores no finer time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "only the Clock reads the machine's time")]
            Source::Machine(offset) => {
                let now = Timestamp::now() + *offset;
                Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
            }
            Source::Fixed(at) => {
                Timestamp::from_microsecond(at.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Moves a fixed clock forward. Changes nothing for the machine's clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(at) = &self.0 {
            at.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_by_hand() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        clock.clone().advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_second(), 5);
    }
}
