//! Compiles the C part with the system's compiler, without a helper crate.

use std::env;
use std::process::Command;

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("the program runs");
    assert!(status.success(), "{program} failed");
}

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let map = env::var("DEMO_MAP").unwrap_or_else(|_| ".=.".to_owned());
    let object = format!("{out}/checksum.o");
    let flags = env::var("DEMO_CFLAGS").unwrap_or_else(|_| "-O2".to_owned());
    let map = format!("-ffile-prefix-map={map}");
    let mut arguments: Vec<&str> = flags.split(' ').collect();
    arguments.extend([map.as_str(), "-fPIC", "-c", "c/checksum.c", "-o", object.as_str()]);
    run("gcc", &arguments);
    run("ar", &["crsD", &format!("{out}/libchecksum.a"), &object]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=checksum");
    println!("cargo::rerun-if-changed=c/checksum.c");
    println!("cargo::rerun-if-env-changed=DEMO_MAP");
    println!("cargo::rerun-if-env-changed=DEMO_CFLAGS");
}
