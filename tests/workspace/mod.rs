//! A workspace to build, made anew for each test: two programs, an example, a shared and a static
//! library, features, a profile of its own; without dependencies from elsewhere.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::bloat;

/// A workspace in a folder of its own, with its caches beside it. Removed when done.
pub struct Workspace {
    folder: PathBuf,
}

const FILES: [(&str, &str); 11] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"plug\", \"fixed\", \"helper\"]\nresolver = \"2\"\n\
         [profile.dist]\ninherits = \"release\"\nopt-level = \"s\"\nstrip = true\n",
    ),
    (
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.3.0\"\nedition = \"2021\"\n\
         [features]\ndefault = [\"greet\", \"table\"]\ngreet = []\ntable = []\nnumbers = []\nextra = [\"numbers\"]\nhelp = [\"dep:helper\"]\nbroken = []\n\
         [dependencies]\nhelper = { path = \"../helper\", optional = true }\n",
    ),
    (
        "app/src/main.rs",
        "#[cfg(feature = \"broken\")]\ncompile_error!(\"this feature does not work\");\n\
         #[cfg(feature = \"greet\")]\n#[inline(never)]\nfn greet(name: &str) { println!(\"hello {name:?}\") }\n\
         #[cfg(feature = \"table\")]\nstatic TABLE: [u8; 20_000] = [7; 20_000];\n\
         #[cfg(feature = \"numbers\")]\n#[inline(never)]\nfn numbers(at: usize) -> f64 { std::env::args().nth(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.5) }\n\
         fn main() {\n\
             let count = std::env::args().count();\n\
             #[cfg(feature = \"greet\")]\n    greet(&std::env::args().next().unwrap_or_default());\n\
             #[cfg(feature = \"table\")]\n    println!(\"{}\", TABLE[count % TABLE.len()]);\n\
             #[cfg(feature = \"numbers\")]\n    println!(\"{}\", numbers(count));\n\
             #[cfg(feature = \"help\")]\n    helper::help(count);\n\
             std::process::exit(count as i32 - 1);\n}\n",
    ),
    ("app/src/bin/second.rs", "fn main() { println!(\"second\") }\n"),
    ("app/examples/shown.rs", "fn main() { println!(\"an example\") }\n"),
    (
        "plug/Cargo.toml",
        "[package]\nname = \"plug\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n",
    ),
    ("plug/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn plug(x: u32) -> u32 { x.rotate_left(3) }\n"),
    (
        "fixed/Cargo.toml",
        "[package]\nname = \"fixed\"\nversion = \"0.2.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\"]\n",
    ),
    ("fixed/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn fixed(x: u32) -> u32 { x.wrapping_mul(5) }\n"),
    ("helper/Cargo.toml", "[package]\nname = \"helper\"\nversion = \"1.2.3\"\nedition = \"2021\"\n"),
    (
        "helper/src/lib.rs",
        "#[inline(never)]\npub fn help(n: usize) { println!(\"{}\", std::env::args().nth(n).map_or(0, |s| s.len())) }\n",
    ),
];

impl Workspace {
    pub fn new(name: &str) -> Workspace {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ws-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let workspace = Workspace { folder };
        for (path, text) in FILES {
            workspace.write(path, text);
        }
        workspace
    }

    /// Writes a file of the workspace.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in the workspace")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }

    /// Where the workspace is.
    pub fn root(&self) -> PathBuf {
        self.folder.join("ws")
    }

    /// Where its builds go, unless they are sent elsewhere.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// The program under test, inside the workspace and without network.
    pub fn bloat(&self) -> Command {
        let mut command = bloat();
        command.current_dir(self.root());
        quiet(&mut command);
        command.env("XDG_CACHE_HOME", self.cache()).env("LOCALAPPDATA", self.cache()).env("HOME", home());
        command
    }

    /// Cargo, inside the workspace and without network, with a target directory apart.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(self.root());
        quiet(&mut command);
        command.env("CARGO_TARGET_DIR", self.folder.join("by-hand"));
        command
    }

    /// Makes a lockfile.
    pub fn lock(&self) {
        let status = self.cargo().args(["generate-lockfile", "--offline", "--quiet"]).status();
        assert!(status.expect("cargo starts").success());
    }

    /// Every file of the workspace with its content, in order of path.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).expect("readable") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    walk(&path, all);
                } else {
                    let bytes = std::fs::read(&path).expect("readable");
                    all.push((path, bytes));
                }
            }
        }
        let mut all = Vec::new();
        walk(&self.root(), &mut all);
        all.sort();
        all
    }
}

/// Nothing of the cargo that runs this test reaches the cargo under test.
fn quiet(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let of_cargo = text.starts_with("CARGO_PROFILE_") || text.starts_with("CARGO_BUILD_");
        if of_cargo || ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].contains(&&*text) {
            command.env_remove(&name);
        }
    }
    command.env("CARGO_NET_OFFLINE", "true");
}

/// Rust's own tools find their settings in it.
fn home() -> std::ffi::OsString {
    std::env::var_os("HOME").unwrap_or_default()
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
