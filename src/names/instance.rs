//! A function as a copy of something generic: of which item, and filled in with what.

use super::legacy_text::{closing, erased_type, find_outside, split_qualified};
use super::{Parsed, Suffix, Suffixes, display, generic, v0_text};

/// What a name says of the item it is a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The item, as [`generic`] writes it.
    pub item: String,
    /// Whether the item is generic, itself or by its type; `None` where the text leaves that open:
    /// legacy names leave out what functions were filled in with, and a reference as the
    /// Self type (`&_`) may be all there is to an impl.
    pub is_generic: Option<bool>,
    /// Whether the name is one of Rust.
    pub is_rust: bool,
    /// The impl that it stands in; only v0 names tell one from another.
    pub within: Option<ImplBlock>,
}

/// One impl of a crate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImplBlock {
    /// The compiler's id of the crate; 0 if the name has none.
    pub krate: u64,
    /// The module it stands in.
    pub module: String,
    /// Which impl of the module.
    pub number: u64,
}

/// What was filled in, as far as a name has it. Only v0 names do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The type whose method it is, in full.
    pub self_type: Option<String>,
    /// Types and constants of the trait, the function and what is around it, in the order written.
    pub list: Vec<String>,
}

/// Reads of which item a name is a copy.
///
/// ```
/// let name = "_RINvCs4Vnx3Lz2vkb_5probe5applyNCNvB2_4mains2_0EB2_";
/// let told = bloat::names::instance(name);
/// assert_eq!((told.item.as_str(), told.is_generic), ("probe::apply<_>", Some(true)));
/// ```
pub fn instance(name: &str) -> Instance {
    let item = generic(name);
    let has_arguments = item.contains("<_>");
    let mut within = None;
    let (is_rust, is_generic) = match Parsed::of(name) {
        Parsed::V0(symbol) => {
            within = v0_text::impl_block(&symbol);
            (true, if symbol.generic { Some(true) } else { (!has_placeholder(&item)).then_some(false) })
        }
        Parsed::Legacy(_) | Parsed::Demangled(_) => (true, has_arguments.then_some(true)),
        Parsed::Itanium | Parsed::Plain => (false, Some(has_arguments)),
    };
    Instance { item, is_generic, is_rust, within }
}

/// Whether a type stands as `_` somewhere in an item.
fn has_placeholder(item: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    item.match_indices('_').any(|(at, _)| {
        let (before, after) = (item.get(..at).unwrap_or_default(), item.get(at + 1..).unwrap_or_default());
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    })
}

/// The type of `<Type as Trait>` at the start of an item, and what follows it.
///
/// ```
/// assert_eq!(bloat::names::self_type("<a::T as b::U<_>>::f"), Some(("a::T", " as b::U<_>>::f")));
/// ```
pub fn self_type(item: &str) -> Option<(&str, &str)> {
    let (kind, by) = item.starts_with('<').then(|| split_qualified(item)).flatten()?;
    by?;
    Some((kind, item.get(1 + kind.len()..)?))
}

/// The generic type that an item is a method of; `None` for functions, and for methods of types that are not
/// generic or that were a parameter as a whole. A trait with arguments counts as a type where
/// it provides the method.
///
/// ```
/// assert_eq!(bloat::names::type_of("<alloc::vec::Vec<_> as a::T>::f").as_deref(), Some("alloc::vec::Vec<_>"));
/// assert_eq!(bloat::names::type_of("alloc::vec::Vec<_>::push").as_deref(), Some("alloc::vec::Vec<_>"));
/// ```
pub fn type_of(item: &str) -> Option<String> {
    let item = parent(item);
    let kind = if item.starts_with('<') {
        split_qualified(item)?.0
    } else {
        item.get(..item.find("<_>::")? + "<_>".len())?
    };
    let held = kind.trim_start_matches(['&', '*']).trim_start_matches("mut ").trim_start_matches("const ");
    let is_generic = kind.contains("<_>") || has_placeholder(kind);
    (is_generic && held != "_").then(|| kind.to_owned())
}

/// How names of closures and state machines start: in symbols, and in program databases (PDB).
const INNER: [&str; 6] =
    ["::{closure", "::closure$", "::async_fn$", "::async_block$", "::async_closure$", "::coroutine$"];

/// The function that a closure or the state machine of an async function is written in; any other
/// item as it is.
///
/// ```
/// assert_eq!(bloat::names::parent("a::f::{closure#0}<_>::{closure#2}"), "a::f");
/// ```
pub fn parent(item: &str) -> &str {
    let mut depth = 0u32;
    for (at, byte) in item.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if at > 0 && item.as_bytes().get(at - 1) == Some(&b'-') => {}
            b'>' | b')' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0
                && item.get(at..).is_some_and(|rest| INNER.iter().any(|i| rest.starts_with(i))) =>
            {
                return item.get(..at).unwrap_or(item);
            }
            _ => {}
        }
    }
    item
}

/// What an item was filled in with; `None` if the name does not say.
///
/// *Cost*: demangles the name.
pub fn arguments(name: &str) -> Option<Arguments> {
    match Parsed::of(name) {
        Parsed::V0(symbol) => {
            let text = super::v0_full(name, symbol.tail)?;
            let found = written(&text);
            (found != Arguments::default()).then_some(found)
        }
        _ => None,
    }
}

fn written(text: &str) -> Arguments {
    let mut found = Arguments::default();
    let mut rest = text;
    if text.starts_with('<')
        && let Some((kind, by)) = split_qualified(text)
    {
        found.self_type = Some(kind.to_owned());
        lists(by.unwrap_or_default(), &mut found.list);
        rest = closing(text).and_then(|end| text.get(end..)).unwrap_or_default();
    }
    lists(rest, &mut found.list);
    found
}

/// Appends what stands in the brackets of a path.
fn lists(path: &str, out: &mut Vec<String>) {
    let mut rest = path;
    while let Some(at) = rest.find('<') {
        let Some(list) = rest.get(at..) else { return };
        let Some(end) = closing(list) else { return };
        let mut inside = list.get(1..end - 1).unwrap_or_default();
        loop {
            let (one, others) = match find_outside(inside, ",") {
                Some((one, others)) => (one, Some(others)),
                None => (inside, None),
            };
            let one = one.trim();
            // Lifetimes make no copies; a constant that is a character has a second quote.
            let is_lifetime = one.starts_with('\'') && !one.ends_with('\'');
            if !one.is_empty() && !is_lifetime {
                out.push(one.to_owned());
            }
            match others {
                Some(others) => inside = others,
                None => break,
            }
        }
        rest = list.get(end..).unwrap_or_default();
    }
}

/// The type that drop glue is for: `alloc::string::String` of `core::ptr::drop_in_place<..>`.
///
/// *Cost*: demangles the name if it is drop glue.
pub fn dropped(name: &str) -> Option<String> {
    // Newer compilers have a function of its own for it.
    const GLUE: [&str; 2] = ["drop_in_place", "drop_glue"];
    if !GLUE.iter().any(|glue| name.contains(glue)) {
        return None;
    }
    let shown = display(name);
    let path = shown.strip_prefix("core::ptr::")?;
    let list = GLUE.iter().find_map(|glue| path.strip_prefix(glue))?;
    let list = list.strip_prefix("::").unwrap_or(list);
    // A name that was cut off still tells more than none.
    let end = if list.starts_with('<') { closing(list).unwrap_or(list.len() + 1) } else { return None };
    let inside = list.get(1..end - 1)?;
    (!inside.is_empty()).then(|| inside.to_owned())
}

/// A trait and a type that implements it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implemented {
    /// The trait, arguments erased.
    pub of: String,
    /// The type, where the name has it in full.
    pub self_type: Option<String>,
}

/// The trait whose method a name is, and the type it is of; `None` if it is none, as far as the text tells.
///
/// Provided methods and shims of legacy names have the trait's path and no type; a capital letter
/// tells that from a module's.
///
/// *Cost*: demangles the name.
pub fn implemented(name: &str) -> Option<Implemented> {
    let (text, has_types) = match Parsed::of(name) {
        Parsed::V0(symbol) => (super::v0_full(name, symbol.tail)?, true),
        Parsed::Legacy(_) | Parsed::Demangled(_) => (display(name), false),
        Parsed::Itanium | Parsed::Plain => return None,
    };
    let head = match text.find("<impl ") {
        Some(at) if !text.starts_with('<') => text.get(at..)?,
        _ => &text,
    };
    if head.starts_with('<') {
        let (inside, by) = split_qualified(head)?;
        let method = head.get(closing(head)?..)?;
        if parent(method) != method || method.contains("::{{closure") {
            return None;
        }
        let (kind, by) = match (inside.strip_prefix("impl "), by) {
            (Some(rest), _) => find_outside(rest, " for ").map(|(by, kind)| (kind, by))?,
            (None, Some(by)) => (inside, by),
            (None, None) => return None,
        };
        return Some(Implemented { of: generic_type(by), self_type: has_types.then(|| kind.to_owned()) });
    }
    let item = generic(name);
    // A closure is no method of what it is written in.
    let path = item.split("::{shim:").next().filter(|path| !path.contains("::{"))?;
    let (by, _) = path.rsplit_once("::")?;
    let (_, last) = by.rsplit_once("::")?;
    let is_trait = last.starts_with(char::is_uppercase) && !last.ends_with('>');
    is_trait.then(|| Implemented { of: by.to_owned(), self_type: None })
}

/// A type without what it was filled in with: `alloc::vec::Vec<_>`.
pub fn generic_type(text: &str) -> String {
    super::bounded(erased_type(text))
}

/// The name of the whole that a part was split off from; `None` for what is whole itself.
pub fn whole_of_part(name: &str) -> Option<&str> {
    let cut = Suffixes::of(name);
    let is_part = |part| match part {
        Suffix::Cold | Suffix::Coroutine(_) => true,
        Suffix::Clone(text) => text == ".part" || text.starts_with(".part."),
        _ => false,
    };
    cut.parts().any(is_part).then_some(cut.base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_parts_of_the_function_they_are_written_in() {
        for (item, of) in [
            ("a::f", "a::f"),
            ("a::f<_>::{closure#1}", "a::f<_>"),
            ("a::f::{closure}::{closure}", "a::f"),
            ("a::impl$3::f::async_fn$0::closure$1<_>", "a::impl$3::f"),
            ("<a::T<_> as b::U<_>>::f::{closure#0}<_>", "<a::T<_> as b::U<_>>::f"),
            // A closure as a type, a shim, and an arrow.
            ("<a::f::{closure#0} as a::G>::g", "<a::f::{closure#0} as a::G>::g"),
            (
                "core::ops::function::FnOnce<_>::call_once::{shim:vtable#0}",
                "core::ops::function::FnOnce<_>::call_once::{shim:vtable#0}",
            ),
            ("<fn(_) -> _ as a::G>::g::{closure}", "<fn(_) -> _ as a::G>::g"),
            ("", ""),
        ] {
            assert_eq!(parent(item), of, "{item}");
        }
    }

    #[test]
    fn methods_are_of_a_generic_type() {
        for (item, expected) in [
            ("a::T<_>::f::g<_>::{closure#0}", Some("a::T<_>")),
            ("<a::T<_> as b::U>::f<_>", Some("a::T<_>")),
            ("<[_]>::to_vec", Some("[_]")),
            ("<&a::T<_> as b::U>::f", Some("&a::T<_>")),
            ("<&mut _ as b::U>::f", None),
            ("<_ as b::U<_>>::f", None),
            ("<a::T as b::U<_>>::f", None),
            ("a::f<_>", None),
            ("a::f<_>::{closure#0}", None),
            ("a::T::f", None),
            ("main", None),
        ] {
            assert_eq!(type_of(item).as_deref(), expected, "{item}");
        }
    }

    #[test]
    fn arguments_are_those_of_the_demangler() {
        let arguments_of = |name: &str| {
            let found = arguments(name).unwrap_or_default();
            (found.self_type.unwrap_or_default(), found.list.join(" | "))
        };
        for (name, self_type, list) in [
            ("_RNvCs4Vnx3Lz2vkb_5probe4main", "", ""),
            (
                "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtCslNYArtu3iFV_5alloc6string6StringECs4Vnx3Lz2vkb_5probe",
                "",
                "alloc::string::String",
            ),
            (
                "_RNvMs0_NtCs4Vnx3Lz2vkb_5probe5innerINtB5_3ArrKj3_Kce9_Kb1_E3lenB7_",
                "probe::inner::Arr<3, 'é', true>",
                "",
            ),
            (
                "_RNSNvYNCNvCs4Vnx3Lz2vkb_5probe4mains0_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceTmEE9call_once6vtableB8_",
                "probe::main::{closure#2}",
                "(u32,)",
            ),
            (
                "_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start_matchesReECsgY6Mt91CT9J_14rustc_demangle",
                "str",
                "&str",
            ),
            ("_RNvXs3_Cs4Vnx3Lz2vkb_5probeFhEhNtB5_5Local3loc", "fn(u8) -> u8", ""),
            ("_ZN5probe5inner13Wrap$LT$T$GT$3dup17h6da2a39de2769060E", "", ""),
        ] {
            let (kind, all) = arguments_of(name);
            assert_eq!((kind.as_str(), all.as_str()), (self_type, list), "{name}");
        }
    }

    #[test]
    fn glue_names_the_type_that_is_dropped() {
        let v0 = "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc3vec3VechEECs4Vnx3Lz2vkb_5probe";
        assert_eq!(dropped(v0).as_deref(), Some("alloc::vec::Vec<u8>"));
        let newer = "_RINvNtCsaOY7rg7uWSt_4core3ptr9drop_glueNtNtCsiZGTI2liQaC_4pyo33err5PyErrEBF_";
        assert_eq!(dropped(newer).as_deref(), Some("pyo3::err::PyErr"));
        let legacy = "_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h079a1e06c7b79808E.llvm.12";
        assert_eq!(dropped(legacy).as_deref(), Some("alloc::string::String"));
        assert_eq!(dropped("core::ptr::drop_in_place<tuple$<u8,u8> >").as_deref(), Some("tuple$<u8,u8> "));
        assert_eq!(dropped("_RNvCs4Vnx3Lz2vkb_5probe13drop_in_place"), None);
        assert_eq!(generic_type("alloc::vec::Vec<u8>"), "alloc::vec::Vec<_>");
        assert_eq!(generic_type("[alloc::vec::Vec<u8>; 3]"), "[alloc::vec::Vec<_>; _]");
        assert_eq!(generic_type("core::option::Option<a::T>"), "core::option::Option<_>");
    }

    #[test]
    fn methods_of_tables_name_their_trait() {
        let trait_of =
            |name: &str| implemented(name).map(|found| (found.of, found.self_type.unwrap_or_default()));
        let found = |of: &str, kind: &str| Some((of.to_string(), kind.to_string()));
        for (name, expected) in [
            (
                "_RNvXsq_NtCslNYArtu3iFV_5alloc3vecINtB5_3VechENtNtCsgEmfK2I1SDS_4core3fmt5Debug3fmtCs4Vnx3Lz2vkb_5probe",
                found("core::fmt::Debug", "alloc::vec::Vec<u8>"),
            ),
            (
                "_RNvYINtNtCs4Vnx3Lz2vkb_5probe5inner4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEENtCs6sogrtt9LgR_5probe3Say5twiceB7_",
                found("probe::Say", "probe::inner::Wrap<alloc::vec::Vec<u8>>"),
            ),
            (
                "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0d4e5facb005d688E",
                found("core::fmt::Debug", ""),
            ),
            (
                "_ZN4core3fmt3num50_$LT$impl$u20$core..fmt..Debug$u20$for$u20$u32$GT$3fmt17h0123456789abcdefE",
                found("core::fmt::Debug", ""),
            ),
            ("_ZN5probe3Say5twice17hc6df222af53eae50E", found("probe::Say", "")),
            (
                "_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h1d97f9853d6f78d6E",
                found("core::ops::function::FnOnce", ""),
            ),
            // Closures, methods of types, functions.
            ("_ZN5probe3Say5twice28_$u7b$$u7b$closure$u7d$$u7d$17h1e734ff990a74383E", None),
            ("_ZN5probe5inner13Wrap$LT$T$GT$3dup17h6da2a39de2769060E", None),
            ("_RNCNvCs4Vnx3Lz2vkb_5probe4mains0_0B3_", None),
            (
                "_RNvMs_NtCs4Vnx3Lz2vkb_5probe5innerINtB4_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEE3dupB6_",
                None,
            ),
            ("_ZN5probe4main17h62a2a663144ebd4aE", None),
            ("main", None),
        ] {
            assert_eq!(trait_of(name), expected, "{name}");
        }
    }

    #[test]
    fn parts_belong_to_a_whole() {
        assert_eq!(whole_of_part("f.cold"), Some("f"));
        assert_eq!(whole_of_part("_Z1fv.part.0.cold.1"), Some("_Z1fv"));
        for whole in ["f", "_RNvC1a1b.llvm.7", "_Z1fv.constprop.0", "_Z1fv.isra.0"] {
            assert_eq!(whole_of_part(whole), None, "{whole}");
        }
    }

    #[test]
    fn what_is_generic_shows_in_v0_and_in_types() {
        for (name, expected) in [
            ("_RNvCs4Vnx3Lz2vkb_5probe4main", Some(false)),
            ("_RINvCs4Vnx3Lz2vkb_5probe5applyNCNvB2_4mains2_0EB2_", Some(true)),
            ("_RNvXs1_Cs4Vnx3Lz2vkb_5probeRhNtB5_5Local3locB5_", None),
            ("_ZN5probe5inner13Wrap$LT$T$GT$3dup17h6da2a39de2769060E", Some(true)),
            ("_ZN5probe4main17h62a2a663144ebd4aE", None),
            ("_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc", Some(true)),
            ("_Z3foov", Some(false)),
            ("main", Some(false)),
        ] {
            assert_eq!(instance(name).is_generic, expected, "{name}");
        }
    }
}
