//! The contract passes `buf lint`.

use std::process::Command;

#[test]
fn the_contract_passes_buf_lint() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let lint = Command::new(format!("{folder}/../.zorgportaal/venv/bin/buf"))
        .arg("lint")
        .current_dir(folder)
        .output()
        .expect("buf is installed by `make test`");
    let findings = String::from_utf8_lossy(&lint.stdout);
    assert!(lint.status.success(), "{findings}{}", String::from_utf8_lossy(&lint.stderr));
}
