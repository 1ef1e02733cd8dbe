use std::{
    fs,
    path::{Path, PathBuf},
};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files of the repository with one of these endings, without generated and downloaded ones.
pub fn files(endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "node_modules", ".git", ".zorgportaal", ".sqlx"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found
}

/// The sizes that are above a limit, as text. `sizes` must be sorted.
fn too_large(sizes: &[(usize, PathBuf)]) -> Vec<String> {
    let at = |part: usize| &sizes[sizes.len() * part / 100];
    let limits =
        [("median", at(50), 120), ("90th percentile", at(90), 300), ("largest", sizes.last().unwrap(), 500)];
    limits
        .into_iter()
        .filter(|(_, file, limit)| file.0 > *limit)
        .map(|(what, file, _)| format!("{what}: {file:?}"))
        .collect()
}

#[test]
fn files_stay_small() {
    let mut sizes: Vec<(usize, PathBuf)> = files(&[".rs", ".proto", ".html", ".css", ".js", ".sql"])
        .into_iter()
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .collect();
    sizes.sort();
    assert!(sizes.len() > 100);
    assert_eq!(too_large(&sizes), Vec::<String>::new());
    let file = |lines| (lines, PathBuf::from("x"));
    assert_eq!(too_large(&[file(100), file(501)]).len(), 3);
    assert_eq!(too_large(&[file(100), file(100), file(500)]), ["90th percentile: (500, \"x\")"]);
}

/// The paths in a Markdown text: first those of links, then those in backticks, which start at the root.
fn paths(text: &str) -> (Vec<&str>, Vec<&str>) {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://") && !link.starts_with('#')).collect();
    // In backticks, only text that starts with a folder of the root and has no placeholder is a path.
    let in_backticks = text.split('`').skip(1).step_by(2).filter(|path| {
        let folders = ["services/", "gateway/", "deploy/", "proto/", "integration-tests/", ".ci/"];
        folders.iter().any(|folder| path.starts_with(folder)) && !path.contains(['<', '*', '{', ' ', '='])
    });
    (links, in_backticks.collect())
}

#[test]
fn paths_in_documents_exist() {
    let mut named = 0;
    for document in files(&[".md"]) {
        let text = fs::read_to_string(&document).unwrap();
        let (links, in_backticks) = paths(&text);
        named += links.len() + in_backticks.len();
        for path in links {
            assert!(document.parent().unwrap().join(path).exists(), "{}: {path}", document.display());
        }
        for path in in_backticks {
            assert!(root().join(path).exists(), "{}: {path}", document.display());
        }
    }
    assert!(named > 20, "{named}");
    let (links, in_backticks) = paths("[a](b.md) [c](https://d) `services/e.rs` `services/<f>` `cargo`");
    assert_eq!((links, in_backticks), (vec!["b.md"], vec!["services/e.rs"]));
}

/// The words in SQL that ask the database for the time. A query must take the time as a parameter, from the
/// Clock.
fn asks_for_time(sql: &str) -> Vec<&'static str> {
    let sql = sql.to_ascii_lowercase();
    let words = ["now()", "current_timestamp", "current_date", "clock_timestamp", "localtimestamp"];
    // `clock.now()` and `Timestamp::now()` are methods in Rust, not SQL.
    let asks = |word: &&str| sql.match_indices(*word).any(|(at, _)| !sql[..at].ends_with(['.', ':', '_']));
    words.into_iter().filter(asks).collect()
}

#[test]
fn no_query_asks_the_database_for_the_time() {
    let recorded: Vec<PathBuf> =
        fs::read_dir(root().join(".sqlx")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(recorded.len() > 30, "{}", recorded.len());
    let own = |path: &PathBuf| {
        path.starts_with(root().join("services"))
            && !path.starts_with(root().join("services/testkit"))
            && path.to_string_lossy().contains("/src/")
    };
    let sources = files(&[".rs"]).into_iter().filter(own);
    for path in files(&[".sql"]).into_iter().chain(recorded).chain(sources) {
        assert_eq!(
            asks_for_time(&fs::read_to_string(&path).unwrap()),
            Vec::<&str>::new(),
            "{}",
            path.display()
        );
    }
    assert_eq!(asks_for_time("UPDATE x SET at = NOW() WHERE y < current_date"), ["now()", "current_date"]);
}

/// What a read of one statement lacks so that Postgres calls `zp_enter` before it reads a row.
fn lacks(sql: &str) -> Vec<&'static str> {
    let parts = ["zp_enter($1, $2) AS tenant CROSS JOIN LATERAL (", "organisation_id = tenant", "LIMIT "];
    let sql =
        sql.split_whitespace().collect::<Vec<_>>().join(" ").replace("($1, $2, $3, $4) AS", "($1, $2) AS");
    parts.into_iter().filter(|part| sql.contains("zp_enter") && !sql.contains(part)).collect()
}

#[test]
fn reads_of_one_statement_enter_their_organisation_first() {
    let mut entering = 0;
    for entry in fs::read_dir(root().join(".sqlx")).unwrap() {
        let recorded = fs::read_to_string(entry.unwrap().path()).unwrap();
        let recorded: serde_json::Value = serde_json::from_str(&recorded).unwrap();
        let sql = recorded["query"].as_str().unwrap();
        entering += usize::from(sql.contains("zp_enter"));
        assert_eq!(lacks(sql), Vec::<&str>::new(), "{sql}");
    }
    assert!(entering > 1, "{entering}");
    assert_eq!(lacks("SELECT r.* FROM zp_enter($1, $2) AS tenant, report AS r LIMIT 1").len(), 2);
}

/// A fault as `.ci/faults` reads it.
#[derive(serde::Deserialize)]
struct Fault {
    mechanism: String,
    #[serde(rename = "fault")]
    what: String,
    file: String,
    find: String,
    tests: String,
}

#[derive(serde::Deserialize)]
struct Faults {
    fault: Vec<Fault>,
}

#[test]
fn every_fault_fits_the_code_and_the_architecture_table() {
    let text = fs::read_to_string(root().join("integration-tests/faults.toml")).unwrap();
    let faults: Faults = toml::from_str(&text).unwrap();
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = architecture.split("| caught by |").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with("| ")).count(), faults.fault.len());
    for Fault { mechanism, what, file, find, tests } in faults.fault {
        let places = fs::read_to_string(root().join(&file)).unwrap().matches(&find).count();
        assert_eq!(places, 1, "{mechanism}, {what}: in {file}");
        let words: Vec<&str> = tests.split(' ').collect();
        let package = words[1].trim_start_matches("zorgportaal-");
        let line = format!("| {mechanism} | {what} | {package}: `{}` |", words[2..].join("`, `"));
        assert!(table.contains(&line), "{line}");
    }
}
