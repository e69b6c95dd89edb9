//! Compiles the C of the package with nothing but a C compiler and `ar`.

use std::path::Path;
use std::process::Command;

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(status.is_ok_and(|s| s.success()), "{program} {}", arguments.join(" "));
}

fn main() {
    let folder = std::env::var("OUT_DIR").expect("Cargo names a folder");
    let (object, archive) = (format!("{folder}/weigh.o"), format!("{folder}/libweigh.a"));
    run("cc", &["-O1", "-g", "-fPIC", "-c", "c/weigh.c", "-o", &object]);
    if Path::new(&archive).exists() {
        std::fs::remove_file(&archive).expect("the old archive can be removed");
    }
    run("ar", &["crs", &archive, &object]);
    println!("cargo::rerun-if-changed=c/weigh.c");
    println!("cargo::rustc-link-search=native={folder}");
    println!("cargo::rustc-link-lib=static=weigh");
}
