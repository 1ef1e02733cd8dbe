/// The committed description is what the code says (API-02). `UPDATE=1 make test ARGS='-p zorgportaal-gateway'` writes it.
#[test]
fn the_committed_description_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let now = gateway::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "how a person asks a test to write its golden file")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == now, "gateway/openapi.json is not what the code says: run with UPDATE=1");
}
