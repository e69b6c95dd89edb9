//! What the program says of itself: the reference of its commands, manual pages, its version.

#[path = "program/mod.rs"]
mod program;
mod subjects;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use program::{bloat, run, stdout};
use subjects::scratch;

const HEAD: &str = "# Commands

What `--help` prints, by command. Written by `BLOAT_UPDATE=1 cargo test --test reference`, which otherwise checks it.
";

/// The help of a command, or of the program itself.
fn help(command: Option<&str>) -> String {
    let mut asked = bloat();
    // As wide as where there is no terminal.
    asked.args(command).arg("--help").env_remove("COLUMNS").env("NO_COLOR", "1");
    stdout(&mut asked)
}

/// The names that help lists below `Commands:`.
fn commands() -> Vec<String> {
    let text = help(None);
    let (_, list) = text.split_once("\nCommands:\n").expect("there are commands");
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_string).collect()
}

/// The long options that help lists.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = words.flat_map(|line| line.split([' ', ',', '[', '<', '=']));
    words.filter(|word| word.starts_with("--") && word.len() > 2).collect()
}

#[test]
fn the_reference_is_what_help_prints() {
    let mut text = HEAD.to_string();
    for command in std::iter::once(None).chain(commands().iter().map(|name| Some(name.as_str()))) {
        let title = command.map_or("bloat".to_string(), |name| format!("bloat {name}"));
        let lines: Vec<String> = help(command).lines().map(|line| line.trim_end().to_string()).collect();
        text.push_str(&format!("\n## `{title}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    if std::env::var("BLOAT_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &text).expect("docs is writable");
    }
    let published = std::fs::read_to_string(&path).expect("there is a reference");
    // Not `assert_eq`: nobody wants to see both.
    assert!(published == text, "docs/cli.md is out of date: BLOAT_UPDATE=1 cargo test --test reference");
}

#[test]
fn every_command_has_a_page_with_all_its_options() {
    let folder: PathBuf = scratch("manual");
    run(bloat().args(["man", "--all"]).arg(&folder));
    let mut pages: Vec<String> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    pages.retain(|page| page != "bloat-help.1");
    pages.sort();
    let mut expected: Vec<String> = commands().iter().map(|name| format!("bloat-{name}.1")).collect();
    expected.push("bloat.1".into());
    expected.sort();
    assert_eq!(pages, expected);
    for name in commands() {
        let page = std::fs::read_to_string(folder.join(format!("bloat-{name}.1"))).expect("a page");
        assert_eq!(page, stdout(bloat().args(["man", &name])), "the page alone");
        assert!(page.contains(".SH NAME") && page.contains(".SH OPTIONS"), "{name}");
        let text = help(Some(&name));
        let spelt = page.replace("\\-", "-");
        for option in options(&text) {
            assert!(spelt.contains(option), "the page of {name} lacks {option}");
        }
    }
}

#[test]
fn a_page_that_there_is_not_is_an_error_that_lists_the_others() {
    let output = bloat().args(["man", "nothing"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(text.contains("`nothing`") && text.contains("diff, "), "{text}");
}

#[test]
fn pages_go_into_a_folder_and_nowhere_else() {
    let folder = scratch("no-folder");
    std::fs::create_dir_all(&folder).expect("writable");
    let file = folder.join("file");
    std::fs::write(&file, "kept").expect("writable");
    let output = bloat().args(["man", "--all"]).arg(&file).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(text.contains("failed to make the folder") && text.contains("no-folder"), "{text}");
    assert_eq!(std::fs::read_to_string(&file).expect("readable"), "kept");
}

#[test]
fn the_version_names_the_commit_and_the_features() {
    let short = stdout(bloat().arg("-V"));
    assert_eq!(short.trim_end(), format!("bloat {}", env!("CARGO_PKG_VERSION")));
    let long = stdout(bloat().arg("--version"));
    assert!(long.starts_with(short.trim_end()), "{long}");
    assert!(
        long.lines().any(|line| line == "features: cli, tui" || line == "features: cli, schema, tui"),
        "{long}"
    );
    // A package that was published has no repository around it.
    let git = std::process::Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "HEAD"])
        .output();
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists()
        && let Some(git) = git.ok().filter(|git| git.status.success())
    {
        let commit = String::from_utf8(git.stdout).expect("text");
        assert!(long.contains(&format!("({})", &commit[..10])), "{long} was not built of {commit}");
    }
}
