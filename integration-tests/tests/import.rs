//! Import as other programs do it: small records without a pause, and files with what editors leave in them.

use std::{path::Path, process::Command};

use integration_tests::{System, ecd::report_record};
use prost::Message;
use proto::dossier::v1::{ImportRecordsRequest, import_records_request::Item};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn small_records_without_a_pause_are_slowed_and_never_cut() {
    const RECORDS: u32 = 50_000;
    let system = System::start().await;
    let ecd = system.ecd("thuisgenoten");
    let (_, client) = ecd.register_client("mevrouw A. de Vries").await.unwrap();
    let record = Item::Record(report_record(&client, "EXT0000000", "Goed."));
    let template = ImportRecordsRequest { sequence: 1, historic: true, item: Some(record) };
    let template = chassis::secret::hex(&template.encode_to_vec());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sent = Command::new(root.join(".zorgportaal/venv/bin/python"))
        .arg(root.join("integration-tests/clients/import_records.py"))
        .args([ecd.address("dossier").trim_start_matches("http://"), &RECORDS.to_string(), &template])
        .env("TOKEN", ecd.token().await.unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    let errors = String::from_utf8_lossy(&sent.stderr).into_owned();
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{errors}"));
    assert_eq!((&said["imported"], &said["end"]), (&RECORDS.into(), &"OK".into()), "{said}");
    assert_eq!(said["others"].as_object().unwrap().len(), 1, "other calls on the channel: {said}");
    system.until_count("dossier", "record", i64::from(RECORDS)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_byte_order_mark_is_read_and_each_fault_has_its_line() {
    let system = System::start().await;
    let client =
        r#"{"client": {"origin": {"source": "ecd", "external_id": "C1", "version": 1}, "name": "Jan"}}"#;
    let file = system.data().join("records.jsonl");
    let lines =
        [client.as_bytes(), b"", b"{\"client\": 5}", b"{\"client\": {\"name\": \"\xff\"}}", b"nonsense\r"];
    std::fs::write(&file, [&b"\xef\xbb\xbf"[..], &lines.join(&b'\n')].concat()).unwrap();
    let path = file.display().to_string();
    let imported = system.command(&["import", "--organisation", "thuisgenoten", &path]);
    let said = String::from_utf8_lossy(&imported.stdout).into_owned();
    for line in
        ["line 3 is refused", "line 4 is refused", "line 5 is refused", "1 records imported, 3 refused"]
    {
        assert!(said.contains(line), "{line}: {said}{}", String::from_utf8_lossy(&imported.stderr));
    }
    assert!(!said.contains("line 1 is refused"), "{said}");
}
