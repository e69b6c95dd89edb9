//! Compiles the C part, if that is wanted, with the compiler and the archiver that the
//! environment names; no helper crate.

use std::env;
use std::process::Command;

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("the program runs");
    assert!(status.success(), "{program} failed");
}

fn main() {
    println!("cargo::rerun-if-changed=c/checksum.c");
    println!("cargo::rerun-if-env-changed=STATION_CC");
    println!("cargo::rerun-if-env-changed=STATION_AR");
    if env::var_os("CARGO_FEATURE_NATIVE").is_none() {
        return;
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let compiler = env::var("STATION_CC").expect("STATION_CC is a C compiler with its flags");
    let archiver = env::var("STATION_AR").unwrap_or_else(|_| "llvm-ar-22".to_owned());
    let object = format!("{out}/checksum.o");
    let mut words = compiler.split_whitespace();
    let program = words.next().expect("STATION_CC is not empty");
    let mut arguments: Vec<&str> = words.collect();
    arguments.extend(["-c", "c/checksum.c", "-o", object.as_str()]);
    run(program, &arguments);
    let msvc = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "msvc");
    let library = format!("{out}/{}", if msvc { "checksum.lib" } else { "libchecksum.a" });
    run(&archiver, &["rcsD", &library, &object]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static:-bundle=checksum");
}
