//! Incremental builds, whose codegen units have no names: crates by the directory of their package.
#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

mod program;

use std::path::Path;
use std::process::Command;

use program::{bloat, stdout};

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder can be made");
    std::fs::write(path, text).expect("the file can be written");
}

/// Two packages of one name beside the program, which Cargo compiles by absolute paths.
fn build(folder: &Path) {
    let package = |name: &str, version: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n")
    };
    for (place, version) in [("old", "0.1.0"), ("new", "0.2.0")] {
        write(&folder.join(place).join("Cargo.toml"), &package("twice", version));
        let source = format!("pub fn text(n: u64) -> String {{ format!(\"{place} {{n}}\") }}\n");
        write(&folder.join(place).join("src/lib.rs"), &source);
    }
    let dependencies =
        ["old", "new"].map(|p| format!("{p} = {{ package = \"twice\", path = \"../{p}\" }}\n"));
    let manifest =
        format!("{}\n[dependencies]\n{}\n[workspace]\n", package("app", "1.0.0"), dependencies.concat());
    write(&folder.join("app/Cargo.toml"), &manifest);
    let main = "fn main() { println!(\"{}{}\", old::text(1), new::text(2)); }\n";
    write(&folder.join("app/src/main.rs"), main);

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--manifest-path"])
        .arg(folder.join("app/Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_INCREMENTAL", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "2")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn packages_of_one_name_are_told_apart_by_their_directories() {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: debug information of other systems lies in files of its own");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("incremental");
    build(&folder);
    let manifest = folder.join("app/Cargo.toml");
    let mut command = bloat();
    command.args(["show", "--by", "crate", "-n", "0", "--format", "json", "--manifest-path"]);
    let json = stdout(command.arg(manifest).arg(folder.join("target/debug/app")));
    let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let rows = report["rows"].as_array().expect("there are rows");
    let versions = |name: &str| -> Vec<&str> {
        let of_name = rows.iter().map(|r| &r["key"]).filter(|k| k["crate"] == name);
        let mut all: Vec<&str> = of_name.map(|k| k["version"].as_str().unwrap_or("none")).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(versions("app"), ["1.0.0"], "{json}");
    assert_eq!(versions("twice"), ["0.1.0", "0.2.0"], "{json}");
}
