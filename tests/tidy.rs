//! The shape of the source: which module may name which, and what none may do.
//!
//! Reads the sources as text. Comments do not count, nor do unit tests where a
//! rule is about what the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The other top-level modules that each module may name as `crate::NAME`.
const MAY_NAME: [(&str, &[&str]); 22] = [
    ("error", &[]),
    ("kind", &[]),
    ("partition", &[]),
    ("intern", &[]),
    ("timing", &[]),
    ("names", &[]),
    ("hash", &[]),
    ("order", &[]),
    ("parallel", &[]),
    ("input", &["error", "order"]),
    ("project", &["error", "model", "order"]),
    ("format", &["error", "input", "intern", "kind", "order", "parallel", "partition", "timing"]),
    ("model", &["error", "intern", "kind", "names", "parallel"]),
    (
        "attrib",
        &[
            "error",
            "format",
            "hash",
            "input",
            "intern",
            "kind",
            "model",
            "names",
            "order",
            "parallel",
            "partition",
            "project",
            "timing",
        ],
    ),
    ("analysis", &["intern", "kind", "model", "names", "order", "parallel", "project"]),
    ("config", &["analysis", "model", "order", "project"]),
    ("snapshot", &["error", "hash", "input", "intern", "kind", "model", "names", "order", "parallel"]),
    ("report", &["analysis", "error", "intern", "kind", "model", "order", "parallel", "project"]),
    ("render", &["report"]),
    (
        "tui",
        &["analysis", "attrib", "hash", "kind", "model", "order", "parallel", "render", "report", "timing"],
    ),
    ("lib", &ALL),
    ("main", &[]),
];

const ALL: [&str; 21] = [
    "analysis",
    "attrib",
    "cli",
    "config",
    "error",
    "format",
    "hash",
    "input",
    "intern",
    "kind",
    "model",
    "names",
    "order",
    "parallel",
    "partition",
    "project",
    "render",
    "report",
    "snapshot",
    "timing",
    "tui",
];

/// Most lines of one file.
const LONGEST: usize = 1000;

/// A file of `src`.
struct Source {
    /// Its path below `src`, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The top-level module it is part of.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().expect("split yields one")
    }

    /// Its lines without comments, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The same without unit tests, which are last in a file.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_tests = self.path.ends_with("/tests.rs");
        self.code().take_while(move |(_, line)| !is_tests && line.trim() != "#[cfg(test)]")
    }

    fn place(&self, line: usize) -> String {
        format!("src/{}:{line}", self.path)
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, below: &str, all: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let entry = entry.expect("readable");
            let name = entry.file_name().into_string().expect("names are UTF-8");
            let path = format!("{below}{name}");
            if entry.file_type().expect("known").is_dir() {
                walk(&entry.path(), &format!("{path}/"), all);
            } else if name.ends_with(".rs") {
                all.push(Source { path, text: std::fs::read_to_string(entry.path()).expect("UTF-8") });
            }
        }
    }
    let mut all = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(all.len() > 40, "only {} files", all.len());
    all
}

#[track_caller]
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names that follow `prefix` where it is a whole path.
fn named_after<'t>(line: &'t str, prefix: &str) -> Vec<&'t str> {
    let starts = line.match_indices(prefix).filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        !before.is_some_and(|c| is_name(c) || c == ':' || c == '$')
    });
    let mut names = Vec::new();
    for (at, _) in starts {
        let rest = &line[at + prefix.len()..];
        // A list of modules counts as each of them.
        let list = rest.strip_prefix('{').map_or(rest, |l| l.split('}').next().unwrap_or(l));
        let parts: Vec<&str> = if rest.starts_with('{') { list.split(',').collect() } else { vec![rest] };
        let word = |part: &'t str| part.trim().split(|c: char| !is_name(c)).next().unwrap_or_default();
        names.extend(parts.into_iter().map(word));
    }
    names
}

#[test]
fn modules_name_only_what_they_may() {
    let rules: BTreeMap<&str, &[&str]> = MAY_NAME.into_iter().collect();
    let mut violations = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources().iter().filter(|s| s.module() != "cli") {
        let Some(allowed) = rules.get(source.module()) else {
            violations.push(format!("src/{}: its module is not in the table", source.path));
            continue;
        };
        for (line, text) in source.shipped() {
            if text.ends_with("crate::{") {
                violations.push(format!("{}: one `use` for each module can be checked", source.place(line)));
            }
            for name in named_after(text, "crate::") {
                used.insert((source.module().to_string(), name.to_string()));
                let known = ALL.contains(&name) && name != source.module();
                if known && !allowed.contains(&name) {
                    let place = source.place(line);
                    violations.push(format!(
                        "{place}: `{}` names `{name}`: {}",
                        source.module(),
                        text.trim()
                    ));
                }
            }
        }
    }
    // The search finds what is there.
    for (module, name) in [("attrib", "format"), ("render", "report"), ("format", "error")] {
        assert!(used.contains(&(module.to_string(), name.to_string())), "{module} does not name {name}");
    }
    none(violations);
}

/// Lines outside `folders` in which `pattern` is found, which must occur in at least one of them.
fn only_in(folders: &[&str], pattern: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut violations = Vec::new();
    let mut inside = false;
    for source in sources() {
        let is_inside = folders.iter().any(|folder| source.path.starts_with(folder));
        for (line, text) in source.shipped().filter(|(_, text)| pattern(text)) {
            inside |= is_inside;
            if !is_inside {
                violations.push(format!("{}: {}", source.place(line), text.trim()));
            }
        }
    }
    assert!(inside, "the pattern is found nowhere, so it proves nothing");
    violations
}

/// Whether `word` is in the line as a whole word.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

#[test]
fn only_input_is_unsafe() {
    // In a quoted text it is only a word.
    let quoted = |line: &str| line.find("unsafe").is_some_and(|at| line[..at].matches('"').count() % 2 == 1);
    none(only_in(&["input/"], &|line| has_word(line, "unsafe") && !quoted(line)));
}

#[test]
fn nothing_prints_past_the_streams_of_the_command_line() {
    // These panic when a stream is closed. `write!` and `writeln!` say where they write to.
    let macros = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let prints = |line: &str| {
        macros.iter().any(|m| line.match_indices(m).any(|(at, _)| !line[..at].ends_with(is_name)))
    };
    assert!(prints("    eprintln!(\"x\");") && !prints("    writeln!(out)?;"));
    let found = sources().into_iter().flat_map(|source| {
        let lines: Vec<String> = source
            .shipped()
            .filter(|(_, text)| prints(text))
            .map(|(line, text)| format!("{}: {}", source.place(line), text.trim()))
            .collect();
        lines
    });
    none(found.collect());
}

#[test]
fn only_the_command_line_knows_its_surroundings() {
    none(only_in(&["cli/"], &|line| {
        ["std::env::", "process::exit", "io::stdout", "io::stderr"].iter().any(|name| line.contains(name))
    }));
}

#[test]
fn only_format_reads_files_of_a_format() {
    none(only_in(&["format/"], &|line| {
        ["object", "gimli"].iter().any(|name| {
            let path = format!("{name}::");
            line.match_indices(&path).any(|(at, _)| !line[..at].ends_with(|c: char| is_name(c) || c == ':'))
        })
    }));
}

#[test]
fn only_config_reads_toml() {
    none(only_in(&["config/"], &|line| has_word(line, "toml_edit")));
}

#[test]
fn only_snapshots_are_parquet() {
    none(only_in(&["snapshot/"], &|line| line.contains("parquet::") && !line.contains("snapshot::")));
}

#[test]
fn only_attribution_decodes_instructions() {
    let places = ["attrib/operands/decoder.rs", "attrib/listing.rs"];
    none(only_in(&places, &|line| has_word(line, "iced_x86")));
}

#[test]
fn every_file_says_what_it_is_for() {
    // Unit tests in a file of their own belong to the file beside them.
    let modules = sources().into_iter().filter(|s| !s.path.ends_with("/tests.rs"));
    let silent = modules.filter(|s| !s.text.starts_with("//! "));
    none(silent.map(|s| format!("src/{} does not start with `//! `", s.path)).collect());
}

#[test]
fn no_file_is_too_long() {
    let long = sources().into_iter().map(|s| (s.path, s.text.lines().count())).filter(|(_, n)| *n > LONGEST);
    none(long.map(|(path, lines)| format!("src/{path} has {lines} lines")).collect());
}

/// Globs hide what a module uses, which the rules above rely on.
#[test]
fn no_module_is_imported_whole() {
    let globs = sources().into_iter().flat_map(|s| {
        let is_glob = |line: &str| line.trim_start().starts_with("use ") && line.contains("::*");
        let found = s.shipped().filter(|(_, l)| is_glob(l) && !l.contains("use rayon::prelude::*;"));
        found.map(|(line, text)| format!("{}: {}", s.place(line), text.trim())).collect::<Vec<_>>()
    });
    none(globs.collect());
}
