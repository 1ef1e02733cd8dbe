//! No circle of files within a crate: a file may use another only where that one does not use the first, by whatever way.
//!
//! A use is a path that code names, in a `use` line or where it is called. A re-export (`pub use`) is an address, not a
//! use: what it names is looked up behind it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::house::{files, root};

/// The path of a module within its crate: empty for the crate's root.
type Module = Vec<String>;

/// A file: its own paths, and the addresses that it re-exports.
#[derive(Default)]
struct Source {
    uses: Vec<Vec<String>>,
    exports: Vec<Vec<String>>,
}

/// The text without comments and without what is for tests alone.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn words(path: &str) -> Vec<String> {
    let path = path.split(" as ").next().unwrap();
    path.split("::").map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

/// The paths of a `use` tree: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
fn tree(text: &str) -> Vec<Vec<String>> {
    let Some((prefix, rest)) = text.split_once('{') else {
        let path: Vec<_> = words(text).into_iter().filter(|word| word != "self").collect();
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
    let prefix = words(prefix);
    let paths = branches.iter().filter(|branch| !branch.trim().is_empty()).flat_map(|branch| {
        let below = if branch.trim() == "self" { vec![Vec::new()] } else { tree(branch) };
        below.into_iter().map(|path| [prefix.clone(), path].concat())
    });
    paths.collect()
}

/// The paths that stand outside of `use` lines and begin with `crate`, `super` or a module below this one.
fn inline(code: &str, below: &[&str]) -> Vec<Vec<String>> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let paths = code.split(|letter: char| !is_word(letter)).filter(|word| word.contains("::"));
    let paths = paths.map(words).filter(|path| {
        path.first().is_some_and(|first| {
            ["crate", "super", "self"].contains(&first.as_str()) || below.contains(&first.as_str())
        })
    });
    paths.collect()
}

fn read(text: &str, below: &[&str]) -> Source {
    let (code, mut source, mut rest) = (code(text), Source::default(), String::new());
    for statement in code.split_inclusive(';') {
        let line = statement.rsplit_once('}').map_or(statement, |(_, last)| last);
        // A `use` line may follow attributes or a block; its own braces close before its semicolon.
        let start =
            statement.find("\nuse ").map(|at| at + 1).or_else(|| statement.starts_with("use ").then_some(0));
        let export =
            statement.find("\npub use ").or_else(|| statement.find("\npub(crate) use ")).map(|at| at + 1);
        match (export, start) {
            (Some(at), _) => {
                let tail = statement[at..].split_once("use ").unwrap().1;
                source.exports.extend(tree(tail.trim_end_matches(';')));
            }
            (None, Some(at)) => source.uses.extend(tree(statement[at + 4..].trim_end_matches(';'))),
            (None, None) if line.trim_start().starts_with("mod ") => {}
            (None, None) => rest.push_str(statement),
        }
    }
    source.uses.extend(inline(&rest, below));
    source
}

/// The module that a path means, seen from a module; `None` for paths of other crates.
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

/// The file in which a path ends, behind re-exports.
fn file_of(path: &[String], modules: &BTreeMap<Module, Source>, depth: usize) -> Module {
    let at = (0..=path.len()).rev().find(|at| modules.contains_key(&path[..*at])).unwrap_or_default();
    let (module, rest) = (path[..at].to_vec(), &path[at..]);
    let exports = rest.first().filter(|_| depth < 8).and_then(|name| {
        let exports = &modules[&module].exports;
        let export = exports.iter().find(|export| export.last() == Some(name))?;
        absolute(&module, export, modules)
    });
    match exports {
        Some(behind) => file_of(&[behind, rest[1..].to_vec()].concat(), modules, depth + 1),
        None => module,
    }
}

/// The circles of a crate, each as the modules in it.
fn circles(texts: &BTreeMap<Module, String>) -> Vec<BTreeSet<String>> {
    let below = |module: &Module| -> Vec<&str> {
        let children =
            texts.keys().filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
        children.map(|child| child.last().unwrap().as_str()).collect()
    };
    let modules: BTreeMap<Module, Source> =
        texts.iter().map(|(module, text)| (module.clone(), read(text, &below(module)))).collect();
    let mut reached: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, source) in &modules {
        let targets = source.uses.iter().filter_map(|path| absolute(module, path, &modules));
        let targets = targets.map(|path| file_of(&path, &modules, 0)).filter(|target| target != module);
        reached.insert(module, targets.collect());
    }
    // Everything that can be reached, step by step, until nothing is added.
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

/// The modules of a crate by their paths, from its folder of sources.
fn crate_of(folder: &Path) -> BTreeMap<Module, String> {
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
            let modules = crate_of(&folder);
            assert!(!modules.is_empty(), "{}", folder.display());
            assert_eq!(circles(&modules), Vec::<BTreeSet<String>>::new(), "{}", folder.display());
        }
    }
    assert!(crates >= 10 && root().exists(), "{crates}");
}

#[test]
fn a_circle_is_named_however_it_is_written() {
    let named = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let modules = files.iter().map(|(path, text)| (words(path), (*text).to_owned())).collect();
        circles(&modules).into_iter().map(|circle| circle.into_iter().collect()).collect()
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
        assert!(c != "" || found == circle, "{a}: {found:?}");
    }
    let through_child = named(&[("", ""), ("a", "mod b;\nfn f() { b::g(); }"), ("a::b", "use super::A;")]);
    assert_eq!(through_child, [["/a", "/a/b"].map(str::to_owned).to_vec()]);
    let address =
        named(&[("", ""), ("a", "mod b;\npub use b::B;\npub struct A;"), ("a::b", "use super::A;")]);
    assert!(address.is_empty(), "a re-export is an address: {address:?}");
    let tests = named(&[("", ""), ("a", "use crate::b;"), ("b", "// crate::a\n#[cfg(test)]\nuse crate::a;")]);
    assert!(tests.is_empty(), "comments and tests do not count: {tests:?}");
}
