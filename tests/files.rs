//! Files as inputs and outputs: what is opened, what is replaced, what is left when it fails.
#![cfg(unix)]

mod program;
mod subjects;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use program::{bloat, run, stdout};
use subjects::fixture;

/// A folder for one test, gone when it passes.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(subjects::folder(name))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A copy of a fixture.
    fn copy(&self, name: &str, fixture: &Path) -> PathBuf {
        let path = self.at(name);
        fs::copy(fixture, &path).expect("a file can be copied");
        path
    }

    /// Names of all files in it, in order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it is there").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// What a command that must fail with 2 says.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let output = run(command.stdin(Stdio::null()));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{command:?}: {stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    stderr
}

#[test]
fn links_and_pipes_are_read_and_nothing_else_is_waited_for() {
    let folder = Folder::new("inputs");
    let file = folder.copy("app", &fixture("bare-x86_64-nosections"));
    let ask =
        |path: &Path| stdout(bloat().arg("show").arg(path).args(["--by", "section", "--format", "csv"]));
    let expected = ask(&file);
    symlink(&file, folder.at("link")).expect("links can be made");
    symlink("link", folder.at("link of link")).expect("links can be made");
    assert_eq!(ask(&folder.at("link of link")), expected);

    // A pipe with a name, and one without.
    let pipe = folder.at("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let (from, to) = (file.clone(), pipe.clone());
    let writer = std::thread::spawn(move || fs::copy(from, to).expect("somebody reads"));
    assert_eq!(ask(&pipe), expected);
    writer.join().expect("it was read");
    let mut command = bloat();
    command.args(["show", "-", "--by", "section", "--format", "csv"]);
    command.stdin(File::open(&file).expect("readable"));
    assert_eq!(stdout(&mut command), expected);

    symlink("circle", folder.at("circle")).expect("links can be made");
    let socket = folder.at("socket");
    // A path may be too long for a socket.
    let _socket = std::os::unix::net::UnixListener::bind(&socket);
    for path in [Path::new("/dev/zero"), Path::new("/dev/null"), &folder.0, &folder.at("circle"), &socket] {
        assert!(refused(bloat().arg(path)).contains("failed to read"), "{}", path.display());
    }
    // Nothing is in it, or text.
    for path in ["/proc/self/maps", "/proc/sys/kernel/ostype"].map(Path::new) {
        if path.exists() {
            assert!(refused(bloat().arg(path)).contains("is not a binary"), "{}", path.display());
        }
    }
}

#[test]
fn nothing_that_was_read_is_replaced() {
    let folder = Folder::new("replaced");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    // The debug information is found beside the binary, and named nowhere.
    let file = folder.copy("bare", &data.join("apart/bare"));
    let debug = folder.copy("bare.debug", &data.join("apart/bare.debug"));
    let lock = folder.copy("Cargo.lock", &data.join("src/station/Cargo.lock"));
    let script = folder.copy("memory.x", &data.join("elf/memory.x"));
    symlink("Cargo.lock", folder.at("lock")).expect("links can be made");
    let before: Vec<(String, Vec<u8>)> =
        folder.names().into_iter().map(|n| (n.clone(), fs::read(folder.at(&n)).expect("readable"))).collect();
    let command = |name: &str, more: &[&str], output: &Path| {
        let mut command = bloat();
        command.arg(name).arg(&file).args(more).arg("-o").arg(output);
        command
    };
    let at = |path: &Path| path.to_str().expect("UTF-8").to_string();
    for output in [&file, &debug] {
        for (name, more) in [("show", &["--by", "unit"][..]), ("save", &[]), ("ledger", &[]), ("advise", &[])]
        {
            assert!(refused(&mut command(name, more, output)).contains("not overwritten"), "{name}");
        }
    }
    for output in [&lock, &folder.at("lock")] {
        refused(&mut command("save", &["--lockfile", &at(&lock)], output));
        refused(&mut command("diff", &[&at(&debug), "--lockfile", &at(&lock), &at(&lock)], output));
    }
    refused(&mut command("duplicates", &["--lockfile", &at(&folder.at("lock"))], &lock));
    refused(&mut command("show", &["--memory", &at(&script)], &script));
    // Found without being named, or read before by another program.
    for output in [&lock, &folder.at("lock")] {
        assert!(refused(&mut command("tree", &[], output)).contains("Cargo"));
    }
    // Files behind streams: what is read as standard input, and what standard output is appended to.
    let saved = folder.at("saved");
    assert!(run(&mut command("save", &[], &saved)).status.success());
    let bytes = fs::read(&saved).expect("readable");
    let stdin = File::open(&saved).expect("readable");
    let output = run(bloat().args(["-", "-o"]).arg(&saved).stdin(stdin));
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stdout = File::options().append(true).open(&saved).expect("writable");
    let appended = bloat().arg(&saved).stdout(stdout).stderr(Stdio::null()).status().expect("it runs");
    assert_eq!(appended.code(), Some(2));
    assert!(fs::read(&saved).expect("readable") == bytes);
    fs::remove_file(&saved).expect("removable");
    for (name, bytes) in before {
        assert!(fs::read(folder.at(&name)).expect("still there") == bytes, "{name} has changed");
    }
    // A file of its own that shares its bytes with an input is replaced; the input stays.
    fs::hard_link(&lock, folder.at("other name")).expect("links can be made");
    let lines = fs::read(&lock).expect("readable");
    assert!(run(&mut command("show", &[], &folder.at("other name"))).status.success());
    assert!(fs::read(&lock).expect("readable") == lines);
}

#[test]
fn what_fails_leaves_nothing_and_what_was_there() {
    let folder = Folder::new("full");
    let file = fixture("demo-x86_64-symtab");
    let report = folder.at("report.csv");
    fs::write(&report, "what was there").expect("the folder is writable");
    let ask = |output: &Path| {
        let mut command = bloat();
        command.arg("ledger").arg(&file).args(["--format", "csv", "-o"]).arg(output);
        command
    };
    if Path::new("/dev/full").exists() {
        assert!(refused(&mut ask(Path::new("/dev/full"))).contains("failed to write `/dev/full`"));
        let mut command = bloat();
        command
            .arg("ledger")
            .arg(&file)
            .stdout(File::options().write(true).open("/dev/full").expect("it is there"));
        let child =
            command.stderr(Stdio::piped()).spawn().expect("it starts").wait_with_output().expect("it ends");
        assert_eq!(child.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&child.stderr).contains("failed to write standard output"));
    }
    // No file may be longer than a block of 1 KiB: the same as a disk that is full after it.
    let mut limited = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" ledger \"$1\" --format csv -o \"$2\"";
    limited.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_bloat")).arg(&file).arg(&report);
    assert!(refused(&mut limited).contains("failed to write"));
    assert_eq!(folder.names(), ["report.csv"]);
    assert_eq!(fs::read_to_string(&report).expect("readable"), "what was there");
    assert!(run(&mut ask(&report)).status.success());
    assert_eq!(folder.names(), ["report.csv"]);
    assert!(fs::metadata(&report).expect("it is there").len() > 10_000);
}

#[test]
fn what_somebody_else_is_writing_stays() {
    let folder = Folder::new("others");
    let (file, report) = (fixture("demo-x86_64-symtab"), folder.at("report"));
    // The shell makes a file of the name that the program would take, and becomes the program.
    let script = "echo precious > \"$2.$$.0.partial\"; exec \"$0\" \"$1\" -o \"$2\"";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_bloat")).arg(&file).arg(&report);
    assert!(run(&mut command).status.success());
    let names = folder.names();
    assert!(
        matches!(&names[..], [one, other] if one == "report" && other.ends_with(".0.partial")),
        "{names:?}"
    );
    assert_eq!(fs::read_to_string(folder.at(&names[1])).expect("readable"), "precious\n");
    assert!(fs::metadata(&report).expect("it is there").len() > 1000);
}

#[test]
fn a_signal_leaves_nothing_half_written() {
    let folder = Folder::new("signals");
    let report = folder.at("report");
    fs::write(&report, "what was there").expect("the folder is writable");
    // Who was told to ignore a hangup does; 143 is 128 and SIGTERM, as shells have it.
    for (before, signals, ended) in
        [("trap '' HUP;", "kill -HUP $!; kill -TERM $!", 143), ("", "kill -HUP $!", 129)]
    {
        // Of this program, which is built for tests, the list of all bytes is long: it is still being written.
        let script = format!(
            "{before} \"$0\" ledger \"$0\" --format jsonl -o \"$1\" & \
             until ls \"$1\".*.partial >&2; do kill -0 $! || exit 99; done; {signals}; wait $!; echo $?"
        );
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_bloat")).arg(&report);
        assert_eq!(String::from_utf8_lossy(&run(&mut shell).stdout), format!("{ended}\n"));
        assert_eq!(folder.names(), ["report"]);
        assert_eq!(fs::read_to_string(&report).expect("readable"), "what was there");
    }
    // A file that may not grow is an error like that of a full disk.
    let script = "ulimit -f 8; exec \"$0\" ledger \"$1\" --format csv -o \"$2\"";
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_bloat"));
    limited.arg(fixture("demo-x86_64-symtab")).arg(&report);
    assert!(refused(&mut limited).contains("failed to write"));
    assert_eq!(folder.names(), ["report"]);
}

#[test]
fn help_on_a_full_disk_is_an_error() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for argument in ["--help", "--version"] {
        let full = File::options().write(true).open("/dev/full").expect("it is there");
        let child = bloat().arg(argument).stdout(full).stderr(Stdio::piped()).spawn().expect("it starts");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(2), "{argument}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("failed to write standard output"));
    }
}

#[test]
fn a_lockfile_without_end_is_refused() {
    let file = fixture("bare-i686");
    for command in ["save", "tree"] {
        let stderr = refused(bloat().arg(command).arg(&file).args(["--lockfile", "/dev/zero", "-o", "-"]));
        assert!(stderr.contains("/dev/zero") && stderr.contains("more than"), "{stderr}");
    }
}
