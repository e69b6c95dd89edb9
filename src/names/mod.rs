//! Symbol names: manglings told apart, structure read, text for people.
//!
//! Pure text work. Knows nothing of files, addresses or the model: every
//! answer follows from the characters of one name, so it is the same in every
//! file and can be asked for from any thread.
//!
//! # Which mangling
//!
//! [`scheme`] reads four kinds. `_R` names that keep the v0 grammar are Rust.
//! `_ZN` names are Rust if their last segment is a hash rustc could have made
//! (`h` and 16 hexadecimal digits, five of them different), else C++ like all
//! other `_Z` names. Everything else is plain. Mach-O's extra underscore is
//! accepted everywhere; a missing one (`ZN`) only where the hash proves the
//! rest, since `R...` is a common beginning in C.
//!
//! # Which crate
//!
//! [`crates`] tells the crate that *defines* an item, that is, whose source
//! has it, and for v0 the crate that *instantiated* it.
//!
//! For v0 the definer is the root of the path, found like this:
//! - an impl (`M`, `X`) belongs to the crate of the impl's own path, which
//!   demanglers do not print, and not to that of its type;
//! - a method a trait provides (`Y`) belongs to the trait's crate;
//! - anything nested, and any instance, belongs where its parent does;
//! - drop glue is `core::ptr::drop_in_place`, so it belongs to `core`.
//!
//! The instantiating crate is the second path, if the name has one.
//! The names rustc makes up for its own glue live in a crate `__rustc` that no
//! source defines. It is reported as any other; ask [`is_shim_crate`].
//!
//! A legacy name has only the text of a path:
//! - a path that starts with a crate belongs to that crate. This covers impls
//!   away from their type and trait, which are written with the path of their
//!   module (`core::fmt::num::<impl Display for u8>::fmt`);
//! - `<Type as Trait>` is used when the impl stands in the module of the type
//!   or of the trait, so those two crates are the only candidates. A type that
//!   no crate defines (a primitive, a parameter, a function pointer) leaves the
//!   trait's. References, pointers, slices, arrays, tuples and `dyn` stand for
//!   what they hold. Of two crates the one that can name the other wins, where
//!   that is known: core, alloc, std, all others. Else it is the type's, which
//!   is marked by [`NameCrates::definer_exact`].
//!
//! # Which group
//!
//! [`generic`] gives all instances of one generic item the same text:
//! - type, constant and lifetime arguments become one `<_>`, however many;
//! - Self types keep their outermost form: `&_`, `[_]`, `(_, _)`, `dyn Trait`.
//!   Behind a reference or in a slice a type keeps its name only where it must
//!   be the impl's own: `<&mut serde_json::ser::Serializer<_> as ...>`;
//! - inherent methods are written `Type<_>::method` in both manglings, and impls away from
//!   their type as if they stood beside it: `<str>::trim`, not `core::str::<impl str>::trim`;
//! - what has no name in the source is written as v0 has it: `{closure#0}`, `{shim:vtable#0}`.
//!   Legacy names do not number closures: those of one function share a group;
//! - a trait's provided method is `Trait::method` for every Self type;
//! - a Self type the impl's crate cannot name must come from a parameter and
//!   becomes `_`: core, alloc and std cannot name a program's types, and
//!   nothing can name a closure. Other blanket impls in v0 names keep their
//!   Self type, because the text does not show that it was a parameter.
//!
//! What no text can tell: impls of one trait for one type that differ only in
//! arguments (`From<A>`, `From<B>`) share a group.
//!
//! # Hostile names
//!
//! No name makes these functions panic. Nesting, steps and output are bounded;
//! past a bound a name is treated as plain, and its text cut at 64 KiB.

mod cgu;
mod constant;
mod cpp;
mod demangled;
mod instance;
mod legacy;
mod legacy_text;
mod msvc;
mod path;
mod punycode;
mod source;
mod stable;
mod suffix;
#[cfg(test)]
mod tests;
mod toolchain;
mod v0;
mod v0_text;

use std::borrow::Cow;
use std::fmt::{self, Write};

pub use cgu::{CguName, cgu, library_crate};
pub use constant::{Constant, constant};
pub use instance::{
    Arguments, ImplBlock, Implemented, Instance, arguments, dropped, generic_type, implemented, instance,
    parent, self_type, type_of, whole_of_part,
};
pub use source::{source_crate, source_file};
pub use stable::{is_telling, stable};
pub use suffix::{Suffix, Suffixes};
pub use toolchain::{is_lent_crate, is_shim_crate, is_toolchain_crate};

/// Longest text any function here returns, but for a few bytes of `…`.
const MAX_OUTPUT: usize = 64 << 10;

/// Which mangling a name uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Rust's `_R`, in which the structure of a path is kept.
    RustV0,
    /// Rust's older `_ZN...17h<hash>E`, which keeps a path's text; also text that some tool
    /// has demangled in the file.
    RustLegacy,
    /// C++ on everything but MSVC.
    Itanium,
    /// No mangling that tells of crates: C, assembly, C++ of Visual C++, paths written for people, and all else.
    Plain,
}

/// A crate as a name mentions it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrateRef<'a> {
    /// The crate's name; `-` in a package's name is `_` here.
    pub name: Cow<'a, str>,
    /// The `StableCrateId`, which tells crates of one name apart and equals
    /// [`CguName::id`]. Known from v0 names only.
    pub id: Option<u64>,
}

/// What the text of one symbol name says about crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameCrates<'a> {
    /// The crate whose source has the item.
    pub defined_in: Option<CrateRef<'a>>,
    /// The crate in which a v0 instance was made, where the name says so.
    /// Absent usually means the definer, but not for inlined copies.
    pub instantiated_by: Option<CrateRef<'a>>,
    /// The mangling.
    pub scheme: Scheme,
    /// Whether the item is an instance of something generic; v0 names only.
    ///
    /// A reference or slice as the Self type of a generic impl does not show:
    /// `impl<T> Debug for &T` counts as generic only if `T` has arguments.
    pub is_generic: Option<bool>,
    /// Whether `defined_in` is certain. `false` where a legacy name leaves two
    /// candidates, where a v0 name breaks off, and where there is no definer.
    pub definer_exact: bool,
}

impl<'a> NameCrates<'a> {
    fn none(scheme: Scheme) -> Self {
        Self { defined_in: None, instantiated_by: None, scheme, is_generic: None, definer_exact: false }
    }
}

impl<'a> From<v0::Root<'a>> for CrateRef<'a> {
    fn from(root: v0::Root<'a>) -> Self {
        Self { name: root.name.text(), id: (root.id != 0).then_some(root.id) }
    }
}

/// A name taken apart as far as its mangling allows.
enum Parsed<'a> {
    V0(v0::Symbol<'a>),
    Legacy(legacy::Symbol<'a>),
    Demangled(demangled::Symbol<'a>),
    Itanium,
    Plain,
}

impl<'a> Parsed<'a> {
    fn of(name: &'a str) -> Self {
        if let Some(symbol) = v0::parse(name) {
            return Self::V0(symbol);
        }
        if let Some(symbol) = legacy::parse(name) {
            return Self::Legacy(symbol);
        }
        if let Some(symbol) = demangled::parse(name) {
            return Self::Demangled(symbol);
        }
        if is_itanium(name) {
            return Self::Itanium;
        }
        Self::Plain
    }
}

/// Tells which mangling a name uses.
///
/// A v0 name that breaks off or uses newer grammar still counts as one if its
/// crate can be read.
pub fn scheme(name: &str) -> Scheme {
    match Parsed::of(name) {
        Parsed::V0(_) => Scheme::RustV0,
        Parsed::Legacy(_) | Parsed::Demangled(_) => Scheme::RustLegacy,
        Parsed::Itanium => Scheme::Itanium,
        Parsed::Plain if v0::salvage_root(name).is_some() => Scheme::RustV0,
        Parsed::Plain => Scheme::Plain,
    }
}

fn is_itanium(name: &str) -> bool {
    let rest = name.strip_prefix("_Z").or_else(|| name.strip_prefix("__Z"));
    rest.is_some_and(|rest| {
        // `_Znwm` is `operator new`, `_ZN..` a nested name, `_Z3foov` a function.
        rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// Reads which crates a name speaks of. See the module's text for the rules.
///
/// *Cost*: one pass over the name; allocates only for names that are not ASCII.
///
/// ```
/// let told = bloat::names::crates("_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtCslNYArtu3iFV_5alloc6string6StringECs4Vnx3Lz2vkb_5probe");
/// assert_eq!(told.defined_in.unwrap().name, "core");
/// let by = told.instantiated_by.unwrap();
/// assert_eq!((&*by.name, by.id), ("probe", Some(0x395ebd4cfaeaf1e1)));
/// ```
pub fn crates(name: &str) -> NameCrates<'_> {
    match Parsed::of(name) {
        Parsed::V0(symbol) => {
            let root = v0::root(symbol.text, symbol.path);
            let by = symbol.instantiating.and_then(|at| v0::root(symbol.text, at));
            NameCrates {
                defined_in: root.map(CrateRef::from),
                instantiated_by: by.map(CrateRef::from),
                scheme: Scheme::RustV0,
                is_generic: Some(symbol.generic),
                definer_exact: root.is_some(),
            }
        }
        Parsed::Legacy(symbol) => {
            let definer = symbol.definer();
            NameCrates {
                definer_exact: definer.as_ref().is_some_and(|definer| definer.exact),
                defined_in: definer.map(|definer| CrateRef { name: definer.name, id: None }),
                ..NameCrates::none(Scheme::RustLegacy)
            }
        }
        Parsed::Demangled(symbol) => {
            let definer = symbol.definer();
            NameCrates {
                definer_exact: definer.is_some_and(|definer| definer.exact),
                defined_in: definer.map(|definer| CrateRef { name: definer.name.into(), id: definer.id }),
                ..NameCrates::none(Scheme::RustLegacy)
            }
        }
        Parsed::Itanium => NameCrates::none(Scheme::Itanium),
        Parsed::Plain => match v0::salvage_root(name) {
            Some(root) => NameCrates { defined_in: Some(root.into()), ..NameCrates::none(Scheme::RustV0) },
            None => NameCrates::none(Scheme::Plain),
        },
    }
}

/// The same of a path that rustc wrote for people, as program databases (PDB) have them.
///
/// Only for names that are known to be Rust's: those of C++ look alike. It says as
/// much as a legacy name, of which it is the text.
///
/// ```
/// let told = bloat::names::crates_of_path("core::fmt::num::impl$63::fmt");
/// assert_eq!(told.defined_in.unwrap().name, "core");
/// ```
pub fn crates_of_path(name: &str) -> NameCrates<'_> {
    match path::root(name) {
        Some(root) => NameCrates {
            defined_in: Some(CrateRef { name: Cow::Borrowed(root), id: None }),
            definer_exact: true,
            ..NameCrates::none(Scheme::RustLegacy)
        },
        None => NameCrates::none(Scheme::Plain),
    }
}

/// The name for people, in full but without hashes.
///
/// Suffixes that tell pieces of a function apart stay, as ` [.cold]`; the
/// module id in `.llvm.N` goes. Plain names lose nothing else. A name that
/// cannot be read is returned as it is.
///
/// ```
/// let name = "_ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE.cold";
/// assert_eq!(bloat::names::display(name), "alloc::vec::Vec<T,A>::push [.cold]");
/// ```
pub fn display(name: &str) -> String {
    let shown = match Parsed::of(name) {
        Parsed::V0(symbol) => v0_full(name, symbol.tail).map(|text| (text, symbol.tail)),
        Parsed::Legacy(symbol) => Some((legacy_text::full(&symbol), symbol.tail)),
        Parsed::Demangled(symbol) => Some((symbol.text(), symbol.tail)),
        Parsed::Itanium => cpp_full(name),
        Parsed::Plain => msvc::path(name).map(|path| (path.join("::"), "")),
    };
    match shown {
        Some((mut text, tail)) => {
            suffix::show(tail, &mut text);
            bounded(text)
        }
        None => bounded(without_llvm(name).to_owned()),
    }
}

/// The generic item a name is an instance of, with all arguments erased.
///
/// Names that are not generic get the same path as others of their kind, so
/// the text can be the key of a group. Copies and pieces of a function
/// (`.cold`, `.part.0`) share the group of the whole.
///
/// ```
/// let name = "_RNvMs_NtCs4Vnx3Lz2vkb_5probe5innerINtB4_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEE3dupB6_";
/// assert_eq!(bloat::names::generic(name), "probe::inner::Wrap<_>::dup");
/// ```
pub fn generic(name: &str) -> String {
    let shown = match Parsed::of(name) {
        Parsed::V0(symbol) => v0_text::generic(&symbol),
        Parsed::Legacy(symbol) => Some(legacy_text::generic(&legacy_text::full(&symbol))),
        Parsed::Demangled(symbol) => Some(symbol.generic()),
        Parsed::Itanium => cpp::generic(Suffixes::of(name).base),
        Parsed::Plain => msvc::path(name).map(|path| path.join("::")).or_else(|| path::generic(name)),
    };
    bounded(shown.unwrap_or_else(|| Suffixes::of(name).base.to_owned()))
}

/// The module that holds the item: `serde_json::de` for
/// `serde_json::de::from_str`.
///
/// For methods it is the module of the impl in v0, and that of the type or
/// trait (as [`crates`] chooses) in legacy names. For C++ it is the namespace
/// or class. `None` for plain names that are no path, and for C++ names without a namespace.
pub fn module(name: &str) -> Option<String> {
    let module = match Parsed::of(name) {
        Parsed::V0(symbol) => v0_text::module(&symbol),
        Parsed::Legacy(symbol) => {
            let side = symbol.definer().and_then(|definer| definer.side);
            legacy_text::module(legacy_text::segments(&symbol), side)
        }
        Parsed::Demangled(symbol) => symbol.module(),
        Parsed::Itanium => cpp::module(Suffixes::of(name).base),
        Parsed::Plain => match msvc::path(name) {
            Some(mut path) => {
                path.pop();
                (!path.is_empty()).then(|| path.join("::"))
            }
            None => path::module(name),
        },
    };
    module.map(bounded)
}

fn v0_full(name: &str, tail: &str) -> Option<String> {
    let base = name.get(..name.len().checked_sub(tail.len())?)?;
    let demangled = rustc_demangle::try_demangle(base).ok()?;
    let mut out = Bounded(String::with_capacity(128));
    // An error here is the limit; what was written so far is worth showing.
    let _ = write!(out, "{demangled:#}");
    (!out.0.is_empty()).then_some(out.0)
}

fn cpp_full(name: &str) -> Option<(String, &str)> {
    let cut = Suffixes::of(name);
    match cpp::full(cut.base) {
        Some((text, "")) => Some((text, cut.tail)),
        _ => cpp::full(name),
    }
}

/// Only `.llvm.N` is cut from plain names: it is chance, not meaning.
fn without_llvm(name: &str) -> &str {
    match name.rsplit_once(".llvm.") {
        Some((base, id))
            if !base.is_empty()
                && !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F')) =>
        {
            base
        }
        _ => name,
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > MAX_OUTPUT {
        let end = (0..=MAX_OUTPUT).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

/// A text that takes no more once it is past the limit.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() > MAX_OUTPUT {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
