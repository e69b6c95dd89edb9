//! What cargo is told of profiles besides the manifest: files of its configuration, its command line, the
//! environment. See <https://doc.rust-lang.org/cargo/reference/config.html>.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::cargo::Project;
use crate::cli::error::CliError;
use crate::config::profile::{self, Calls, Profiles, SETTINGS};

/// The profiles of a project as cargo sees them that is called here; `rest` is what else it is told.
pub(in crate::cli) fn profiles(project: &Project, rest: &[OsString]) -> Result<Profiles> {
    let path = project.metadata.workspace_root.join("Cargo.toml").into_std_path_buf();
    let mut profiles = Profiles::of_manifest(&read(&path)?).map_err(|error| failed(&path, error))?;
    for path in files() {
        profiles.add_config(&read(&path)?).map_err(|error| failed(&path, error))?;
    }
    let from_environment: Vec<(String, &str, String)> = names(&profiles)
        .into_iter()
        .flat_map(|name| SETTINGS.map(|key| (name.clone(), key)))
        .filter_map(|(name, key)| Some((env::var(variable(&name, key)).ok()?, name, key)))
        .map(|(value, name, key)| (name, key, value))
        .collect();
    for (name, key, value) in from_environment {
        profiles.set(&name, key, &value);
    }
    for text in given(rest) {
        // Cargo says it better where this is neither a file nor TOML.
        let _ = profiles.add_config(&text);
    }
    Ok(profiles)
}

/// What is said of how to call rustc, anywhere; `rest` is what else cargo is told.
pub(super) fn calls(rest: &[OsString]) -> Calls {
    let is_variable = |name: &str| {
        matches!(name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_BUILD_RUSTFLAGS")
            || name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS")
    };
    let mut all = Calls {
        has_flags: env::vars_os().any(|(name, _)| name.to_str().is_some_and(is_variable)),
        has_platform: env::var_os("CARGO_BUILD_TARGET").is_some(),
    };
    let files = files();
    let of_files = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    for text in of_files.chain(given(rest)) {
        // What cannot be read may say anything.
        let here = profile::calls(&text).unwrap_or(Calls { has_flags: true, has_platform: true });
        all.has_flags |= here.has_flags;
        all.has_platform |= here.has_platform;
    }
    all
}

/// The variable of the environment that sets a key of a profile.
fn variable(profile: &str, key: &str) -> String {
    format!("CARGO_PROFILE_{profile}_{key}").to_uppercase().replace('-', "_")
}

fn names(profiles: &Profiles) -> BTreeSet<String> {
    profiles.names().chain(["dev", "release"]).map(str::to_string).collect()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    CliError::new(format!("failed to read the profiles of `{}`", path.display())).with_source(error).into()
}

/// Files of cargo's configuration that are in force in the current directory, the weakest first.
fn files() -> Vec<PathBuf> {
    let Ok(here) = env::current_dir() else { return Vec::new() };
    let home = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let user = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = home.or_else(|| Some(PathBuf::from(env::var_os(user)?).join(".cargo")));
    found(&here, home.as_deref())
}

/// Those of a directory and its parents, and of cargo's home.
fn found(here: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let folders = here.ancestors().map(|parent| parent.join(".cargo"));
    // A home on the way up counts once.
    let home = home.filter(|home| !folders.clone().any(|folder| folder == *home)).map(Path::to_path_buf);
    // Where both are there, cargo reads the one without an ending.
    let file = |folder: PathBuf| {
        ["config", "config.toml"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
    };
    let mut files: Vec<PathBuf> = folders.chain(home).filter_map(file).collect();
    files.reverse();
    files
}

/// What `--config` was given on cargo's command line: texts, and the contents of files.
fn given(rest: &[OsString]) -> Vec<String> {
    let mut words = rest.iter().filter_map(|word| word.to_str());
    let mut texts = Vec::new();
    while let Some(word) = words.next() {
        let value = if word == "--config" { words.next() } else { word.strip_prefix("--config=") };
        let Some(value) = value else { continue };
        texts.push(fs::read_to_string(value).unwrap_or_else(|_| value.to_string()));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::cargo::testing::Folder;

    #[test]
    fn files_nearer_to_the_directory_are_stronger() {
        let folder = Folder::new("configuration");
        for path in
            ["a/.cargo/config.toml", "a/b/.cargo/config", "a/b/.cargo/config.toml", "home/config.toml"]
        {
            folder.write(path, "");
        }
        let at = |path: &str| folder.0.join(path);
        let ours = |all: Vec<PathBuf>| -> Vec<PathBuf> {
            all.into_iter().filter(|path| path.starts_with(&folder.0)).collect()
        };
        let expected = ["home/config.toml", "a/.cargo/config.toml", "a/b/.cargo/config"].map(at);
        assert_eq!(ours(found(&at("a/b"), Some(&at("home")))), expected);
        assert_eq!(ours(found(&at("a"), Some(&at("a/.cargo")))), [at("a/.cargo/config.toml")]);
    }

    #[test]
    fn words_for_cargo_are_configuration() {
        let folder = Folder::new("given");
        folder.write("mine.toml", "[profile.release]\nlto = true\n");
        let file = folder.0.join("mine.toml");
        let rest: Vec<OsString> = vec![
            "--config".into(),
            "a.b=1".into(),
            "--verbose".into(),
            format!("--config={}", file.display()).into(),
        ];
        assert_eq!(given(&rest), ["a.b=1", "[profile.release]\nlto = true\n"]);
        assert_eq!(variable("my-dist", "opt-level"), "CARGO_PROFILE_MY_DIST_OPT_LEVEL");
    }
}
