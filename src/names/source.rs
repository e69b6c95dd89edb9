//! Paths of source files for people: without what only the machine of the build knows.

use std::borrow::Cow;

/// A path of debug information as people know the file.
///
/// - the standard library is `/rustc/library/...`, whichever version and wherever it was unpacked;
/// - packages of a registry start with their name and version: `serde-1.0.228/src/lib.rs`;
/// - packages of git start with the folder of their checkout: `serde-0a1b2c3/4d5e6f7/src/lib.rs`;
/// - `.` and `..` are followed, and separators are `/`. All else stays as it is.
pub fn source_file(path: &str) -> String {
    let path: Cow<'_, str> = if path.contains('\\') { path.replace('\\', "/").into() } else { path.into() };
    let path = followed(&path);
    if let Some(rest) = path.strip_prefix("/rustc/")
        && let Some((_, inside)) = rest.split_once('/')
    {
        return format!("/rustc/{inside}");
    }
    if let Some((_, inside)) = path.split_once("/lib/rustlib/src/rust/") {
        return format!("/rustc/{inside}");
    }
    // The name of the registry's folder has a hash of its address.
    if let Some((_, rest)) = path.split_once("/registry/src/")
        && let Some((_, inside)) = rest.split_once('/')
    {
        return inside.to_string();
    }
    if let Some((_, inside)) = path.split_once("/git/checkouts/") {
        return inside.to_string();
    }
    path
}

/// The crate of a file that [`source_file`] names, where the path alone tells it.
///
/// A package is taken for a crate of its name.
pub fn source_crate(file: &str) -> Option<String> {
    if let Some(inside) = file.strip_prefix("/rustc/library/") {
        return inside.split_once('/').map(|(krate, _)| krate.to_string());
    }
    let (folder, _) = file.strip_prefix("/rust/deps/").unwrap_or(file).split_once("/src/")?;
    let is_version = |(at, _): &(usize, &str)| {
        folder.get(at + 1..)?.starts_with(|c: char| c.is_ascii_digit()).then_some(())
    };
    let (at, _) = folder.match_indices('-').find(|dash| is_version(dash).is_some())?;
    let name = folder.get(..at).filter(|name| !name.contains('/'))?;
    Some(name.replace('-', "_"))
}

/// The path without `.` and `..`, as far as they can be followed.
fn followed(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_machine_go() {
        for (path, shown) in [
            ("/rustc/0b3b48f/library/core/src/lib.rs", "/rustc/library/core/src/lib.rs"),
            (
                "/home/u/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/rt.rs",
                "/rustc/library/std/src/rt.rs",
            ),
            (
                "/home/u/.cargo/registry/src/index.crates.io-1949cf8c/serde-1.0.228/src/de.rs",
                "serde-1.0.228/src/de.rs",
            ),
            (
                "C:\\Users\\u\\.cargo\\registry\\src\\index.crates.io-1949\\a-0.1.0\\src\\b.rs",
                "a-0.1.0/src/b.rs",
            ),
            ("/home/u/.cargo/git/checkouts/serde-0a1b/4d5e6f7/src/de.rs", "serde-0a1b/4d5e6f7/src/de.rs"),
            ("/rust/deps/hashbrown-0.15.5/src/lib.rs", "/rust/deps/hashbrown-0.15.5/src/lib.rs"),
            ("/work/./app/../lib/src/main.c", "/work/lib/src/main.c"),
            ("../src/main.c", "../src/main.c"),
            ("/../main.c", "/main.c"),
            ("/work/registry/src", "/work/registry/src"),
            ("", ""),
        ] {
            assert_eq!(source_file(path), shown);
        }
    }

    #[test]
    fn folders_of_packages_name_crates() {
        for (file, krate) in [
            ("/rustc/library/core/src/lib.rs", Some("core")),
            ("serde-json-1.0.0-beta/src/lib.rs", Some("serde_json")),
            ("/rust/deps/hashbrown-0.15.5/src/lib.rs", Some("hashbrown")),
            ("/home/u/a-1.0.0/src/lib.rs", None),
            ("tool/src/main.rs", None),
            ("main.c", None),
        ] {
            assert_eq!(source_crate(file).as_deref(), krate, "{file}");
        }
    }
}
