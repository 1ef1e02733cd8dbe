use std::{collections::HashMap, path::Path, process::Command};

use serde_json::Value;

const SERVICES: [&str; 3] = ["identity", "dossier", "messaging"];

/// The row or column of the table that a package stands in.
fn kind(package: &str) -> Option<&str> {
    let name = package.strip_prefix("zorgportaal-")?;
    Some(match name {
        "local" => "deploy/local",
        name if SERVICES.contains(&name) => "a service",
        name => name,
    })
}

/// The table in ARCHITECTURE.md: what each may use, as `yes`, `dev` or `no`.
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

#[test]
fn crates_use_each_other_as_the_architecture_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let rules = table();
    let mut seen = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let Some(from) = kind(package["name"].as_str().unwrap()) else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(to) = kind(dependency["name"].as_str().unwrap()) else { continue };
            let rule = rules.get(&(from.to_owned(), to.to_owned())).map_or("no", String::as_str);
            let allowed = rule == "yes" || (rule == "dev" && dependency["kind"] == "dev");
            assert!(allowed, "{from} may not use {to} ({})", dependency["kind"]);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
