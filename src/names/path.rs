//! Paths that compilers write for people into debug information of CodeView (PDB).
//!
//! Rust's are paths of modules, in which what has no name is numbered:
//! `core::fmt::num::impl$63::fmt`, `std::panicking::panic_handler::closure$0`,
//! `alloc::vec::Vec<u8,alloc::alloc::Global>::push`. An impl has the path of the module
//! it stands in, and a method of a type that of the type, so the first name is always
//! that of the crate that defines the item. C++ writes namespaces in the same way.

use super::cpp::{join, scopes};

/// The scopes of a path, arguments erased; `None` if the name is no path.
fn split(name: &str) -> Option<Vec<String>> {
    // Neither does a path start with an operator, nor does it take long to see that there is none.
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let scopes = if starts && name.contains("::") { scopes(name) } else { Vec::new() };
    (scopes.len() > 1 && scopes.iter().all(|s| !s.is_empty())).then_some(scopes)
}

/// The first name of a path of Rust.
pub(super) fn root(name: &str) -> Option<&str> {
    // Layouts of enums are written around the path of the enum.
    let name = name.strip_prefix("enum2$<").unwrap_or(name);
    let (root, _) = name.split_once("::")?;
    let is_name = !root.is_empty()
        && root.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !root.starts_with(|c: char| c.is_ascii_digit());
    is_name.then_some(root)
}

/// The path with all type arguments erased.
pub(super) fn generic(name: &str) -> Option<String> {
    split(name).map(|scopes| join(&scopes))
}

/// The innermost module around the item: what comes before types, impls and closures.
pub(super) fn module(name: &str) -> Option<String> {
    let mut scopes = split(name)?;
    scopes.pop();
    let is_module = |s: &&String| !s.contains(['<', '$', '(']) && !s.starts_with(char::is_uppercase);
    let count = scopes.iter().skip(1).take_while(is_module).count();
    scopes.truncate(count + 1);
    Some(join(&scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_is_the_crate() {
        let cases = [
            ("core::fmt::num::impl$63::fmt", Some("core")),
            ("alloc::vec::Vec<u8,alloc::alloc::Global>::push", Some("alloc")),
            ("enum2$<core::option::Option<u8> >::map", Some("core")),
            ("main", None),
            ("`anonymous namespace'::f", None),
            ("impl$0::f", None),
            ("", None),
        ];
        for (name, want) in cases {
            assert_eq!(root(name), want, "{name}");
        }
    }

    #[test]
    fn arguments_are_erased_and_modules_end_before_types() {
        let cases = [
            ("alloc::vec::Vec<u8,alloc::alloc::Global>::push", "alloc::vec::Vec<_>::push", "alloc::vec"),
            ("core::fmt::impl$80::fmt<ref$<str$> >", "core::fmt::impl$80::fmt<_>", "core::fmt"),
            ("std::alloc::rust_oom::closure$0", "std::alloc::rust_oom::closure$0", "std::alloc::rust_oom"),
            ("demo::main", "demo::main", "demo"),
            ("std::operator<<<std::char_traits<char> >", "std::operator<<<_>", "std"),
        ];
        for (name, wanted, within) in cases {
            assert_eq!(generic(name).as_deref(), Some(wanted), "{name}");
            assert_eq!(module(name).as_deref(), Some(within), "{name}");
        }
        for plain in ["memcpy", "?f@@YAXXZ", "::f", "a::", "<a>::b", "__imp_CreateFileW"] {
            assert_eq!((generic(plain), module(plain)), (None, None), "{plain}");
        }
    }
}
