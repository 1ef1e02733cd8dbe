//! Checks two rules of the code: only `rpc.rs` calls handlers, and each list of names exists once.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use chassis::{access, section};
use proto::SERVICES;

use crate::house::{files, root};

/// The folders of the services.
fn services() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("services")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("src/main.rs").exists()).collect()
}

/// The lines that name a module `rpc`: other code must not call a handler.
fn calls_of_handlers(text: &str) -> Vec<&str> {
    let names_rpc = |line: &&str| {
        let line = line.split("//").next().unwrap();
        line.match_indices("rpc").any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + 3..].chars().next();
            let is_word = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
            !is_word(before) && !is_word(after) && !line.trim_start().starts_with("pub mod rpc")
        })
    };
    text.lines().filter(names_rpc).collect()
}

#[test]
fn only_rpc_rs_calls_the_handlers_of_an_aggregate() {
    let services = services();
    assert_eq!(services.len(), SERVICES.len());
    for folder in services {
        let (root_rpc, source) = (folder.join("src/rpc.rs"), folder.join("src"));
        for path in files(&[".rs"]).into_iter().filter(|path| path.starts_with(&source) && *path != root_rpc)
        {
            let text = fs::read_to_string(&path).unwrap();
            let calls: Vec<_> =
                calls_of_handlers(&text).into_iter().filter(|line| *line != "mod rpc;").collect();
            assert_eq!(calls, Vec::<&str>::new(), "{}", path.display());
        }
    }
}

#[test]
fn a_call_of_a_handler_is_reported() {
    for bad in
        ["organisation::rpc::settings(tx)", "use super::{Login, rpc::Attempt};", "use crate::account::rpc;"]
    {
        assert_eq!(calls_of_handlers(bad), [bad]);
    }
    for good in ["pub mod rpc;", "let grpc = 1;", "// as rpc::x does", "rpc_name()"] {
        assert_eq!(calls_of_handlers(good), Vec::<&str>::new(), "{good}");
    }
}

/// So many names of one kind within five lines count as a list.
const LIST: usize = 3;

/// The numbers of the lines where a handwritten list of names starts: [`LIST`] names or more within five
/// lines.
fn lists(text: &str, names: &BTreeSet<String>) -> Vec<usize> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines: Vec<BTreeSet<&String>> = text
        .lines()
        .map(|line| {
            let quoted = line.split('"').skip(1).step_by(2);
            let plain = line.split(|letter: char| "{},(); ".contains(letter));
            // On a line with quotes only quoted words count; on another line, as in a script, every word
            // counts.
            let found: BTreeSet<&str> = if line.contains('"') { quoted.collect() } else { plain.collect() };
            names.iter().filter(|name| found.contains(name.as_str())).collect()
        })
        .collect();
    let is_list = |at: &usize| {
        let window = lines.iter().skip(*at).take(5).flatten().collect::<BTreeSet<_>>();
        window.len() >= LIST && !lines[*at].is_empty()
    };
    (0..lines.len()).filter(is_list).map(|at| at + 1).collect()
}

/// Sources and scripts of the product, without tests and without `proto`, which holds the lists.
fn sources() -> impl Iterator<Item = PathBuf> {
    let is_own = |path: &PathBuf| {
        let path = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let own = ["/tests/", "/benches/", "proto/", "services/testkit/", "integration-tests/"];
        !own.iter().any(|part| path.contains(part))
    };
    let scripts = [root().join(".ci/queries"), root().join(".ci/run")];
    files(&[".rs", ".sh"]).into_iter().filter(is_own).chain(scripts)
}

#[test]
fn services_scopes_and_sections_are_listed_once() {
    let folders = services();
    let folders: BTreeSet<_> =
        folders.iter().map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let services: BTreeSet<String> = SERVICES.map(str::to_owned).into();
    assert_eq!(services, folders, "proto::SERVICES and the folders");
    let sections = section::all().map(|section| section::name(section).to_owned()).collect();
    let mut read = 0;
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        read += 1;
        for (what, names) in [("services", &services), ("scopes", access::scopes()), ("sections", &sections)]
        {
            assert_eq!(lists(&text, names), Vec::<usize>::new(), "{what} in {}", path.display());
        }
    }
    assert!(read > 150, "{read}");
}

#[test]
fn a_handwritten_list_is_reported() {
    let names: BTreeSet<String> = ["identity", "dossier", "messaging"].map(str::to_owned).into();
    for bad in [
        "const ALL: [&str; 3] = [\"identity\", \"dossier\", \"messaging\"];",
        "is(\"identity\");\nis(\"dossier\");\nis(\"messaging\");",
        "touch services/{identity,dossier,messaging}/src/lib.rs",
        "for service in store identity dossier messaging; do",
    ] {
        assert_eq!(lists(bad, &names).first(), Some(&1), "{bad}");
    }
    for good in [
        "if name == \"identity\" { \"dossier\" }",
        "identity.dossier.messaging",
        "#[cfg(test)]\n\"identity\" \"dossier\" \"messaging\"",
    ] {
        assert!(lists(good, &names).is_empty(), "{good}");
    }
    assert!(Path::new(&root()).join("services").exists());
}
