use std::{collections::HashMap, path::Path, process::Command};

use proto::SERVICES;
use serde_json::{Value, json};

/// The name of a package's row and column in the table; `None` for packages of others.
fn kind(package: &str) -> Option<&str> {
    let name = package.strip_prefix("zorgportaal-")?;
    Some(match name {
        "local" => "deploy/local",
        name if SERVICES.contains(&name) => "a service",
        name => name,
    })
}

/// The table "Who may use whom" of ARCHITECTURE.md: `yes`, `dev` or `no` for each pair of user and used.
fn table() -> HashMap<(String, String), String> {
    let text = include_str!("../../ARCHITECTURE.md");
    let table = text.split("## Who may use whom").nth(1).unwrap();
    let mut rows = table.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = rows.next().unwrap();
    let mut rules = HashMap::new();
    for row in rows.skip(1) {
        for (column, rule) in head.iter().zip(&row).skip(1) {
            rules.insert((row[0].clone(), column.clone()), rule.clone());
        }
    }
    rules
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn metadata() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    serde_json::from_slice(&metadata.stdout).unwrap()
}

/// The dependencies that the table does not allow, as text, and the number of all dependencies that were
/// checked.
fn faults(metadata: &Value) -> (Vec<String>, usize) {
    let rules = table();
    let (mut faults, mut uses) = (Vec::new(), 0);
    for package in metadata["packages"].as_array().unwrap() {
        let Some(from) = kind(package["name"].as_str().unwrap()) else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            let outside = ["sqlx", "async-nats"].contains(&name).then_some(name);
            let Some(to) = kind(name).or(outside) else { continue };
            let rule = rules.get(&(from.to_owned(), to.to_owned())).map_or("no", String::as_str);
            uses += 1;
            if !(rule == "yes" || (rule == "dev" && dependency["kind"] == "dev")) {
                faults.push(format!("{from} may not use {to} ({})", dependency["kind"]));
            }
        }
    }
    (faults, uses)
}

#[test]
fn crates_use_each_other_as_the_architecture_says() {
    let (faults, uses) = faults(&metadata());
    assert_eq!(faults, Vec::<String>::new());
    assert!(uses > 20, "{uses}");
}

#[test]
fn a_dependency_outside_the_table_is_reported() {
    let package = |name: &str, uses: &str, kind: Value| json!({ "packages": [{ "name": name, "dependencies": [{ "name": uses, "kind": kind }] }] });
    for (name, uses, kind) in [
        ("zorgportaal-dossier", "zorgportaal-identity", Value::Null),
        ("zorgportaal-gateway", "zorgportaal-store", Value::Null),
        ("zorgportaal-gateway", "sqlx", json!("dev")),
        ("zorgportaal-identity", "async-nats", Value::Null),
        ("zorgportaal-dossier", "zorgportaal-testkit", Value::Null),
        ("zorgportaal-chassis", "zorgportaal-store", json!("dev")),
    ] {
        assert_eq!(faults(&package(name, uses, kind)).0.len(), 1, "{name} uses {uses}");
    }
    assert!(faults(&package("zorgportaal-dossier", "zorgportaal-testkit", json!("dev"))).0.is_empty());
}
