//! The gateway process. The code is in the library, so that tests can use it.

fn main() -> std::process::ExitCode {
    gateway::main()
}
