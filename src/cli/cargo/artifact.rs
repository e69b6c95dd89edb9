//! Files that a build made and that can be analysed.

use crate::order::Arrange;
use std::path::{Path, PathBuf};

use cargo_metadata::{CrateType, Package, PackageId, Target, TargetKind};

/// The kind of a file that a build made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cli) enum ArtifactKind {
    /// A program.
    Executable,
    /// A library that is loaded at run time.
    SharedLibrary,
    /// A library that is linked into a program of another language.
    StaticLibrary,
    /// A library for other Rust crates. It does not ship, so it has to be asked for.
    RustLibrary,
}

impl ArtifactKind {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            ArtifactKind::Executable => "executable",
            ArtifactKind::SharedLibrary => "shared-library",
            ArtifactKind::StaticLibrary => "static-library",
            ArtifactKind::RustLibrary => "rust-library",
        }
    }

    fn of_crate_type(kind: &CrateType) -> Option<ArtifactKind> {
        match kind {
            CrateType::Bin => Some(ArtifactKind::Executable),
            CrateType::CDyLib | CrateType::DyLib => Some(ArtifactKind::SharedLibrary),
            CrateType::StaticLib => Some(ArtifactKind::StaticLibrary),
            _ => None,
        }
    }
}

/// A file that a build made and that can be analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// The name of the Cargo target it was built from.
    pub target_name: String,
    /// Whether it is a program or a library.
    pub kind: ArtifactKind,
    /// The name of the package the target belongs to.
    pub package: String,
    /// The version of that package.
    pub version: String,
    /// Whether cargo found it built already.
    pub fresh: bool,
}

/// What building a target makes that ships.
pub(in crate::cli) fn artifact_kinds(target: &Target) -> Vec<ArtifactKind> {
    let ships = |kind: &TargetKind| {
        !matches!(
            kind,
            TargetKind::CustomBuild | TargetKind::ProcMacro | TargetKind::Test | TargetKind::Bench
        )
    };
    if !target.kind.iter().all(ships) {
        return Vec::new();
    }
    let mut kinds: Vec<ArtifactKind> =
        target.crate_types.iter().filter_map(ArtifactKind::of_crate_type).collect();
    kinds.arrange();
    kinds.dedup();
    kinds
}

/// The artifacts of some packages among all that was compiled.
///
/// `folder` is the name of the profile's folder. Packages come in their own order; within one,
/// its `default-run` comes first, then programs, shared and static libraries, each by name.
/// Rust libraries count only if that is all there is and `libraries` were asked for.
pub(super) fn artifacts_of(
    packages: &[&Package],
    folder: &str,
    libraries: bool,
    compiled: Vec<cargo_metadata::Artifact>,
) -> Vec<Artifact> {
    let package_of = |id: &PackageId| packages.iter().enumerate().find(|(_, package)| package.id == *id);
    let mut found = Vec::new();
    for artifact in compiled {
        let Some((package_idx, package)) = package_of(&artifact.package_id) else { continue };
        for (kind, path) in files_of(&artifact, libraries) {
            if !is_final(&path, folder, &artifact.target) {
                continue;
            }
            let target_name = artifact.target.name.clone();
            let is_default =
                package.default_run.as_ref() == Some(&target_name) && kind == ArtifactKind::Executable;
            let artifact = Artifact {
                path,
                target_name,
                kind,
                package: package.name.to_string(),
                version: package.version.to_string(),
                fresh: artifact.fresh,
            };
            found.push((package_idx, !is_default, artifact));
        }
    }
    found.arrange_by(|(package_a, rank_a, a), (package_b, rank_b, b)| {
        let key_a = (package_a, rank_a, a.kind, &a.target_name, &a.path);
        key_a.cmp(&(package_b, rank_b, b.kind, &b.target_name, &b.path))
    });
    found.dedup();
    let mut all: Vec<Artifact> = found.into_iter().map(|(_, _, artifact)| artifact).collect();
    if all.iter().any(|artifact| artifact.kind != ArtifactKind::RustLibrary) {
        all.retain(|artifact| artifact.kind != ArtifactKind::RustLibrary);
    }
    all
}

/// The files to analyse among those that were made for a target.
fn files_of(artifact: &cargo_metadata::Artifact, libraries: bool) -> Vec<(ArtifactKind, PathBuf)> {
    if let Some(path) = &artifact.executable {
        return vec![(ArtifactKind::Executable, path.clone().into_std_path_buf())];
    }
    let kinds = artifact_kinds(&artifact.target);
    let files = artifact.filenames.iter().filter_map(|path| {
        let name = path.file_name().unwrap_or_default();
        let kind = match path.extension()? {
            // Import libraries of Windows say what is in a DLL, and do not ship.
            "lib" | "a" if name.ends_with(".dll.lib") || name.ends_with(".dll.a") => return None,
            "so" | "dylib" | "dll" | "wasm" => ArtifactKind::SharedLibrary,
            "a" | "lib" => ArtifactKind::StaticLibrary,
            "rlib" if libraries => ArtifactKind::RustLibrary,
            _ => return None,
        };
        let wanted = kind == ArtifactKind::RustLibrary || kinds.contains(&kind);
        wanted.then(|| (kind, path.clone().into_std_path_buf()))
    });
    files.collect()
}

/// Whether a file is in a place for results: those that were only needed on the way are in `deps`.
///
/// Tests and benchmarks are results that cargo leaves there.
fn is_final(path: &Path, folder: &str, target: &Target) -> bool {
    if target.kind.iter().any(|kind| matches!(kind, TargetKind::Test | TargetKind::Bench)) {
        return true;
    }
    let parent = path.parent();
    let name = |path: Option<&Path>| path.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned());
    match name(parent).as_deref() {
        Some("examples") => name(parent.and_then(Path::parent)).as_deref() == Some(folder),
        other => other == Some(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, package};
    use super::*;
    use crate::cli::cargo::run::read_artifacts;

    #[track_caller]
    fn check_artifacts(packages: &[&Package], libraries: bool, messages: &[&str], expected: &[&str]) {
        let mut stream = String::from("{\"reason\":\"a reason of the future\"}\nnot json at all\n");
        for text in messages {
            stream.push_str(&message(text));
            stream.push('\n');
        }
        let compiled = read_artifacts(stream.as_bytes()).expect("the stream is in memory");
        let found: Vec<String> = artifacts_of(packages, "bloat", libraries, compiled)
            .iter()
            .map(|a| format!("{} {:?} {} {}", a.package, a.kind, a.target_name, a.path.display()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn artifacts_are_what_ships_of_the_packages() {
        let app = package("app", None, &["bin app", "cdylib+rlib shared", "custom-build build-script-build"]);
        check_artifacts(
            &[&app],
            false,
            &[
                "dep lib dep: /bloat/deps/libdep.rlib /bloat/deps/libdep.rmeta",
                "dep cdylib+rlib other: /bloat/deps/libother.rlib /bloat/deps/libother.so",
                "derive proc-macro derive: /bloat/deps/libderive.so",
                "app custom-build build-script-build: /bloat/build/build-script-build",
                "app cdylib+rlib shared: /bloat/libshared.rlib /bloat/libshared.so",
                "app bin app: /bloat/app",
            ],
            &["app Executable app /bloat/app", "app SharedLibrary shared /bloat/libshared.so"],
        );
    }

    #[test]
    fn a_library_of_the_workspace_that_is_only_needed_on_the_way_does_not_count() {
        let app = package("app", None, &["bin app"]);
        let shared = package("shared", None, &["cdylib+rlib shared"]);
        check_artifacts(
            &[&app, &shared],
            false,
            &[
                "shared cdylib+rlib shared: /bloat/deps/libshared.rlib /bloat/deps/libshared.so",
                "app bin app: /bloat/app",
            ],
            &["app Executable app /bloat/app"],
        );
    }

    #[test]
    fn one_target_may_make_several_files() {
        let app = package("app", None, &["cdylib+staticlib+rlib app"]);
        let files = "app cdylib+staticlib+rlib app: /bloat/libapp.rlib /bloat/libapp.a /bloat/libapp.so";
        let expected = ["app SharedLibrary app /bloat/libapp.so", "app StaticLibrary app /bloat/libapp.a"];
        check_artifacts(&[&app], false, &[files], &expected);
        check_artifacts(&[&app], true, &[files], &expected);
    }

    #[test]
    fn a_rust_library_counts_only_if_it_was_asked_for() {
        let app = package("app", None, &["lib app"]);
        let files = ["app lib app: /bloat/libapp.rlib /bloat/deps/libapp.rmeta"];
        check_artifacts(&[&app], false, &files, &[]);
        check_artifacts(&[&app], true, &files, &["app RustLibrary app /bloat/libapp.rlib"]);
    }

    #[test]
    fn artifacts_come_in_one_order_however_cargo_finished_them() {
        let a = package("a", Some("z"), &["bin z", "bin b"]);
        let b = package("b", None, &["bin a", "cdylib a"]);
        check_artifacts(
            &[&a, &b],
            false,
            &[
                "b cdylib a: /bloat/liba.so",
                "b bin a: /bloat/a",
                "a bin b: /bloat/b",
                "a bin z: /bloat/z",
                "a bin z: /bloat/z",
            ],
            &[
                "a Executable z /bloat/z",
                "a Executable b /bloat/b",
                "b Executable a /bloat/a",
                "b SharedLibrary a /bloat/liba.so",
            ],
        );
    }

    #[test]
    fn libraries_of_other_systems_are_found() {
        let app = package("app", None, &["cdylib+staticlib x"]);
        for (file, kind) in [
            ("/bloat/libx.dylib", "SharedLibrary"),
            ("/bloat/x.dll", "SharedLibrary"),
            ("/bloat/x.wasm", "SharedLibrary"),
            ("/bloat/x.lib", "StaticLibrary"),
            ("/bloat/libx.a", "StaticLibrary"),
        ] {
            check_artifacts(
                &[&app],
                false,
                &[&format!("app cdylib+staticlib x: /bloat/x.dll.lib {file} /bloat/libx.dll.a /bloat/x.pdb")],
                &[&format!("app {kind} x {file}")],
            );
        }
    }

    #[test]
    fn examples_are_in_a_folder_of_their_own() {
        let app = package("app", None, &["example e"]);
        check_artifacts(
            &[&app],
            false,
            &["app example e: /bloat/examples/e", "app example e: /examples/e"],
            &["app Executable e /bloat/examples/e"],
        );
    }
}
