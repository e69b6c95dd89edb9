//! What tests of this module share: packages and messages as cargo writes them, and folders.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::{env, fs};

use cargo_metadata::Package;
use serde_json::{Value, json};

/// A package with targets given as `kind name`, for instance `bin app`.
pub fn package(name: &str, default_run: Option<&str>, targets: &[&str]) -> Package {
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
    let types = if kinds == ["example"] || kinds == ["custom-build"] { vec!["bin"] } else { kinds.clone() };
    json!({
        "name": name, "kind": kinds, "crate_types": types, "required-features": [format!("f-{name}")],
        "src_path": "/x.rs",
    })
}

/// One line of cargo's messages: an artifact of a package, as `package kind name: files`.
pub fn message(text: &str) -> String {
    let (what, files) = text.split_once(": ").expect("a target and its files");
    let (package, what) = what.split_once(' ').expect("a package and a target");
    let files: Vec<&str> = files.split(' ').collect();
    let runs = what.starts_with("bin ") || what.starts_with("example ");
    let executable = files.iter().find(|_| runs);
    json!({
        "reason": "compiler-artifact", "package_id": package, "target": target(what),
        "profile": {"opt_level": "3", "debuginfo": 0, "debug_assertions": false,
            "overflow_checks": false, "test": false},
        "features": [], "filenames": files, "executable": executable, "fresh": false,
    })
    .to_string()
}

/// Arguments as they would be typed.
pub fn joined(arguments: &[OsString]) -> String {
    arguments.join(OsStr::new(" ")).to_string_lossy().into_owned()
}

/// A new folder that is removed with everything in it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("bloat build {} {name}", std::process::id()));
        fs::create_dir_all(path.join("src/bin")).expect("the folder for temporary files is writable");
        Folder(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is writable");
        fs::write(path, text).expect("the folder is writable");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
