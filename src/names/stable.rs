//! A name without what changes from build to build.

use super::{Constant, Scheme, constant, display, scheme};

/// What a name says of an item, equal in two builds of one source.
///
/// Hashes, module ids, crate ids and the numbers of closures, impls and static
/// variables of functions are left out; arguments of generics stay. Two items of one
/// file may share the text. `None` for names that say nothing but a number.
///
/// ```
/// let name = "_ZN3app4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE.llvm.77";
/// assert_eq!(bloat::names::stable(name).as_deref(), Some("app::main::{closure}"));
/// assert_eq!(bloat::names::stable("anon.0123456789abcdef0123456789abcdef.12"), None);
/// ```
pub fn stable(name: &str) -> Option<String> {
    let (words, name) = telling(name)?;
    let shown = display(name);
    let text = match scheme(name) {
        Scheme::Plain => without_counter(&shown).to_string(),
        Scheme::Itanium => shown,
        Scheme::RustV0 | Scheme::RustLegacy => without_numbers(&shown),
    };
    Some(if words.is_empty() { text } else { format!("{words}{text}") })
}

/// Whether a name says more than a number, so that [`stable`] gives a text.
///
/// *Cost*: looks at the ends of the name only.
///
/// ```
/// assert!(bloat::names::is_telling("sqlite3_open_v2"));
/// assert!(!bloat::names::is_telling("anon.0123456789abcdef0123456789abcdef.12"));
/// ```
pub fn is_telling(name: &str) -> bool {
    telling(name).is_some()
}

/// The part of a name that says more than a number, and what stands before it in words.
fn telling(name: &str) -> Option<(&'static str, &str)> {
    let says_more = |of: Option<Constant<'_>>| {
        matches!(of, None | Some(Constant::DebuggerScripts | Constant::Content { .. }))
    };
    match constant(name) {
        Some(Constant::SwitchTable { function }) => {
            says_more(constant(function)).then_some(("switch table of ", function))
        }
        of => says_more(of).then_some(("", name)),
    }
}

/// A static variable of a C function has a number behind its name.
fn without_counter(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((base, number)) if !base.is_empty() && !number.is_empty() && is_number(number) => base,
        _ => name,
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Writes `{closure#3}` and `{{closure}}` as `{closure}`, and so for all names in braces.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, braced) = rest.split_at(at);
        out.push_str(before);
        let Some(end) = braced.find('}') else {
            out.push_str(braced);
            return out;
        };
        let inside = braced.get(1..end).unwrap_or_default().trim_start_matches('{');
        let bare = inside.split_once('#').filter(|(_, n)| is_number(n)).map_or(inside, |(word, _)| word);
        out.push('{');
        // Legacy names put the words of a shim the other way round.
        out.push_str(match bare {
            "vtable.shim" => "shim:vtable",
            other => other,
        });
        out.push('}');
        rest = braced.get(end + 1..).unwrap_or_default();
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_braces_go_and_arguments_stay() {
        for (text, expected) in [
            ("a::b::{closure#12}", "a::b::{closure}"),
            ("a::b::{{closure}}::c", "a::b::{closure}::c"),
            ("<a::B<u8> as c::D>::e::{closure#0}::<f>", "<a::B<u8> as c::D>::e::{closure}::<f>"),
            ("core::ops::FnOnce::call_once::{shim:vtable#0}", "core::ops::FnOnce::call_once::{shim:vtable}"),
            ("core::ops::FnOnce::call_once{{vtable.shim}}", "core::ops::FnOnce::call_once{shim:vtable}"),
            ("a::{b", "a::{b"),
        ] {
            assert_eq!(without_numbers(text), expected);
        }
    }

    #[test]
    fn counters_of_static_variables_go() {
        assert_eq!(stable("completed.0").as_deref(), Some("completed"));
        assert_eq!(stable("sqlite3_open_v2").as_deref(), Some("sqlite3_open_v2"));
        assert_eq!(stable(".LCPI1_0"), None);
    }

    #[test]
    fn two_builds_of_one_item_have_one_name() {
        let old = "_RNvMs_NtCs4Vnx3Lz2vkb_5probe5innerINtB4_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEE3dupB6_";
        let new = "_RNvMs_NtCs5Vnx3Lz2vkb_5probe5innerINtB4_4WrapINtNtCskNYArtu3iFV_5alloc3vec3VechEE3dupB6_";
        assert_ne!(old, new);
        assert_eq!(stable(old), stable(new));
        assert!(stable(old).is_some());
    }
}
