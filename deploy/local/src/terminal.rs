//! Output for the person at the terminal.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Any error that ends a command.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How often progress is shown.
const INTERVAL: Duration = Duration::from_millis(250);

/// Prints one line at the terminal.
#[expect(clippy::print_stdout, reason = "a person reads this output; services write logs instead")]
pub fn print_line(line: impl std::fmt::Display) {
    println!("{line}");
}

/// The progress of many records on one line that is written again and again; nothing where no terminal shows it.
pub struct Progress {
    total: usize,
    started: Instant,
    shown: Option<Instant>,
}

impl Progress {
    /// The start of work on this number of records.
    #[must_use]
    pub fn start(total: usize) -> Self {
        let now = Instant::now();
        Self { total, started: now, shown: stderr().is_terminal().then_some(now) }
    }

    /// Shows count, rate and refusals, four times a second at most.
    pub fn show(&mut self, accepted: usize, refused: usize) {
        if self.shown.is_some_and(|shown| shown.elapsed() >= INTERVAL) {
            self.shown = Some(Instant::now());
            self.write(accepted, refused);
        }
    }

    /// Shows the last count and ends the line.
    pub fn end(&self, accepted: usize, refused: usize) {
        if self.shown.is_some() {
            self.write(accepted, refused);
            let _ = writeln!(stderr());
        }
    }

    fn write(&self, accepted: usize, refused: usize) {
        let done = accepted + refused;
        let rate = per_second(done, self.started.elapsed());
        let _ = write!(stderr(), "\r{done} of {} records, {rate} per second, {refused} refused ", self.total);
        let _ = stderr().flush();
    }
}

/// How many records in a second.
fn per_second(count: usize, time: Duration) -> u128 {
    (count as u128 * 1000).checked_div(time.as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_counts_records_in_a_second() {
        assert_eq!(per_second(500, Duration::from_millis(250)), 2000);
        assert_eq!(per_second(500, Duration::ZERO), 0);
    }
}
