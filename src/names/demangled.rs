//! Names that some tool has demangled in the file itself, as `wasm-bindgen` does.
//!
//! What a demangler prints of a legacy name keeps the hash; of a v0 name, the ids
//! of crates. Either shows that the text is a path of Rust. Text without both
//! could as well be C++ and counts as plain. What only v0 names tell beyond the
//! text (the crate of an impl, the instantiating crate) is lost.

use super::legacy::{Side, choose, is_hash};
use super::legacy_text;

/// A demangled name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol<'a> {
    /// The path without the hash, but with the ids of crates.
    path: &'a str,
    /// What follows the hash.
    pub tail: &'a str,
}

/// The crate a path says defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definer<'a> {
    pub name: &'a str,
    pub id: Option<u64>,
    /// Whether the text leaves no other choice.
    pub exact: bool,
    side: Option<Side>,
}

/// Types inside methods of impls nest like this: `<<A as B>::f::C as D>::g`.
const MAX_DEPTH: u32 = 8;

/// Reads a name; `None` if nothing shows that it is a path of Rust.
pub(super) fn parse(name: &str) -> Option<Symbol<'_>> {
    with_hash(name).or_else(|| with_ids(name))
}

fn with_hash(name: &str) -> Option<Symbol<'_>> {
    /// `h` and sixteen digits.
    const HASH: usize = 17;
    let at = name.rfind("::h")?;
    let (path, rest) = (name.get(..at)?, name.get(at + 2..)?);
    let (hash, tail) = (rest.get(..HASH)?, rest.get(HASH..)?);
    let good = !path.is_empty() && is_hash(hash) && (tail.is_empty() || tail.starts_with('.'));
    good.then_some(Symbol { path, tail })
}

fn with_ids(name: &str) -> Option<Symbol<'_>> {
    let (before, _) = name.split_once("]::")?;
    let (root, id) = before.rsplit_once('[')?;
    let is_root = root.ends_with(is_word) && parse_id(id).is_some();
    is_root.then_some(Symbol { path: name, tail: "" })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The id of a crate, as demanglers print it: hexadecimal without leading zeros.
fn parse_id(text: &str) -> Option<u64> {
    let fine = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    (fine && !text.starts_with('0')).then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

impl<'a> Symbol<'a> {
    /// The crate whose source holds the item.
    pub fn definer(&self) -> Option<Definer<'a>> {
        definer(self.path, MAX_DEPTH)
    }

    /// The path as legacy names have it: without ids, arguments right behind names.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.path.len());
        let mut rest = self.path;
        while let Some(at) = rest.find(['[', ':']) {
            let (before, others) = rest.split_at(at);
            out.push_str(before);
            let id = others.strip_prefix('[').filter(|_| out.ends_with(is_word));
            let behind = id.and_then(|id| id.split_once(']')).filter(|(id, _)| parse_id(id).is_some());
            rest = match behind {
                Some((_, behind)) if behind.starts_with("::") => behind,
                _ if others.starts_with("::<") && !is_head(others) => others.get(2..).unwrap_or_default(),
                _ => {
                    let len = if others.starts_with("::") { 2 } else { 1 };
                    out.push_str(others.get(..len).unwrap_or_default());
                    others.get(len..).unwrap_or_default()
                }
            };
        }
        out.push_str(rest);
        out
    }

    /// The text with all type arguments erased.
    pub fn generic(&self) -> String {
        legacy_text::generic(&self.text())
    }

    /// The innermost module around the item, as far as the text tells.
    pub fn module(&self) -> Option<String> {
        let side = self.definer().and_then(|definer| definer.side);
        legacy_text::module(segments(&self.text()), side)
    }
}

/// Whether `::<` starts the head of an impl and not a list of arguments.
fn is_head(text: &str) -> bool {
    text.starts_with("::<impl ")
}

/// The parts of a path, brackets kept whole.
fn segments(path: &str) -> Vec<String> {
    let bytes = path.as_bytes();
    let mut depth = 0i32;
    let mut from = 0;
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            // An arrow closes nothing.
            b'>' if at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'-') => {}
            b'>' | b')' | b']' | b'}' => depth -= 1,
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                all.extend(path.get(from..at).map(str::to_owned));
                at += 1;
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    all.extend(path.get(from..).map(str::to_owned));
    all
}

/// The crate that holds what a path begins with.
fn definer(path: &str, depth: u32) -> Option<Definer<'_>> {
    if !path.starts_with('<') {
        return root(path);
    }
    let deeper = depth.checked_sub(1)?;
    let (kind, by) = legacy_text::split_qualified(path)?;
    let of_type = type_path(kind).and_then(|kind| definer(kind, deeper));
    let of_trait = by.and_then(|by| definer(by, deeper));
    let (definer, side, exact) = match (of_type, of_trait) {
        (Some(a), Some(b)) => match choose(a.name, b.name) {
            (Side::Type, exact) => (a, Side::Type, exact || (a.id.is_some() && a.id == b.id)),
            (Side::Trait, exact) => (b, Side::Trait, exact),
        },
        (Some(a), None) => (a, Side::Type, true),
        (None, Some(b)) => (b, Side::Trait, true),
        (None, None) => return None,
    };
    Some(Definer { exact: exact && definer.exact, side: Some(side), ..definer })
}

/// The path of a type, if a crate has the type: references, slices and the like
/// count as what they hold.
fn type_path(kind: &str) -> Option<&str> {
    let is_function = kind.contains("fn(");
    if is_function {
        return None;
    }
    let Some(at) = kind.find("]::").filter(|_| !kind.starts_with('<')) else {
        return legacy_text::head_path(kind);
    };
    let (root, id) = kind.get(..at)?.rsplit_once('[')?;
    parse_id(id)?;
    let start =
        root.rfind(|c| !is_word(c)).map_or(0, |at| at + root[at..].chars().next().map_or(1, char::len_utf8));
    kind.get(start..)
}

/// The first name of a path.
fn root(path: &str) -> Option<Definer<'_>> {
    let end = path.find(|c| !is_word(c))?;
    let (name, rest) = path.split_at_checked(end)?;
    let id = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (id, rest) = match id.and_then(|(id, rest)| Some((parse_id(id)?, rest))) {
        Some((id, rest)) => (Some(id), rest),
        None => (None, rest),
    };
    (!name.is_empty() && rest.starts_with("::")).then_some(Definer { name, id, exact: true, side: None })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::names::{Scheme, crates, display, generic, module, scheme};

    #[test]
    fn a_hash_or_an_id_shows_that_it_is_rust() {
        let rust = [
            "automerge::columnar::encoding::rle::RleEncoder<S,T>::append::h3a832813bcd356c0",
            "<&T as core::fmt::Debug>::fmt::h4fc33c0118ba075a",
            "core[846817f741e54dfd]::slice::index::slice_index_fail",
            "<alloc[f9e2a1c]::vec::Vec<u8> as core[846817f741e54dfd]::ops::drop::Drop>::drop",
        ];
        for name in rust {
            assert_eq!(scheme(name), Scheme::RustLegacy, "{name}");
        }
        let others = [
            "std::vector<int>::push_back(int const&)",
            "std::ios_base::Init::h0123456789abcdef(int)",
            "foo::h0000000000000000",
            "core::fmt::write",
            "a[1]::b[x",
            "operator new[](unsigned long)",
            "[3]::",
            "",
        ];
        for name in others {
            assert_eq!(scheme(name) == Scheme::RustLegacy, name.starts_with("a[1]"), "{name}");
        }
    }

    #[test]
    fn crates_are_those_of_the_path() {
        let definer = |name: &str| {
            let told = crates(name);
            told.defined_in.map(|c| (c.name.into_owned(), c.id, told.definer_exact))
        };
        let some = |name: &str, id, exact| Some((name.to_string(), id, exact));
        let hash = "::h4fc33c0118ba075a";
        assert_eq!(definer(&format!("a::b::<impl c::D for e::F>::g{hash}")), some("a", None, true));
        assert_eq!(definer(&format!("<&mut [a::B] as core::fmt::Debug>::fmt{hash}")), some("a", None, true));
        assert_eq!(definer(&format!("<&T as core::fmt::Debug>::fmt{hash}")), some("core", None, true));
        assert_eq!(definer(&format!("<a::T as b::C>::d{hash}")), some("a", None, false));
        assert_eq!(definer(&format!("<fn(a::T) as b::C>::d{hash}")), some("b", None, true));
        let drop = "<alloc[f9e2a1c]::vec::Vec<u8> as core[84681]::ops::drop::Drop>::drop";
        assert_eq!(definer(drop), some("alloc", Some(0xf9e2a1c), true));
        assert_eq!(definer(&format!("memcpy{hash}")), None);
    }

    #[test]
    fn texts_have_neither_hash_nor_ids() {
        let name = "core[84681]::iter::fold::<alloc[f9e2a1c]::vec::Vec<u8>, [u8; 3]>";
        assert_eq!(display(name), "core::iter::fold<alloc::vec::Vec<u8>, [u8; 3]>");
        assert_eq!(generic(name), "core::iter::fold<_>");
        assert_eq!(module(name).as_deref(), Some("core::iter"));
        let name = "a::b::<impl c::D for e::F<T>>::g::h4fc33c0118ba075a";
        assert_eq!(display(name), "a::b::<impl c::D for e::F<T>>::g");
        assert_eq!(generic(name), "<e::F<_> as c::D>::g");
        assert_eq!(module(name).as_deref(), Some("a::b"));
    }

    /// A demangled legacy name says all that the mangled one says.
    #[test]
    fn demangling_first_makes_no_difference() {
        let names = [
            "_ZN5probe4main28_$u7b$$u7b$closure$u7d$$u7d$17h1e734ff990a74383E",
            "_ZN5probe5inner13Wrap$LT$T$GT$3dup17h6da2a39de2769060E",
            "_ZN46_$LT$$u5b$u32$u5d$$u20$as$u20$probe..Local$GT$3loc17haceb42767ae70806E",
            "_ZN55_$LT$dyn$u20$core..any..Any$u20$as$u20$probe..Local$GT$3loc17h69dfe0c5fb0b740bE",
            "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0d4e5facb005d688E",
            "_ZN65_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..fmt..Debug$GT$3fmt17h3bc8cc8075739d29E",
            "_ZN4core3ptr81drop_in_place$LT$$LP$usize$C$clap_builder..builder..styled_str..StyledStr$RP$$GT$17h079a1e06c7b79808E",
            "_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h1d97f9853d6f78d6E",
            "_ZN100_$LT$$RF$mut$u20$serde_json..ser..Serializer$LT$W$C$F$GT$$u20$as$u20$serde_core..ser..Serializer$GT$13serialize_u6417he82f19e848c5e789E",
        ];
        for mangled in names {
            let text = rustc_demangle::demangle(mangled).to_string();
            assert!(parse(&text).is_some(), "{text}");
            assert_eq!(crates(&text), crates(mangled), "{text}");
            assert_eq!(display(&text), display(mangled));
            assert_eq!(generic(&text), generic(mangled));
            assert_eq!(module(&text), module(mangled));
        }
    }

    /// The ids that demanglers print are those that v0 names encode.
    #[test]
    fn ids_are_those_of_v0_names() {
        let mangled = "_RNvXNtCs4Vnx3Lz2vkb_5probe5innerINtB2_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEENtCs6sogrtt9LgR_5probe3Say3sayB4_";
        let text = rustc_demangle::demangle(mangled).to_string();
        assert!(text.starts_with("<probe[395ebd4cfaeaf1e1]::inner::Wrap<alloc["), "{text}");
        assert_eq!(crates(&text).defined_in, crates(mangled).defined_in);
        assert_eq!(generic(&text), generic(mangled));
        assert_eq!(module(&text), module(mangled));
    }
}
