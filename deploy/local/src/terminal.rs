//! Output for the person at the terminal.

/// Any error that ends a command.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Prints one line at the terminal.
#[expect(clippy::print_stdout, reason = "a person reads this output; services write logs instead")]
pub fn print_line(line: impl std::fmt::Display) {
    println!("{line}");
}
