/// The committed `openapi.json` describes the code (API-02). `UPDATE=1 make test ARGS='-p
/// zorgportaal-gateway'` writes it.
#[test]
fn openapi_json_matches_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let now = gateway::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "how a person asks a test to write its golden file")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == now, "gateway/openapi.json does not match the code: run with UPDATE=1");
}

/// The names of schemas that a source text defines: structs and enums that derive `ToSchema`, and forms.
fn schema_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_schema = false;
    for line in source.lines() {
        is_schema |=
            line.starts_with("#[derive(") && line.contains("ToSchema") || line.starts_with("form! {");
        let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric()).collect();
        let name = words.iter().position(|word| ["struct", "enum"].contains(word));
        if let Some(name) = name.and_then(|at| words.get(at + 1)).filter(|_| is_schema) {
            names.push((*name).to_owned());
            is_schema = false;
        }
    }
    names
}

fn sources(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(
            |path| {
                if path.is_dir() { sources(&path) } else { vec![std::fs::read_to_string(&path).unwrap()] }
            },
        )
        .collect()
}

#[test]
fn no_two_schemas_have_the_same_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sections");
    let mut names: Vec<String> = sources(&folder).iter().flat_map(|source| schema_names(source)).collect();
    assert!(names.len() > 40, "{names:?}");
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert_eq!(twice, Vec::<&String>::new(), "one would describe the other");
    let source = "#[derive(Serialize, ToSchema)]\npub struct A {\nform! {\n    /// A form.\n    struct B, shown as C {";
    assert_eq!(schema_names(source), ["A", "B"]);
}
