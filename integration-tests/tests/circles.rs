//! Checks that the files of a crate do not use each other in a circle: if file A uses B, directly or through
//! others, then B must not use A.
//!
//! A use is a path in the code, in a `use` line or elsewhere. A re-export (`pub use`) is not a use of the
//! file that it names: whoever uses a re-exported item uses the file that defines the item.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::house::{files, root};

/// The path of a module within its crate: empty for the crate's root.
type Module = Vec<String>;

/// A file: the paths that it uses, and the paths that it re-exports.
#[derive(Default)]
struct Source {
    uses: Vec<Vec<String>>,
    exports: Vec<Vec<String>>,
}

/// The text of a source file without comments and without its tests.
fn product_code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn path_words(path: &str) -> Vec<String> {
    let path = path.split(" as ").next().unwrap();
    path.split("::").map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

/// The paths of a `use` tree: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
fn use_tree_paths(text: &str) -> Vec<Vec<String>> {
    let Some((prefix, rest)) = text.split_once('{') else {
        let path: Vec<_> = path_words(text).into_iter().filter(|word| word != "self").collect();
        return if path.is_empty() { Vec::new() } else { vec![path] };
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut branches, mut branch) = (0, Vec::new(), String::new());
    for letter in inner.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        if letter == ',' && depth == 0 {
            branches.push(std::mem::take(&mut branch));
        } else {
            branch.push(letter);
        }
    }
    branches.push(branch);
    let prefix = path_words(prefix);
    let paths = branches.iter().filter(|branch| !branch.trim().is_empty()).flat_map(|branch| {
        let below = if branch.trim() == "self" { vec![Vec::new()] } else { use_tree_paths(branch) };
        below.into_iter().map(|path| [prefix.clone(), path].concat())
    });
    paths.collect()
}

/// The paths outside `use` lines that begin with `crate`, `super`, `self` or a module below this one.
fn inline_paths(code: &str, below: &[&str]) -> Vec<Vec<String>> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let paths = code.split(|letter: char| !is_word(letter)).filter(|word| word.contains("::"));
    let paths = paths.map(path_words).filter(|path| {
        path.first().is_some_and(|first| {
            ["crate", "super", "self"].contains(&first.as_str()) || below.contains(&first.as_str())
        })
    });
    paths.collect()
}

fn parse_source(text: &str, below: &[&str]) -> Source {
    let (code, mut source, mut rest) = (product_code(text), Source::default(), String::new());
    for statement in code.split_inclusive(';') {
        let line = statement.rsplit_once('}').map_or(statement, |(_, last)| last);
        // A `use` line can follow attributes or a block within the same statement. Its own braces close
        // before the `;`.
        let start =
            statement.find("\nuse ").map(|at| at + 1).or_else(|| statement.starts_with("use ").then_some(0));
        let export =
            statement.find("\npub use ").or_else(|| statement.find("\npub(crate) use ")).map(|at| at + 1);
        match (export, start) {
            (Some(at), _) => {
                let tail = statement[at..].split_once("use ").unwrap().1;
                source.exports.extend(use_tree_paths(tail.trim_end_matches(';')));
            }
            (None, Some(at)) => source.uses.extend(use_tree_paths(statement[at + 4..].trim_end_matches(';'))),
            (None, None) if line.trim_start().starts_with("mod ") => {}
            (None, None) => rest.push_str(statement),
        }
    }
    source.uses.extend(inline_paths(&rest, below));
    source
}

/// The path from the crate's root for a path that the module `from` names; `None` for paths of other crates.
fn absolute(from: &Module, path: &[String], modules: &BTreeMap<Module, Source>) -> Option<Vec<String>> {
    let mut base = from.clone();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => return Some(rest[1..].to_vec()),
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        first => {
            let below: Module = base.iter().cloned().chain([first.to_owned()]).collect();
            modules.contains_key(&below).then_some(())?;
        }
    }
    Some([base, rest.to_vec()].concat())
}

/// The file that defines what a path names; follows re-exports.
fn defining_file(path: &[String], modules: &BTreeMap<Module, Source>, depth: usize) -> Module {
    let at = (0..=path.len()).rev().find(|at| modules.contains_key(&path[..*at])).unwrap_or_default();
    let (module, rest) = (path[..at].to_vec(), &path[at..]);
    let exports = rest.first().filter(|_| depth < 8).and_then(|name| {
        let exports = &modules[&module].exports;
        let export = exports.iter().find(|export| export.last() == Some(name))?;
        absolute(&module, export, modules)
    });
    match exports {
        Some(behind) => defining_file(&[behind, rest[1..].to_vec()].concat(), modules, depth + 1),
        None => module,
    }
}

/// The circles of a crate; each circle is the set of its modules.
fn find_circles(texts: &BTreeMap<Module, String>) -> Vec<BTreeSet<String>> {
    let below = |module: &Module| -> Vec<&str> {
        let children =
            texts.keys().filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
        children.map(|child| child.last().unwrap().as_str()).collect()
    };
    let modules: BTreeMap<Module, Source> =
        texts.iter().map(|(module, text)| (module.clone(), parse_source(text, &below(module)))).collect();
    let mut reached: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, source) in &modules {
        let targets = source.uses.iter().filter_map(|path| absolute(module, path, &modules));
        let targets = targets.map(|path| defining_file(&path, &modules, 0)).filter(|target| target != module);
        reached.insert(module, targets.collect());
    }
    // Add what the reached files use, until nothing is added any more.
    loop {
        let before: usize = reached.values().map(BTreeSet::len).sum();
        let known = reached.clone();
        for targets in reached.values_mut() {
            let further: Vec<Module> = targets.iter().flat_map(|target| known[target].clone()).collect();
            targets.extend(further);
        }
        if reached.values().map(BTreeSet::len).sum::<usize>() == before {
            break;
        }
    }
    let mut found = BTreeSet::new();
    for (module, targets) in reached.iter().filter(|(module, targets)| targets.contains(**module)) {
        let others = targets.iter().filter(|target| reached[target].contains(*module));
        found.insert(others.map(|module| format!("/{}", module.join("/"))).collect::<BTreeSet<_>>());
    }
    found.into_iter().collect()
}

/// The text of each module of a crate, from the crate's folder of sources.
fn modules_of_crate(folder: &Path) -> BTreeMap<Module, String> {
    let sources = files(&[".rs"]).into_iter().filter(|path| path.starts_with(folder));
    let modules = sources.map(|path| {
        let relative = path.strip_prefix(folder).unwrap().with_extension("");
        let mut module: Module = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        match module.last().map(String::as_str) {
            Some("mod") => drop(module.pop()),
            Some("lib") if module.len() == 1 => module.clear(),
            Some("main") if module.len() == 1 && !folder.join("lib.rs").exists() => module.clear(),
            _ => {}
        }
        (module, fs::read_to_string(path).unwrap())
    });
    modules.collect()
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    let mut crates = 0;
    for manifest in files(&["Cargo.toml"]) {
        let folder = manifest.parent().unwrap().join("src");
        if folder.exists() {
            crates += 1;
            let modules = modules_of_crate(&folder);
            assert!(!modules.is_empty(), "{}", folder.display());
            assert_eq!(find_circles(&modules), Vec::<BTreeSet<String>>::new(), "{}", folder.display());
        }
    }
    assert!(crates >= 10 && root().exists(), "{crates}");
}

#[test]
fn a_circle_is_reported_in_any_spelling() {
    let named = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let modules = files.iter().map(|(path, text)| (path_words(path), (*text).to_owned())).collect();
        find_circles(&modules).into_iter().map(|circle| circle.into_iter().collect()).collect()
    };
    let circle = [["/a", "/b"].map(str::to_owned).to_vec()];
    for (a, b) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use crate::{b::{self, B}, c};", "use super::a;"),
        ("fn f() { crate::b::g(); }", "fn g() { super::a::f(); }"),
        ("use crate::c;", "use crate::a::A;"),
        ("use crate::Exported;", "use crate::a::A;"),
    ] {
        let root = "mod a;\nmod b;\nmod c;\npub use b::B as Exported;\npub use b::Exported;";
        let c = if a == "use crate::c;" { "use crate::b;" } else { "" };
        let found = named(&[("", root), ("a", a), ("b", b), ("c", c)]);
        assert_eq!(found.len(), 1, "{a}");
        assert!(!c.is_empty() || found == circle, "{a}: {found:?}");
    }
    let through_child = named(&[("", ""), ("a", "mod b;\nfn f() { b::g(); }"), ("a::b", "use super::A;")]);
    assert_eq!(through_child, [["/a", "/a/b"].map(str::to_owned).to_vec()]);
    let address =
        named(&[("", ""), ("a", "mod b;\npub use b::B;\npub struct A;"), ("a::b", "use super::A;")]);
    assert!(address.is_empty(), "a re-export is not a use: {address:?}");
    let tests = named(&[("", ""), ("a", "use crate::b;"), ("b", "// crate::a\n#[cfg(test)]\nuse crate::a;")]);
    assert!(tests.is_empty(), "comments and tests do not count: {tests:?}");
}
