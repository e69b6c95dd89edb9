//! Text from legacy names: the full path, the generic item, and its module.
//!
//! Names that were demangled in the file have the same text.

use super::legacy::{Side, Symbol, unescape};
use super::toolchain::is_primitive;

/// How deep impls and types inside one another are followed.
const MAX_DEPTH: u32 = 8;

/// The path as rustc printed it, without the hash.
pub(super) fn full(symbol: &Symbol<'_>) -> String {
    let mut out = String::with_capacity(128);
    for segment in symbol.segments() {
        if !out.is_empty() {
            out.push_str("::");
        }
        unescape(segment, &mut out);
    }
    out
}

/// A path with all type arguments erased.
pub(super) fn generic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    erase_path(text, MAX_DEPTH, &mut out);
    out
}

/// A type with all that it holds erased.
pub(super) fn erased_type(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(128));
    erase_type(text, MAX_DEPTH, &mut out);
    out
}

/// The parts of the path, as rustc printed them.
pub(super) fn segments(symbol: &Symbol<'_>) -> Vec<String> {
    let plain = symbol.segments().map(|segment| {
        let mut text = String::new();
        unescape(segment, &mut text);
        text
    });
    plain.collect()
}

/// The innermost module around the item at a path, as far as the text tells.
///
/// Types, traits and functions look like modules in a legacy path. Types and
/// traits are known by their capital letter; a function inside a function
/// gives the outer one. `side` is the half of `<Type as Trait>` that has the item.
pub(super) fn module(mut path: Vec<String>, side: Option<Side>) -> Option<String> {
    let first = path.first()?;
    if first.starts_with('<') {
        return module_of_type(first, side, MAX_DEPTH);
    }
    while path.len() > 1 && path.last().is_some_and(|last| last.starts_with("{{")) {
        path.pop();
    }
    if path.len() > 1 {
        path.pop();
    }
    let count = path
        .iter()
        .skip(1)
        .take_while(|text| !text.contains(['<', '{']) && !text.starts_with(char::is_uppercase))
        .count();
    path.truncate(count + 1);
    Some(path.join("::"))
}

/// The module of a type or of `<Type as Trait>`.
fn module_of_type(text: &str, side: Option<Side>, depth: u32) -> Option<String> {
    let deeper = depth.checked_sub(1)?;
    if text.starts_with('<') {
        let (kind, by) = split_qualified(text)?;
        let of_type = head_path(kind).and_then(|kind| module_of_type(kind, None, deeper));
        return match (side, by) {
            (Some(Side::Type), _) | (None, None) => of_type,
            (Some(Side::Trait), by) => module_of_type(by?, None, deeper),
            (None, Some(by)) => of_type.or_else(|| module_of_type(by, None, deeper)),
        };
    }
    let path = text.split('<').next()?.trim_end_matches("::");
    let (module, _) = path.rsplit_once("::")?;
    // Derived code stands in `const _: () = { .. }`.
    Some(module.trim_end_matches("::_").to_owned())
}

/// The path inside references and the like: `&mut [a::B]` gives `a::B]`.
pub(super) fn head_path(kind: &str) -> Option<&str> {
    if kind.starts_with('<') {
        return Some(kind);
    }
    let separator = kind.find("::")?;
    let before = kind.get(..separator)?;
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + before.get(at..).map_or(1, first_length));
    kind.get(start..)?.split([',', ')', ']', ' ', ';']).next()
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Copies a path, `<_>` for every list of arguments.
///
/// An impl away from its type stands behind the path of its module, of which v0 names
/// show nothing: `core::str::<impl str>::trim` becomes `<str>::trim`.
fn erase_path(text: &str, depth: u32, out: &mut String) {
    let mark = out.len();
    let mut rest = text;
    let mut at_start = true;
    while let Some(next) = rest.find(['<', ':', '{']) {
        let (word, others) = rest.split_at(next);
        out.push_str(word);
        at_start &= word.is_empty();
        if let Some(others) = others.strip_prefix("::") {
            out.push_str("::");
            at_start = true;
            rest = others;
        } else if others.starts_with("{{") {
            rest = unnamed(others, out);
            at_start = false;
        } else if others.starts_with([':', '{']) {
            out.push_str(others.get(..1).unwrap_or_default());
            at_start = false;
            rest = others.get(1..).unwrap_or_default();
        } else {
            let end = closing(others).unwrap_or(others.len());
            let inside = others.get(1..end.saturating_sub(1)).unwrap_or_default();
            if at_start {
                if inside.starts_with("impl ") {
                    out.truncate(mark);
                }
                erase_qualified(inside, depth, out);
            } else {
                out.push_str("<_>");
            }
            at_start = false;
            rest = others.get(end..).unwrap_or_default();
        }
    }
    out.push_str(rest);
}

/// Writes what has no name in the source as v0 names have it, and gives what follows it.
///
/// Closures of one function are numbered there and here they are not.
fn unnamed<'t>(text: &'t str, out: &mut String) -> &'t str {
    let Some((inside, rest)) = text.strip_prefix("{{").and_then(|text| text.split_once("}}")) else {
        out.push_str("{{");
        return text.get(2..).unwrap_or_default();
    };
    match inside.strip_suffix(".shim") {
        Some(of) => out.push_str(&format!("::{{shim:{of}#0}}")),
        None => out.push_str(&format!("{{{inside}}}")),
    }
    rest
}

/// `Type as Trait`, `impl Trait for Type` or a type alone, in brackets.
fn erase_qualified(inside: &str, depth: u32, out: &mut String) {
    let Some(depth) = depth.checked_sub(1) else {
        out.push_str("<_>");
        return;
    };
    let (kind, by) = match inside.strip_prefix("impl ") {
        Some(rest) => match find_outside(rest, " for ") {
            Some((by, kind)) => (kind, Some(by)),
            None => (rest, None),
        },
        None => match find_outside(inside, " as ") {
            Some((kind, by)) => (kind, Some(by)),
            None => (inside, None),
        },
    };
    let mark = out.len();
    erase_type(kind, depth, out);
    match by {
        Some(by) => {
            out.insert(mark, '<');
            out.push_str(" as ");
            erase_path(by, depth, out);
            out.push('>');
        }
        None if !stands_bare(out.get(mark..).unwrap_or_default()) => {
            out.insert(mark, '<');
            out.push('>');
        }
        None => {}
    }
}

/// Whether the Self type of an inherent impl is written without brackets: paths are.
pub(super) fn stands_bare(kind: &str) -> bool {
    let is_path = kind.starts_with(|c: char| c.is_alphabetic() || c == '_') && kind != "_";
    is_path && !kind.starts_with("dyn ") && !kind.contains("fn(") && !is_primitive(kind)
}

/// A type's outermost form, `_` for what it holds and for parameters.
fn erase_type(kind: &str, depth: u32, out: &mut String) {
    let Some(depth) = depth.checked_sub(1) else {
        out.push('_');
        return;
    };
    let kind = kind.trim();
    for prefix in ["&mut ", "&", "*const ", "*mut "] {
        if let Some(held) = kind.strip_prefix(prefix) {
            out.push_str(prefix);
            erase_held(held, depth, out);
            return;
        }
    }
    if let Some(held) = kind.strip_prefix('[') {
        let array = find_outside(held, ";");
        let held = array.map_or_else(|| held.trim_end_matches(']'), |(held, _)| held);
        out.push('[');
        erase_held(held, depth, out);
        out.push_str(if array.is_some() { "; _]" } else { "]" });
    } else if let Some(fields) = kind.strip_prefix('(') {
        erase_list(fields, true, out);
    } else if let Some(bounds) = kind.strip_prefix("dyn ") {
        erase_bounds(bounds, depth, out);
    } else if let Some((_, signature)) = function(kind) {
        out.push_str("fn");
        erase_list(signature, false, out);
        if find_outside(signature, ")").is_some_and(|(_, after)| after.contains("->")) {
            out.push_str(" -> _");
        }
    } else if kind.contains("::") {
        erase_path(kind, depth, out);
    } else if is_primitive(kind) {
        out.push_str(kind);
    } else {
        out.push('_');
    }
}

/// What a reference or slice holds: only types of a crate keep their name.
fn erase_held(held: &str, depth: u32, out: &mut String) {
    let is_path = held.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '<');
    if is_path && held.contains("::") && !held.starts_with("dyn ") && function(held).is_none() {
        erase_path(held, depth, out);
    } else {
        out.push('_');
    }
}

/// Cuts a function pointer's type before and after `fn(`.
fn function(kind: &str) -> Option<(&str, &str)> {
    let (before, after) = kind.split_once("fn(")?;
    let known = before.is_empty()
        || before.starts_with("for<")
        || before.starts_with("unsafe ")
        || before.starts_with("extern ");
    known.then_some((before, after))
}

fn erase_bounds(bounds: &str, depth: u32, out: &mut String) {
    out.push_str("dyn ");
    let mut rest = bounds;
    loop {
        let (bound, others) = match find_outside(rest, "+") {
            Some((bound, others)) => (bound.trim(), Some(others.trim())),
            None => (rest.trim(), None),
        };
        // `for<'a> Trait<'a>`
        let bound = match bound.strip_prefix("for<") {
            Some(_) => bound.split_once("> ").map_or(bound, |(_, bound)| bound),
            None => bound,
        };
        erase_path(bound, depth, out);
        match others {
            Some(others) => {
                out.push_str(" + ");
                rest = others;
            }
            None => return,
        }
    }
}

/// `_, _)` for a list that goes up to a closing parenthesis.
fn erase_list(list: &str, is_tuple: bool, out: &mut String) {
    out.push('(');
    let inside = find_outside(list, ")").map_or(list, |(inside, _)| inside);
    let mut count = 0;
    let mut rest = Some(inside);
    while let Some(text) = rest {
        let (item, others) = match find_outside(text, ",") {
            Some((item, others)) => (item, Some(others)),
            None => (text, None),
        };
        if !item.trim().is_empty() {
            out.push_str(if count == 0 { "_" } else { ", _" });
            count += 1;
        }
        rest = others;
    }
    out.push_str(if is_tuple && count == 1 { ",)" } else { ")" });
}

/// Splits at the first `what` that is inside no brackets.
pub(super) fn find_outside<'t>(text: &'t str, what: &str) -> Option<(&'t str, &'t str)> {
    let bytes = text.as_bytes();
    let mut depth: i32 = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if depth == 0 && bytes.get(at..).is_some_and(|b| b.starts_with(what.as_bytes())) {
            return Some((text.get(..at)?, text.get(at + what.len()..)?));
        }
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if is_arrow(bytes, at) => {}
            b'>' | b')' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits the inside of `<...>`, given with its brackets.
pub(super) fn split_qualified(text: &str) -> Option<(&str, Option<&str>)> {
    let end = closing(text)?;
    let inside = text.get(1..end.checked_sub(1)?)?;
    Some(match find_outside(inside, " as ") {
        Some((kind, by)) => (kind, Some(by)),
        None => (inside, None),
    })
}

/// Past the bracket that closes the one `text` starts with.
pub(super) fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth: u32 = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if is_arrow(bytes, at) => {}
            b'>' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_arrow(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|&b| b == b'-')
}
