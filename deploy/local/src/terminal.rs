//! What the person at the terminal is told.

/// Whatever can keep a command from doing its work.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "this is a command for people; the services log instead")]
pub fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
