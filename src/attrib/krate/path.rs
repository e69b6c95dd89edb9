//! Source paths of units to packages.
//!
//! Cargo lays packages out by fixed rules, and the paths that the compiler
//! records show them. Knows nothing of units or symbols; paths of either
//! separator are read.

use crate::model::Source;

/// What a source path says about its package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Package<'p> {
    /// Package name, where the path has it.
    pub name: Option<&'p str>,
    /// Package version, where the path has it.
    pub version: Option<&'p str>,
    /// Where the package comes from.
    pub source: Source,
}

/// Reads the path of a crate's root file, or of the directory it was compiled in.
///
/// Outside of Cargo's own folders a directory such as `foo-1.2.3` only counts if
/// it is the one of crate `foo`: release archives of whole workspaces are named
/// like that too. `None` if the path is empty.
pub(super) fn package<'p>(path: &'p str, krate: Option<&str>) -> Option<Package<'p>> {
    if path.is_empty() {
        return None;
    }
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|p| !p.is_empty() && *p != ".").collect();
    let find = |wanted: &[&str]| parts.windows(wanted.len()).position(|w| w == wanted);
    let plain = |source| Some(Package { name: None, version: None, source });

    // The toolchain's own crates, and what its builders vendored into it.
    let is_hash = |part: &&str| part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let is_rooted = path.starts_with(['/', '\\']);
    if is_rooted && parts.starts_with(&["rust", "deps"]) {
        return named(parts.get(2), Source::Std);
    }
    // Its builders' own registry; newer toolchains write its index as a hash.
    if is_rooted && parts.starts_with(&["cargo", "registry"]) {
        match parts.get(2) {
            Some(&"src") => return named(parts.get(4), Source::Std),
            Some(index) if index.len() == 16 && index.bytes().all(|b| b.is_ascii_hexdigit()) => {
                return named(parts.get(3), Source::Std);
            }
            _ => {}
        }
    }
    // Paths in panics are relative to the toolchain's sources.
    let is_library = parts.first() == Some(&"library")
        && ["core", "alloc", "std", "proc_macro", "test"].iter().any(|c| parts.get(1) == Some(c));
    if is_library {
        return plain(Source::Std);
    }
    let in_toolchain = parts.first() == Some(&"rustc") && parts.get(1).is_some_and(is_hash)
        || find(&["rustlib", "src", "rust"]).is_some();
    if in_toolchain {
        return match parts.iter().position(|p| *p == "vendor") {
            Some(at) => named(parts.get(at + 1), Source::Std),
            None => plain(Source::Std),
        };
    }
    // registry/src/INDEX/NAME-VERSION
    if let Some(at) = find(&["registry", "src"]) {
        return named(parts.get(at + 3), Source::Registry);
    }
    if find(&["git", "checkouts"]).is_some() {
        return plain(Source::Git);
    }
    // A copy of a registry package keeps its directory name under most tools that make one.
    let of_crate = |name: &str| krate.is_some_and(|k| name.replace('-', "_") == k);
    let versioned =
        parts.iter().rev().find_map(|part| split_version(part)).filter(|(name, _)| of_crate(name));
    if let Some((name, version)) = versioned {
        return Some(Package { name: Some(name), version: Some(version), source: Source::Registry });
    }
    // Among the modules of a package that is one of them: `src/vendor/reader.rs`.
    let is_module = |at: usize| {
        let has_src = |parts: &[&str]| parts.contains(&"src");
        has_src(&parts[..at]) && !has_src(&parts[at..])
    };
    if let Some(at) = parts.iter().position(|p| *p == "vendor").filter(|&at| !is_module(at)) {
        return named(parts.get(at + 1), Source::Registry);
    }
    // Cargo compiles members of the workspace by paths relative to its root.
    let absolute = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    plain(if absolute { Source::Path } else { Source::Workspace })
}

/// The directory of the package whose root file this is: what comes before `/src/`, or the file's own.
pub(super) fn directory(file: &str) -> &str {
    let src = file.rfind("/src/").max(file.rfind("\\src\\"));
    let cut = src.or_else(|| file.rfind(['/', '\\'])).unwrap_or(0);
    file.get(..cut).unwrap_or_default()
}

/// The package of a source file, if need be by the name of the folder that holds `src`.
///
/// Less strict than [`package`]: for guesses only.
pub(super) fn package_of_source(path: &str) -> Option<Package<'_>> {
    let package = package(path, None)?;
    let is_library = path.strip_prefix("library").is_some_and(|rest| rest.starts_with(['/', '\\']));
    if package.name.is_some() || package.source == Source::Std && is_library {
        let library = || path.split(['/', '\\']).nth(1);
        return Some(Package { name: package.name.or_else(library), ..package });
    }
    let src = path.find("/src/").into_iter().chain(path.find("\\src\\")).min()?;
    let before = path.get(..src)?;
    let folder = before.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())?;
    let source = if split_version(folder).is_some() { Source::Registry } else { package.source };
    named(Some(&folder), source)
}

/// The package that a directory holds.
fn named<'p>(dir: Option<&&'p str>, source: Source) -> Option<Package<'p>> {
    let dir: &'p str = dir.copied()?;
    let (name, version) = split_version(dir).map_or((dir, None), |(n, v)| (n, Some(v)));
    Some(Package { name: Some(name), version, source })
}

/// `serde-1.0.2` to `serde` and `1.0.2`.
fn split_version(dir: &str) -> Option<(&str, &str)> {
    dir.match_indices('-').find_map(|(at, _)| {
        let (name, version) = (dir.get(..at)?, dir.get(at + 1..)?);
        (!name.is_empty() && is_version(version)).then_some((name, version))
    })
}

/// Three dotted numbers, then nothing, a pre-release or build metadata.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = 0;
    core.split('.').all(|n| {
        numbers += 1;
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())
    }) && numbers == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, name: Option<&str>, version: Option<&str>, source: Source) {
        assert_eq!(package(path, Some("clap")), Some(Package { name, version, source }), "{path}");
    }

    #[test]
    fn either_separator_and_both_at_once_are_read() {
        let registry = r"C:\Users\u\.cargo\registry\src\index-1949cf8c6b5b557f\smallvec-1.15.2\src\lib.rs";
        check(registry, Some("smallvec"), Some("1.15.2"), Source::Registry);
        check(r"/rust/deps\hashbrown-0.17.1\src\raw.rs", Some("hashbrown"), Some("0.17.1"), Source::Std);
        assert_eq!(directory(r"C:\p\one\src\lib.rs"), r"C:\p\one");
        let named = |path| package_of_source(path).and_then(|p| p.name);
        assert_eq!(named(r"crates\jiter\src\python.rs"), Some("jiter"));
        assert_eq!(named(r"library\core\src\fmt\mod.rs"), Some("core"));
        let toolchain = r"/rustc/58cf8f9c35b355199727627d07ae34a4e2846d67/library\alloc\src\fmt.rs";
        assert_eq!(package_of_source(toolchain).map(|p| p.source), Some(Source::Std));
    }

    #[test]
    fn cargo_and_toolchain_layouts() {
        check(
            "/home/u/.cargo/registry/src/index-6f17d22bba15001f/serde_json-1.0.154/src/lib.rs",
            Some("serde_json"),
            Some("1.0.154"),
            Source::Registry,
        );
        check(
            r"C:\Users\u\.cargo\registry\src\index-6f17d22bba15001f\sha-1-0.10.0\src\lib.rs",
            Some("sha-1"),
            Some("0.10.0"),
            Source::Registry,
        );
        check("/rust/deps/memchr-2.7.6/src/lib.rs", Some("memchr"), Some("2.7.6"), Source::Std);
        let std = "/rustc/59807616e1234567890123456789012345678901/library/alloc/src/lib.rs";
        check(std, None, None, Source::Std);
        check("/home/u/.cargo/git/checkouts/tool-1a2b/3c4d/sub/src/lib.rs", None, None, Source::Git);
        check("src/main.rs", None, None, Source::Workspace);
        check("crates/core/lib.rs", None, None, Source::Workspace);
        check("/home/u/other/src/lib.rs", None, None, Source::Path);
        check("/build/vendor/libc/src/lib.rs", Some("libc"), None, Source::Registry);
        check("/usr/src/vendor/libc/src/lib.rs", Some("libc"), None, Source::Registry);
        check("/build/deps/clap-4.0.0-rc.3/src/lib.rs", Some("clap"), Some("4.0.0-rc.3"), Source::Registry);
        assert_eq!(package("", None), None);
    }

    #[test]
    fn a_module_called_vendor_is_no_folder_of_packages() {
        check("crates/tool/src/vendor/reader.rs", None, None, Source::Workspace);
        check("/home/u/tool/src/vendor/reader/mod.rs", None, None, Source::Path);
        let of_places = package_of_source("crates/tool-lib/src/vendor/reader.rs");
        assert_eq!(of_places.and_then(|p| p.name), Some("tool-lib"));
    }

    #[test]
    fn the_registry_of_the_toolchain_is_told_from_the_users() {
        let std = |path| package_of_source(path).filter(|p| p.source == Source::Std).and_then(|p| p.version);
        assert_eq!(std("/cargo/registry/25cdd57fae9f0462/gimli-0.34.0/src/read/line.rs"), Some("0.34.0"));
        assert_eq!(
            std("/cargo/registry/src/github.com-1ecc6299db9ec823/gimli-0.26.2/src/lib.rs"),
            Some("0.26.2")
        );
        assert_eq!(std("/home/u/.cargo/registry/src/index-1949cf8c6b5b557f/gimli-0.34.0/src/lib.rs"), None);
        assert_eq!(std("registry/gimli-0.34.0/src/lib.rs"), None);
    }

    #[test]
    fn a_release_archive_of_a_workspace_is_no_package() {
        check("/build/tool-1.2.3/app/src/main.rs", None, None, Source::Path);
        check("/build/glibc-2.31/csu", None, None, Source::Path);
        assert_eq!(package("/home/u/rust/deps/x/src/lib.rs", None).unwrap().source, Source::Path);
    }

    #[test]
    fn versions_need_three_numbers() {
        assert_eq!(split_version("ring-0.17.8"), Some(("ring", "0.17.8")));
        assert_eq!(
            split_version("wasi-0.11.0+wasi-snapshot-preview1"),
            Some(("wasi", "0.11.0+wasi-snapshot-preview1"))
        );
        assert_eq!(split_version("index-6f17d22bba15001f"), None);
        assert_eq!(split_version("gcc-12"), None);
        assert_eq!(split_version("-1.2.3"), None);
    }
}
