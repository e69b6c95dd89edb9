//! The recipes of `docs/ci.md`: every script in it runs here, against fixtures and stand-ins
//! for the commands that talk to a server. The stand-ins answer with JSON and write down what
//! they were asked; `jq` evaluates the recipes' own expressions on it.

#![expect(clippy::print_stderr, reason = "a skip is to be seen")]

mod program;
mod subjects;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use subjects::{fixture, folder};

const DOCUMENT: &str = include_str!("../docs/ci.md");

/// Blocks of the document by the comment in front of them.
fn blocks() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut lines = DOCUMENT.lines().peekable();
    let mut mark = String::new();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("<!-- ").and_then(|l| l.strip_suffix(" -->")) {
            mark = text.to_string();
        } else if line.starts_with("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            assert!(!mark.is_empty(), "a block without a mark: {}", body[0]);
            all.push((std::mem::take(&mut mark), body.join("\n") + "\n"));
        }
    }
    all
}

fn files() -> BTreeMap<String, String> {
    let named = |(mark, text): (String, String)| Some((mark.strip_prefix("file: ")?.to_string(), text));
    blocks().into_iter().filter_map(named).collect()
}

/// A repository with the files of the document, two builds, and stand-ins on the `PATH`.
struct Repository(PathBuf);

impl Repository {
    fn new(name: &str) -> Repository {
        let repository = Repository(folder(name));
        for (path, text) in files() {
            repository.write(&path, &text);
        }
        repository.copy("demo-x86_64-symtab", "baseline/app");
        repository.copy("demo-x86_64-v0", "target/release/app");
        repository.write("bin/curl", include_str!("ci/curl.sh"));
        repository.write("bin/gh", include_str!("ci/gh.sh"));
        for stand_in in ["bin/curl", "bin/gh"] {
            let status = Command::new("chmod").arg("+x").arg(repository.at(stand_in)).status();
            assert!(status.expect("chmod runs").success());
        }
        repository
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::create_dir_all(self.at(path).parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(self.at(path), text).expect("the folder is writable");
    }

    fn copy(&self, name: &str, path: &str) {
        std::fs::create_dir_all(self.at(path).parent().expect("a folder")).expect("the folder can be made");
        std::fs::copy(fixture(name), self.at(path)).expect("the folder is writable");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    /// Runs a script as a job would, in a shell that stops at the first failure.
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let bloat = Path::new(env!("CARGO_BIN_EXE_bloat")).parent().expect("a folder");
        let path = std::env::var("PATH").expect("a PATH");
        let mut command = Command::new("sh");
        command.args(["-euc", script]).current_dir(&self.0).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("GITHUB_") || n.starts_with("CI")) {
            command.env_remove(name);
        }
        command.env("PATH", format!("{}:{}:{path}", self.at("bin").display(), bloat.display()));
        command.envs(variables.iter().copied()).output().expect("sh runs")
    }

    #[track_caller]
    fn run_well(&self, script: &str, variables: &[(&str, &str)]) -> String {
        let output = self.run(script, variables);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{out}\n{err}");
        out.into_owned()
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether the tests can run here.
fn can_run() -> bool {
    let works = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let can = cfg!(unix) && works("jq");
    assert!(can || std::env::var_os("BLOAT_REQUIRE_ORACLES").is_none(), "jq and a POSIX shell are needed");
    if !can {
        eprintln!("SKIPPED: no jq, or no POSIX shell");
    }
    can
}

#[test]
fn every_block_is_a_file_or_runs_and_workflows_run_files_of_the_document() {
    let files = files();
    for (mark, text) in blocks() {
        assert!(mark == "run" || mark.starts_with("file: "), "{mark}");
        for line in text.lines().filter(|_| mark.ends_with(".yml")) {
            let line = line.trim_start().trim_start_matches("- ").trim_start_matches("run: ");
            let Some(script) = line.strip_prefix("sh ") else { continue };
            let script = script.split(' ').next().expect("split yields one");
            assert!(files.contains_key(script), "{mark} runs `{script}`, which is not in the document");
        }
    }
    assert_eq!(files.keys().filter(|name| name.ends_with(".sh")).count(), 6);
}

#[test]
fn blocks_of_plain_shell_run() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("plain");
    for target in ["x86_64", "aarch64"] {
        repository.copy("demo-x86_64-symtab", &format!("baseline/{target}/app"));
        repository.copy("demo-x86_64-v0", &format!("build/{target}/app"));
    }
    let lock = |version: &str| format!("[[package]]\nname = \"shapes\"\nversion = \"{version}\"\n");
    repository.write("baseline/Cargo.lock", &lock("1.0.0"));
    repository.write("Cargo.lock", &lock("1.1.0"));
    // The fixtures count no version, so that only sizes can break a budget.
    let all: Vec<String> =
        blocks().into_iter().filter(|(mark, _)| mark == "run").map(|(_, text)| text).collect();
    assert_eq!(all.len(), 3);
    let head = "<!-- bloat: report -->\n";
    for script in &all {
        repository.write("report.md", "");
        repository.run_well(script, &[]);
        let report = repository.read("report.md");
        assert!(report.starts_with(head), "{script}\n{report}");
        assert!(report.contains("demo") || report.contains("`app`"), "{report}");
    }
    assert!(repository.read("report.md").contains("Dependencies: 0 new, 0 gone, 1 bumped"));
    repository.run_well(&all[1], &[]);
    for target in ["x86_64", "aarch64"] {
        let start = format!("\n<!-- bloat: {target} -->\n### `app` (`{target}`): +448 B");
        assert_eq!(repository.read("report.md").matches(&start).count(), 1);
    }
}

/// As many as fit, each with more rows than it has room for, and one without a baseline.
#[test]
fn thirty_targets_make_one_comment_that_is_short_enough() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("thirty");
    let names: Vec<String> = (1..=30).map(|number| format!("target_{number}-unknown-linux-gnu")).collect();
    for name in &names {
        if *name != names[7] {
            repository.copy("list-x86_64-dwarf4", &format!("baseline/{name}/app"));
        }
        repository.copy("demo-x86_64-dwarf4", &format!("build/{name}/app"));
    }
    let text = repository.run_well(&format!("sh ci/size-targets.sh {}", names.join(" ")), &[]);
    assert!(text.starts_with("<!-- bloat: report -->\n"));
    let length = text.chars().count();
    assert!((40_000..=65_536).contains(&length), "{length} characters");
    for name in &names {
        assert_eq!(text.matches(&format!("### `app` (`{name}`): ")).count(), 1, "{name}");
    }
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert_eq!(text.matches("There is no build of the target branch").count(), 1);
    // It is found again by its first line alone, whatever targets come and go.
    assert_eq!(text.matches("<!-- bloat: report -->").count(), 1);
}

#[test]
fn the_gate_fails_with_annotations_and_a_summary() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("gate");
    let summary = repository.at("summary.md");
    let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8"))];
    let gate = "sh ci/size-gate.sh baseline/app target/release/app";
    let text = repository.run_well(gate, &github);
    assert!(!text.contains("::error"), "{text}");
    assert!(repository.read("summary.md").starts_with("<!-- bloat: budgets -->\n### `app` (`budgets`): "));
    repository.write("bloat.toml", "[budget.total]\nmax = 1000\nmax-growth = \"0.5%\"\n");
    let output = repository.run(gate, &github);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    let errors: Vec<&str> =
        text.lines().filter(|l| l.starts_with("::error title=Size budget exceeded::")).collect();
    assert_eq!(errors.len(), 2, "{text}");
    assert!(errors[0].contains("::total max 1000: ") && errors[0].ends_with(" over"), "{errors:?}");
    assert!(errors[1].contains("::total max-growth 0.5%25: +"), "{errors:?}");
    assert!(repository.read("summary.md").contains("2 limits of 2 exceeded"));
    // A mistake is not an exceeded budget, with and without a summary.
    repository.write("bloat.toml", "[budget.totl]\nmax = 1000\n");
    assert_eq!(repository.run(gate, &github).status.code(), Some(2));
    assert_eq!(repository.run(gate, &[]).status.code(), Some(2));
}

#[test]
fn a_report_without_a_baseline_shows_what_there_is() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("first");
    let text = repository.run_well("sh ci/size-report.sh no/such target/release/app report", &[]);
    assert!(text.starts_with("<!-- bloat: report -->\n### `app`: "), "{text}");
    assert!(text.ends_with("to compare with yet.\n"));
}

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn one_comment_on_github_is_updated_in_place() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("github");
    let report = "sh ci/size-report.sh baseline/app target/release/app report >report.md; ";
    let comment = |branch: &str, sha: &str| {
        format!("{report} sh ci/size-comment.sh o/r someone '{branch}' {sha} report report.md")
    };
    repository.write("pulls.json", &format!("[{{\"number\": 7, \"head\": {{\"sha\": \"{SHA}\"}}}}]"));
    repository.write("comments.json", "[{\"id\": 1, \"user\": {\"type\": \"Bot\"}, \"body\": \"hello\"}, {\"id\": 2, \"user\": {\"type\": \"User\"}, \"body\": \"<!-- bloat: report -->\"}]");
    repository.run_well(&comment("feature/a&b#c", SHA), &[]);
    let asked = repository.read("asked.txt");
    assert!(asked.contains("head=someone:feature/a&b#c"), "{asked}");
    assert!(asked.contains("--method POST repos/o/r/issues/7/comments -F body=@report.md"), "{asked}");
    repository.write("comments.json", "[{\"id\": 1, \"user\": {\"type\": \"Bot\"}, \"body\": \"hello\"}, {\"id\": 3, \"user\": {\"type\": \"Bot\"}, \"body\": \"<!-- bloat: report -->\\n...\"}]");
    repository.write("asked.txt", "");
    repository.run_well(&comment("main", SHA), &[]);
    let asked = repository.read("asked.txt");
    assert!(asked.contains("--method PATCH repos/o/r/issues/comments/3 -F body=@report.md"), "{asked}");
    assert!(!asked.contains("POST"), "{asked}");
    // Another commit is on the branch by now; and what is no commit is not asked for.
    repository.write("asked.txt", "");
    repository.run_well(&comment("main", &SHA.replace('0', "1")), &[]);
    assert!(!repository.read("asked.txt").contains("issues"));
    assert_eq!(repository.run(&comment("main", "'\") | .x'"), &[]).status.code(), Some(2));
}

#[test]
fn the_baseline_is_that_of_the_last_good_build() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("baseline");
    let script = "sh ci/size-baseline.sh o/r size.yml main fetched";
    repository.write("runs.json", "[]");
    assert_eq!(repository.run_well(script, &[]), "no build of main yet\n");
    repository.write("runs.json", "[{\"databaseId\": 42}]");
    repository.run_well(script, &[]);
    assert!(repository.at("fetched/app").is_file());
    assert!(repository.read("asked.txt").contains("run download 42 --repo o/r --name size-binary"));
    repository.write("expired", "");
    assert!(repository.run_well(script, &[]).contains("no binary any more"));
}

#[test]
fn one_note_on_gitlab_is_updated_in_place() {
    if !can_run() {
        return;
    }
    let repository = Repository::new("gitlab");
    let job = [
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "5"),
        ("CI_JOB_TOKEN", "job"),
        ("CI_MERGE_REQUEST_IID", "9"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1.0"),
        ("SIZE_TOKEN", "token"),
    ];
    let script = "sh ci/size-gitlab.sh target/release/app";
    let notes = "https://gitlab.example/api/v4/projects/5/merge_requests/9/notes";
    repository.write("notes.json", "[{\"id\": 1, \"body\": \"hello\"}]");
    repository.run_well(script, &job);
    let asked = repository.read("asked.txt");
    assert!(asked.contains("/jobs/artifacts/release%2F1.0/raw/target/release/app?job=size"), "{asked}");
    assert!(asked.contains("--request POST --data-urlencode body@report.md"), "{asked}");
    assert!(repository.read("report.md").contains("### `app`: +"), "it compares with what was fetched");
    repository.write(
        "notes.json",
        "[{\"id\": 1, \"body\": \"hello\"}, {\"id\": 4, \"body\": \"<!-- bloat: report -->\"}]",
    );
    repository.write("asked.txt", "");
    repository.run_well(script, &job);
    let asked = repository.read("asked.txt");
    assert!(asked.contains("--request PUT") && asked.contains(&format!("{notes}/4")), "{asked}");
    assert!(!asked.contains("POST"), "{asked}");
    // No token, no baseline: a report all the same.
    repository.write("asked.txt", "");
    repository.write("expired", "");
    repository.run_well(script, &job[..5]);
    assert!(!repository.read("asked.txt").contains("notes"));
    assert!(repository.read("report.md").contains("no build of the target branch"));
    // And on the target branch itself.
    repository.run_well(script, &job[..3]);
}
