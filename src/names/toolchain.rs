//! The crates a Rust toolchain brings along, known by name.

/// Every crate that `library/` in the compiler's own tree defines.
///
/// Crates the standard library takes from the registry (`hashbrown`, `gimli`)
/// are not among them: a program may have its own copy under the same name,
/// which only the crate's id can tell apart.
const CRATES: &[&str] = &[
    "core",
    "alloc",
    "std",
    "proc_macro",
    "test",
    "panic_unwind",
    "panic_abort",
    "unwind",
    "compiler_builtins",
    "std_detect",
    "portable_simd",
    "core_simd",
    "std_float",
    "backtrace_internal",
    "backtrace-internal",
    "profiler_builtins",
    "sysroot",
    "coretests",
    "alloctests",
];

/// Whether a crate of this name belongs to the toolchain rather than to the
/// program or its dependencies.
///
/// ```
/// assert!(bloat::names::is_toolchain_crate("alloc"));
/// assert!(!bloat::names::is_toolchain_crate("hashbrown"));
/// ```
pub fn is_toolchain_crate(name: &str) -> bool {
    CRATES.contains(&name)
        || name.starts_with("rustc_std_workspace_")
        || name.starts_with("rustc-std-workspace-")
}

/// Whether the standard library hands out generics of a private dependency of this name.
///
/// Copies of `hashbrown`'s tables are made wherever a program uses `HashMap`.
/// Generics of its other dependencies stay in the library.
pub fn is_lent_crate(name: &str) -> bool {
    name == "hashbrown"
}

/// Whether this is `__rustc`, the made-up crate whose names hold the symbols
/// the compiler itself weaves between crates (`__rust_alloc`, `rust_panic`).
///
/// No source defines it: who owns such a symbol is told by where it lies.
pub fn is_shim_crate(name: &str) -> bool {
    name == "__rustc"
}

/// How far down the order core, alloc, std, everything else a crate stands.
///
/// A crate can name only what stands at or above itself.
pub(super) fn rank(name: &str) -> u8 {
    match name {
        "core" => 0,
        "alloc" => 1,
        _ if is_toolchain_crate(name) => 2,
        _ => 3,
    }
}

/// Whether `word` is the name of a type that no crate defines.
pub(super) fn is_primitive(word: &str) -> bool {
    matches!(
        word,
        "bool"
            | "char"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f16"
            | "f32"
            | "f64"
            | "f128"
            | "!"
    )
}
