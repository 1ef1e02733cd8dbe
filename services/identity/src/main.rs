//! The identity service.

fn main() -> std::process::ExitCode {
    store::service::main::<identity::Identity>()
}
