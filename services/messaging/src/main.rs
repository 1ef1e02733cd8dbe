//! The messaging service.

fn main() -> std::process::ExitCode {
    store::service::main::<messaging::Messaging>()
}
