//! The contract keeps buf's rules.

use std::process::Command;

#[test]
fn the_contract_keeps_the_rules_of_buf() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let lint = Command::new(format!("{folder}/../.zorgportaal/venv/bin/buf"))
        .arg("lint")
        .current_dir(folder)
        .output()
        .expect("buf is installed by `make test`");
    let told = String::from_utf8_lossy(&lint.stdout);
    assert!(lint.status.success(), "{told}{}", String::from_utf8_lossy(&lint.stderr));
}
