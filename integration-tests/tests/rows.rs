//! Checks that every behaviour of the acceptance list has a test that names its row, or is listed as not due
//! yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A row of the acceptance list: the portal's index in [`PORTALS`], and the row's number. Rows sort in this
/// order.
type Row = (usize, u32);

const PORTALS: &str = "TPVHR";

fn parse_row(text: &str) -> Option<Row> {
    let (portal, number) = text.split_at_checked(1)?;
    let is_number =
        !number.is_empty() && !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
    Some((PORTALS.find(portal)?, is_number.then(|| number.parse().ok())??))
}

fn row_name((portal, number): Row) -> String {
    format!("{}{number}", &PORTALS[portal..=portal])
}

/// The rows of the portals' acceptance table that a text names: each alone (`T12`), and all rows of a range
/// (`T12–T24`).
fn rows_named_in(text: &str) -> BTreeSet<Row> {
    let mut found = BTreeSet::new();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '–').collect();
    for word in words {
        match word.split_once('–') {
            Some((from, to)) => {
                if let (Some((portal, from)), Some((other, to))) = (parse_row(from), parse_row(to)) {
                    assert_eq!(portal, other, "a range of one portal: {word}");
                    found.extend((from..=to).map(|number| (portal, number)));
                }
            }
            None => found.extend(parse_row(word)),
        }
    }
    found
}

/// The behaviours (B) in `rows.toml`.
fn behaviours() -> BTreeSet<Row> {
    let list: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        toml::from_str(&fs::read_to_string(root().join("rows.toml")).unwrap()).unwrap();
    list.values()
        .flat_map(|portal| portal.get("B").into_iter().flatten())
        .map(|text| parse_row(text).unwrap())
        .collect()
}

/// The rows in the table of `rows-not-due.md`.
fn not_due() -> BTreeSet<Row> {
    let text = fs::read_to_string(root().join("rows-not-due.md")).unwrap();
    text.lines().filter(|line| line.starts_with('|')).flat_map(rows_named_in).collect()
}

/// The tests of a file: the name of each, and its text with the doc comment above it.
fn tests(file: &Path) -> Vec<(String, String)> {
    let (text, stem) =
        (fs::read_to_string(file).unwrap(), file.file_stem().unwrap().to_str().unwrap().to_owned());
    let mut parts = text.split("\n#[tokio::test");
    // The doc comment of a test is at the end of the part before the test.
    let mut above = trailing_doc(parts.next().unwrap());
    parts
        .map(|part| {
            let name = part.split_once("async fn ").map_or("", |(_, rest)| rest.split('(').next().unwrap());
            // The part goes on after the test, with helpers and the next test's comment: cut at the test's
            // end.
            let own = part.split("\n}\n").next().unwrap();
            let found = (format!("{stem}::{name}"), format!("{above}{own}"));
            above = trailing_doc(part);
            found
        })
        .collect()
}

/// The doc comment at the end of a text, which belongs to the item after the text.
fn trailing_doc(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take_while(|line| line.starts_with("///")).collect();
    lines.join("\n")
}

fn tests_by_row() -> BTreeMap<Row, BTreeSet<String>> {
    let mut rows: BTreeMap<Row, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "rows") {
            continue;
        }
        for (test, text) in tests(&path) {
            for row in rows_named_in(&text) {
                rows.entry(row).or_default().insert(test.clone());
            }
        }
    }
    rows
}

/// `UPDATE=1 make test ARGS='-p zorgportaal-integration-tests rows'` writes `ROWS.md`.
#[test]
fn every_behaviour_is_walked_by_a_test_or_is_not_due_yet() {
    let (behaviours, waiting, tests) = (behaviours(), not_due(), tests_by_row());
    let names = |rows: Vec<Row>| rows.into_iter().map(row_name).collect::<Vec<_>>();
    let untested =
        behaviours.iter().filter(|row| !tests.contains_key(row) && !waiting.contains(row)).copied();
    assert_eq!(names(untested.collect()), Vec::<String>::new(), "without a test");
    let done = waiting.iter().filter(|row| tests.contains_key(row) || !behaviours.contains(row)).copied();
    assert_eq!(
        names(done.collect()),
        Vec::<String>::new(),
        "listed as not due, but a test names the row, or there is no such row"
    );

    let mut list = "# Behaviours and the tests that walk them\n\nWritten by the test `rows`.\n\n| row | tests |\n|---|---|\n"
        .to_owned();
    for (row, tests) in tests.iter().filter(|(row, _)| behaviours.contains(row)) {
        let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
        writeln!(list, "| {} | {} |", row_name(*row), tests.join("<br>")).unwrap();
    }
    let path = root().join("ROWS.md");
    #[expect(clippy::disallowed_methods, reason = "a person sets UPDATE so that the test writes its file")]
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, &list).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == list,
        "ROWS.md differs from the tests: run with UPDATE=1"
    );
}

#[test]
fn rows_are_read_alone_and_in_ranges() {
    let found = row_names_in("T8–T10, (V3) and P83: but not T0, TLS13, T, H264x or PW-01");
    assert_eq!(found, ["T8", "T9", "T10", "P83", "V3"]);
}

fn row_names_in(text: &str) -> Vec<String> {
    rows_named_in(text).into_iter().map(row_name).collect()
}
