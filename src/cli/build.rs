//! Builds the Cargo package at hand, so that `bloat` has something to read.
//!
//! The build is the package's own release build with symbols and line tables
//! kept: a profile named `bloat` that inherits from `release`, given on cargo's
//! command line. Nothing of the user's is changed by it:
//!
//! - the manifest is not edited, the profile exists for one command only;
//! - results go to a folder `bloat` of the target directory, so what is in
//!   `target/release` stays as it is;
//! - a lockfile is used as it is (`--locked`), and where there is none, the one
//!   cargo writes is removed again.
//!
//! Cargo's progress, warnings and errors reach the user unchanged on standard
//! error. This module knows cargo and nothing about binaries.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow};
use cargo_metadata::{Message, Metadata, MetadataCommand, Package, PackageId, Target, TargetKind};

use super::error::CliError;
use super::output::say;

/// What to build, and how much of it is shown.
pub(super) struct BuildOptions<'a> {
    /// The `Cargo.toml` to build; without one, that of the current directory or
    /// its nearest parent that has one.
    pub manifest_path: Option<&'a Path>,
    /// Whether cargo keeps its progress to itself.
    pub quiet: bool,
    /// Whether cargo shows the commands it runs.
    pub verbose: bool,
}

/// The kind of a file that a build made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ArtifactKind {
    /// A program.
    Executable,
    /// A library that is loaded at run time.
    SharedLibrary,
}

/// A file that a build made and that can be analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// The name of the Cargo target it was built from.
    pub target_name: String,
    /// Whether it is a program or a library.
    pub kind: ArtifactKind,
    /// The name of the package the target belongs to.
    pub package: String,
}

/// What a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    /// At least one artifact. Packages come in the order of their names; within
    /// one, its `default-run` comes first, then programs and libraries by name.
    pub artifacts: Vec<Artifact>,
    /// The folder that holds the build, inside the package's target directory.
    pub target_directory: PathBuf,
    /// The manifest that was built.
    pub manifest_path: PathBuf,
}

/// The profile of the build, as values of cargo's `--config`.
///
/// Each setting also takes precedence over the user's own, which may well strip
/// what this tool needs.
const PROFILE: [&str; 3] = [
    r#"profile.bloat.inherits="release""#,
    r#"profile.bloat.debug="line-tables-only""#,
    r#"profile.bloat.strip="none""#,
];

/// Keeps DWARF in the file itself. Linkers of Apple and Microsoft systems keep it elsewhere.
const KEEP_DWARF: &str = r#"profile.bloat.split-debuginfo="off""#;

/// Builds the binaries of a package, or of the default members of a workspace.
///
/// *Cost*: a release build on first use; cargo's cache of it afterwards.
pub(super) fn build(options: &BuildOptions<'_>) -> Result<Built> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let manifest_path = manifest_path(options.manifest_path)?;
    let metadata = read_metadata(&cargo, &manifest_path)?;
    let packages = selected_packages(&metadata);
    let targets = Targets::of(&packages);
    if targets == Targets::None {
        let what = match packages.as_slice() {
            [package] => format!("package `{}` has no binary to analyse", package.name),
            _ => "no package of this workspace has a binary to analyse".to_owned(),
        };
        return Err(CliError::new(what)
            .with_hint(
                "a library ships inside the programs that use it: analyse one of them with `bloat FILE`",
            )
            .into());
    }

    let target_directory = metadata.target_directory.join("bloat").into_std_path_buf();
    let lockfile = Lockfile::of(metadata.workspace_root.as_std_path());
    let arguments = arguments(options, &manifest_path, &target_directory, targets, &lockfile);
    let outcome = run(&cargo, &arguments)?;
    if !outcome.success {
        let error =
            CliError::new("failed to build the package with cargo").with_source(anyhow!(outcome.status));
        return Err(match lockfile.is_out_of_date(&cargo, &manifest_path) {
            true => error.with_hint(
                "`Cargo.lock` does not fit the manifest, and bloat leaves it alone: \
                 update it with `cargo update --workspace`",
            ),
            false => {
                error.with_hint("cargo's messages above say why; `cargo build --release` should say the same")
            }
        }
        .into());
    }

    let artifacts = artifacts_of(&packages, outcome.artifacts);
    if artifacts.is_empty() {
        return Err(no_artifact(&packages).into());
    }
    Ok(Built { artifacts, target_directory, manifest_path })
}

/// The manifest to build as an absolute path, found the way cargo finds it.
fn manifest_path(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        if !path.is_file() {
            return Err(CliError::new(format!("failed to find the manifest `{}`", path.display()))
                .with_hint("`--manifest-path` takes the path of a `Cargo.toml`")
                .into());
        }
        return std::path::absolute(path).map_err(|source| {
            CliError::new(format!("failed to find the manifest `{}`", path.display()))
                .with_source(source)
                .into()
        });
    }
    let current = env::current_dir()
        .map_err(|source| CliError::new("failed to find the current directory").with_source(source))?;
    find_manifest(&current).ok_or_else(|| {
        CliError::new(format!("failed to find `Cargo.toml` in `{}` or a parent directory", current.display()))
            .with_hint("name a binary to analyse, `bloat FILE`, or run this inside a Cargo package")
            .into()
    })
}

/// The nearest manifest in a directory or its parents.
fn find_manifest(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|parent| parent.join("Cargo.toml")).find(|path| path.is_file())
}

/// Asks cargo for the packages and folders, without their dependencies, which needs no lockfile.
fn read_metadata(cargo: &OsStr, manifest_path: &Path) -> Result<Metadata> {
    let failed =
        || CliError::new(format!("failed to read the package `{}` with cargo", manifest_path.display()));
    MetadataCommand::new().cargo_path(cargo).manifest_path(manifest_path).no_deps().exec().map_err(|error| {
        match error {
            cargo_metadata::Error::Io(source) => not_started(cargo, source),
            cargo_metadata::Error::CargoMetadata { stderr } => {
                say(format_args!("{}", stderr.trim_end()));
                failed().with_hint("cargo's messages above say what is wrong with the manifest")
            }
            other => failed().with_source(other),
        }
        .into()
    })
}

/// Cargo could not be run at all.
fn not_started(cargo: &OsStr, source: io::Error) -> CliError {
    let error = CliError::new(format!("failed to run `{}`", cargo.display()));
    let error = match source.kind() {
        io::ErrorKind::NotFound => error
            .with_hint("install cargo, set `CARGO` to its path, or name a binary to analyse: `bloat FILE`"),
        _ => error,
    };
    error.with_source(source)
}

/// The packages that a plain `cargo build` with this manifest builds, by name.
fn selected_packages(metadata: &Metadata) -> Vec<&Package> {
    let mut packages = match metadata.root_package() {
        _ if metadata.workspace_default_members.is_available() => metadata.workspace_default_packages(),
        Some(package) => vec![package],
        None => metadata.workspace_packages(),
    };
    packages.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    packages
}

/// Which targets of the selected packages are worth building.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Targets {
    /// There is nothing to analyse.
    None,
    /// Only programs: libraries that none of them needs are not built.
    Programs,
    /// There is a shared library too, which cargo builds with the libraries.
    All,
}

impl Targets {
    fn of(packages: &[&Package]) -> Targets {
        let kinds: Vec<ArtifactKind> =
            packages.iter().flat_map(|package| &package.targets).filter_map(artifact_kind).collect();
        if kinds.contains(&ArtifactKind::SharedLibrary) {
            Targets::All
        } else if kinds.is_empty() {
            Targets::None
        } else {
            Targets::Programs
        }
    }
}

/// What building a target makes, for those that make something to analyse.
fn artifact_kind(target: &Target) -> Option<ArtifactKind> {
    target.kind.iter().find_map(|kind| match kind {
        TargetKind::Bin => Some(ArtifactKind::Executable),
        TargetKind::CDyLib | TargetKind::DyLib => Some(ArtifactKind::SharedLibrary),
        _ => None,
    })
}

/// The command line of the build, without the program.
///
/// Packages are not named: naming them would unify features in another way
/// than the user's own build does, and so build something else.
fn arguments(
    options: &BuildOptions<'_>,
    manifest_path: &Path,
    target_directory: &Path,
    targets: Targets,
    lockfile: &Lockfile,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["build".into(), "--profile".into(), "bloat".into()];
    let elf = cfg!(all(unix, not(target_vendor = "apple")));
    for setting in PROFILE.into_iter().chain(elf.then_some(KEEP_DWARF)) {
        arguments.extend(["--config".into(), setting.into()]);
    }
    arguments.push("--message-format=json-render-diagnostics".into());
    arguments.extend(["--manifest-path".into(), manifest_path.into()]);
    arguments.extend(["--target-dir".into(), target_directory.into()]);
    if targets == Targets::Programs {
        arguments.push("--bins".into());
    }
    if lockfile.existed {
        arguments.push("--locked".into());
    }
    if options.quiet {
        arguments.push("--quiet".into());
    }
    if options.verbose {
        arguments.push("--verbose".into());
    }
    arguments
}

/// How a run of cargo ended.
struct Outcome {
    success: bool,
    /// The exit status in words.
    status: String,
    /// Everything that was compiled, dependencies and build scripts included.
    artifacts: Vec<cargo_metadata::Artifact>,
}

/// Runs cargo and reads its messages from standard output.
///
/// Standard error is shared with cargo: it draws its own progress there if it is
/// a terminal, which is better than anything that could be drawn from messages.
fn run(cargo: &OsStr, arguments: &[OsString]) -> Result<Outcome> {
    let mut child = Command::new(cargo)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|source| not_started(cargo, source))?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let read = read_artifacts(BufReader::new(stdout));
    // The pipe is closed by now: a cargo whose messages could not be read ends as well.
    let status =
        child.wait().map_err(|source| CliError::new("failed to wait for cargo").with_source(source))?;
    let artifacts =
        read.map_err(|source| CliError::new("failed to read cargo's messages").with_source(source))?;
    Ok(Outcome { success: status.success(), status: status.to_string(), artifacts })
}

/// Keeps the artifacts of a stream of cargo's messages.
fn read_artifacts(input: impl io::BufRead) -> io::Result<Vec<cargo_metadata::Artifact>> {
    let mut artifacts = Vec::new();
    for message in Message::parse_stream(input) {
        if let Message::CompilerArtifact(artifact) = message? {
            artifacts.push(artifact);
        }
    }
    Ok(artifacts)
}

/// The programs and shared libraries of the selected packages, in the order of [`Built`].
fn artifacts_of(packages: &[&Package], compiled: Vec<cargo_metadata::Artifact>) -> Vec<Artifact> {
    let package_of = |id: &PackageId| packages.iter().enumerate().find(|(_, package)| package.id == *id);
    let mut found = Vec::new();
    for artifact in compiled {
        // A dependency may be built as a shared library too, but does not ship that way.
        let Some((package_idx, package)) = package_of(&artifact.package_id) else { continue };
        let Some(kind) = artifact_kind(&artifact.target) else { continue };
        let Some(path) = artifact_path(kind, &artifact) else { continue };
        let target_name = artifact.target.name;
        let is_default =
            package.default_run.as_ref() == Some(&target_name) && kind == ArtifactKind::Executable;
        let artifact = Artifact { path, target_name, kind, package: package.name.to_string() };
        found.push((package_idx, !is_default, artifact));
    }
    found.sort_by(|(package_a, rank_a, a), (package_b, rank_b, b)| {
        let key_a = (package_a, rank_a, a.kind, &a.target_name, &a.path);
        key_a.cmp(&(package_b, rank_b, b.kind, &b.target_name, &b.path))
    });
    found.dedup();
    found.into_iter().map(|(_, _, artifact)| artifact).collect()
}

/// The file to analyse among those that were made for a target.
fn artifact_path(kind: ArtifactKind, artifact: &cargo_metadata::Artifact) -> Option<PathBuf> {
    let path = match kind {
        ArtifactKind::Executable => artifact.executable.as_ref(),
        ArtifactKind::SharedLibrary => artifact
            .filenames
            .iter()
            .find(|path| matches!(path.extension(), Some("so" | "dylib" | "dll" | "wasm"))),
    };
    path.map(|path| path.clone().into_std_path_buf())
}

/// Cargo was content, but has not built a binary.
fn no_artifact(packages: &[&Package]) -> CliError {
    let targets = packages.iter().flat_map(|package| &package.targets).filter(|t| artifact_kind(t).is_some());
    let mut features: Vec<&str> =
        targets.flat_map(|t| t.required_features.iter().map(String::as_str)).collect();
    features.sort_unstable();
    features.dedup();
    let error = CliError::new("cargo built no binary to analyse");
    match features.is_empty() {
        true => error.with_hint("build one in another way, then name it: `bloat FILE`"),
        false => error.with_hint(format!(
            "the binaries need features that are off by default (`{}`): \
             build one with them, then name it: `bloat FILE`",
            features.join("`, `")
        )),
    }
}

/// The lockfile of a workspace, left as it was found.
///
/// Where there is none, cargo has no way to build without writing one, so it is
/// removed when this value goes out of scope. An interrupt leaves it behind.
struct Lockfile {
    path: PathBuf,
    existed: bool,
}

impl Lockfile {
    fn of(workspace_root: &Path) -> Lockfile {
        let path = workspace_root.join("Cargo.lock");
        // A dangling link is a lockfile as well: it must not be replaced.
        let existed = fs::symlink_metadata(&path).is_ok();
        Lockfile { path, existed }
    }

    /// Whether a build failed because cargo would have had to change the lockfile.
    ///
    /// Asked of cargo, not read from its messages, whose words change. Without
    /// network access, so that the answer may be a wrong no.
    fn is_out_of_date(&self, cargo: &OsStr, manifest_path: &Path) -> bool {
        if !self.existed {
            return false;
        }
        let would_work = |flag: &str| {
            let status = Command::new(cargo)
                .args(["update", "--workspace", "--offline", "--quiet", flag, "--manifest-path"])
                .arg(manifest_path)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        };
        !would_work("--locked") && would_work("--dry-run")
    }
}

impl Drop for Lockfile {
    fn drop(&mut self) {
        if !self.existed {
            // It may never have been written, when cargo failed before.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A package with targets given as `kind name`, for instance `bin app`.
    fn package(name: &str, default_run: Option<&str>, targets: &[&str]) -> Package {
        let targets: Vec<Value> = targets.iter().map(|text| target(text)).collect();
        serde_json::from_value(json!({
            "name": name, "version": "1.0.0", "id": name, "dependencies": [], "features": {},
            "targets": targets, "default_run": default_run, "manifest_path": format!("/{name}/Cargo.toml"),
        }))
        .expect("it has what a package needs")
    }

    fn target(text: &str) -> Value {
        let (kinds, name) = text.split_once(' ').expect("a kind and a name");
        let kinds: Vec<&str> = kinds.split('+').collect();
        json!({
            "name": name, "kind": kinds, "crate_types": kinds, "required-features": [format!("f-{name}")],
            "src_path": "/x.rs",
        })
    }

    /// One line of cargo's messages: an artifact of a package, as `package kind name: files`.
    fn message(text: &str) -> String {
        let (what, files) = text.split_once(": ").expect("a target and its files");
        let (package, what) = what.split_once(' ').expect("a package and a target");
        let files: Vec<&str> = files.split(' ').collect();
        let executable = files.iter().find(|_| what.starts_with("bin "));
        json!({
            "reason": "compiler-artifact", "package_id": package, "target": target(what),
            "profile": {"opt_level": "3", "debuginfo": 0, "debug_assertions": false,
                "overflow_checks": false, "test": false},
            "features": [], "filenames": files, "executable": executable, "fresh": false,
        })
        .to_string()
    }

    #[track_caller]
    fn check_artifacts(packages: &[&Package], messages: &[&str], expected: &[&str]) {
        let mut stream = String::from("{\"reason\":\"a reason of the future\"}\nnot json at all\n");
        for text in messages {
            stream.push_str(&message(text));
            stream.push('\n');
        }
        let compiled = read_artifacts(stream.as_bytes()).expect("the stream is in memory");
        let found: Vec<String> = artifacts_of(packages, compiled)
            .iter()
            .map(|a| format!("{} {:?} {} {}", a.package, a.kind, a.target_name, a.path.display()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn artifacts_are_the_programs_and_shared_libraries_of_the_packages() {
        let app = package("app", None, &["bin app", "cdylib+rlib shared", "custom-build build-script-build"]);
        check_artifacts(
            &[&app],
            &[
                "dep lib dep: /deps/libdep.rlib /deps/libdep.rmeta",
                "dep cdylib+rlib other: /deps/libother.rlib /deps/libother.so",
                "derive proc-macro derive: /deps/libderive.so",
                "app custom-build build-script-build: /build/build-script-build",
                "app cdylib+rlib shared: /libshared.rlib /libshared.so",
                "app bin app: /app",
            ],
            &["app Executable app /app", "app SharedLibrary shared /libshared.so"],
        );
    }

    #[test]
    fn artifacts_come_in_one_order_however_cargo_finished_them() {
        let a = package("a", Some("z"), &["bin z", "bin b"]);
        let b = package("b", None, &["bin a", "cdylib a"]);
        check_artifacts(
            &[&a, &b],
            &["b cdylib a: /liba.so", "b bin a: /a", "a bin b: /b", "a bin z: /z", "a bin z: /z"],
            &["a Executable z /z", "a Executable b /b", "b Executable a /a", "b SharedLibrary a /liba.so"],
        );
    }

    #[test]
    fn shared_libraries_of_other_systems_are_found() {
        let app = package("app", None, &["cdylib x"]);
        for file in ["/libx.dylib", "/x.dll", "/x.wasm"] {
            check_artifacts(
                &[&app],
                &[&format!("app cdylib x: /x.dll.lib {file} /x.pdb")],
                &[&format!("app SharedLibrary x {file}")],
            );
        }
    }

    #[test]
    fn only_what_can_be_analysed_is_built() {
        let library = package("library", None, &["lib library", "example e", "custom-build b"]);
        let app = package("app", None, &["bin app", "lib app"]);
        let shared = package("shared", None, &["cdylib+rlib shared"]);
        assert_eq!(Targets::of(&[]), Targets::None);
        assert_eq!(Targets::of(&[&library]), Targets::None);
        assert_eq!(Targets::of(&[&library, &app]), Targets::Programs);
        assert_eq!(Targets::of(&[&app, &shared]), Targets::All);
    }

    #[track_caller]
    fn check_arguments(options: &BuildOptions<'_>, targets: Targets, existed: bool, expected: &str) {
        let lockfile = Lockfile { path: PathBuf::from("/w/none/Cargo.lock"), existed };
        let given =
            arguments(options, Path::new("/w/Cargo.toml"), Path::new("/w/my target"), targets, &lockfile);
        let given = given.join(OsStr::new(" ")).into_string().expect("all of it is text");
        let (profile, rest) =
            given.split_once(" --message-format=json-render-diagnostics ").expect("it is given");
        assert!(profile.starts_with("build --profile bloat --config profile.bloat.inherits=\"release\" "));
        assert!(profile.contains(" --config profile.bloat.strip=\"none\""));
        assert_eq!(rest, expected);
    }

    #[test]
    fn arguments_follow_the_options() {
        let plain = BuildOptions { manifest_path: None, quiet: false, verbose: false };
        check_arguments(
            &plain,
            Targets::All,
            false,
            "--manifest-path /w/Cargo.toml --target-dir /w/my target",
        );
        check_arguments(
            &BuildOptions { quiet: true, verbose: true, ..plain },
            Targets::Programs,
            true,
            "--manifest-path /w/Cargo.toml --target-dir /w/my target --bins --locked --quiet --verbose",
        );
    }

    #[test]
    fn missing_features_are_named() {
        let app = package("app", None, &["bin b", "bin a", "lib app"]);
        let error = anyhow::Error::from(no_artifact(&[&app]));
        let hint = crate::cli::error::hint(&error).expect("it has a hint");
        assert!(hint.contains("(`f-a`, `f-b`)"), "{hint}");
    }

    /// A new folder that is removed with everything in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = env::temp_dir().join(format!("bloat build {} {name}", std::process::id()));
            fs::create_dir_all(path.join("src/bin")).expect("the folder for temporary files is writable");
            Folder(path)
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.0.join(path), text).expect("the folder is writable");
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn manifest_is_found_in_a_parent() {
        let folder = Folder::new("parent");
        folder.write("Cargo.toml", "");
        assert_eq!(find_manifest(&folder.0.join("src/bin")), Some(folder.0.join("Cargo.toml")));
        assert_eq!(find_manifest(Path::new("/")), None);
    }

    #[test]
    fn lockfile_is_left_as_it_was() {
        let folder = Folder::new("lockfile");
        let path = folder.0.join("Cargo.lock");
        let lockfile = Lockfile::of(&folder.0);
        folder.write("Cargo.lock", "cargo's");
        drop(lockfile);
        assert!(!path.exists(), "it was not there before");
        folder.write("Cargo.lock", "the user's");
        drop(Lockfile::of(&folder.0));
        assert!(path.exists(), "it was there before");
    }

    #[test]
    fn build_keeps_symbols_and_leaves_the_package_alone() {
        let folder = Folder::new("whole");
        let manifest = "[package]\nname = \"sample\"\nedition = \"2021\"\n[workspace]\n\
            [profile.release]\nstrip = true\n";
        folder.write("Cargo.toml", manifest);
        folder.write(
            "src/main.rs",
            "#[inline(never)]\nfn seen_in_symbols() {}\nfn main() { seen_in_symbols() }\n",
        );
        folder.write("src/bin/other.rs", "fn main() {}\n");
        let manifest_path = folder.0.join("Cargo.toml");
        let options = BuildOptions { manifest_path: Some(&manifest_path), quiet: true, verbose: false };
        let built = build(&options).expect("the sample builds");
        let names: Vec<&str> = built.artifacts.iter().map(|a| a.target_name.as_str()).collect();
        assert_eq!(names, ["other", "sample"]);
        for artifact in &built.artifacts {
            assert!(artifact.path.starts_with(&built.target_directory), "{}", artifact.path.display());
            let bytes = fs::read(&artifact.path).expect("cargo has written it");
            assert!(
                bytes.windows(7).any(|text| text == b".symtab"),
                "{} has symbols",
                artifact.path.display()
            );
        }
        assert_eq!(fs::read_to_string(&manifest_path).expect("it is there"), manifest);
        assert!(!folder.0.join("Cargo.lock").exists(), "cargo's lockfile is removed");
        assert!(!folder.0.join("target/release").exists(), "the release folder is not touched");
    }
}
