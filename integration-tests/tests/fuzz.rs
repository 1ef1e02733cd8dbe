//! The JSON API under a fuzzer that reads the API's own description: whatever is sent, the answer is one that the
//! description names. `ZORGPORTAAL_FUZZ_SEED` sets the seed, `ZORGPORTAAL_FUZZ_SECONDS` the length (`make chaos`: ten
//! minutes).

use std::{path::Path, process::Command};

use integration_tests::System;

use crate::kill::env_number;

/// What must hold of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,unsupported_method,allow_header_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_a_fuzzer_is_one_that_the_description_names() {
    let seconds = env_number("ZORGPORTAAL_FUZZ_SECONDS", 60).to_string();
    let seed = env_number("ZORGPORTAAL_FUZZ_SEED", 1).to_string();
    let system = System::start().await;
    let (ecd, portal) = (system.ecd("thuisgenoten"), system.portal("thuisgenoten"));
    let person = ecd.register("mevrouw A. de Vries").await;
    for number in 1..=25 {
        ecd.report(&person, &format!("Rapportage {number}")).await.unwrap();
    }
    let session = portal.first_login(&system, &person).await;
    println!("the fuzzer runs for {seconds} s with the seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let gateway = system.facts["gateway"].as_str().unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.zorgportaal/venv/bin/schemathesis");
    let ran = Command::new(program)
        .current_dir(folder.path())
        .args(["run", &format!("{gateway}/api/v1/openapi.json"), "--checks", CHECKS])
        .args(["--phases", "coverage,fuzzing", "--seed", &seed, "--max-time", &seconds])
        .args(["--header", "Host:thuisgenoten.localhost"])
        .args(["--header", &format!("Authorization:Bearer {session}")])
        // The fuzzer would end its own session.
        .args([
            "--exclude-path",
            "/api/v1/logout",
            "--warnings",
            "off",
            "--continue-on-failure",
            "--no-color",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    println!("{said}");
    assert!(ran.status.success(), "seed {seed}: {said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(portal.get("/session", &session).await.status.is_success(), "the session is still open");
}
