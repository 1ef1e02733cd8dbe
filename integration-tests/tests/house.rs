use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files of ours with one of these endings.
fn files(endings: &[&str]) -> Vec<PathBuf> {
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

#[test]
fn files_stay_small() {
    let mut sizes: Vec<(usize, PathBuf)> = files(&[".rs", ".proto", ".html", ".css", ".js", ".sql"])
        .into_iter()
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .collect();
    sizes.sort();
    let at = |part: usize| &sizes[sizes.len() * part / 100];
    assert!(at(50).0 <= 120, "the median is {:?}", at(50));
    assert!(at(90).0 <= 300, "the 90th percentile is {:?}", at(90));
    let largest = sizes.last().unwrap();
    assert!(largest.0 <= 500, "{largest:?}");
}

#[test]
fn paths_that_the_documents_name_are_there() {
    let mut named = 0;
    for document in files(&[".md"]) {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            assert!(folder.join(link).exists(), "{}: {link}", document.display());
            named += 1;
        }
        // In backticks: what looks like a file below the root, without a place to fill in.
        let ticked = text.split('`').skip(1).step_by(2);
        for path in ticked.filter(|path| {
            let folders = ["services/", "gateway/", "deploy/", "proto/", "integration-tests/", ".ci/"];
            folders.iter().any(|folder| path.starts_with(folder)) && !path.contains(['<', '*', '{', ' ', '='])
        }) {
            assert!(root().join(path).exists(), "{}: {path}", document.display());
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
