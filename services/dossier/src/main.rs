//! The dossier service.

fn main() -> std::process::ExitCode {
    store::service::main::<dossier::Dossier>()
}
