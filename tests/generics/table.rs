//! What the symbol table says of copies, counted without the library: `nm -S` for sizes, the
//! demangler of the Rust project for names, and the paths in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::oracles::oracle;

/// Functions of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub copies: u64,
    pub size: u64,
}

/// All functions of a file.
pub struct Counted {
    pub by_path: BTreeMap<String, Count>,
    /// Paths that share a function with another path: which of the names counts is not for `nm` to say.
    pub unsure: BTreeSet<String>,
}

/// Counts functions of Rust with a size, one for each place.
pub fn counted(file: &Path) -> Option<Counted> {
    let mut places: BTreeMap<(u64, u64), BTreeSet<String>> = BTreeMap::new();
    for line in oracle("nm", &["-S", "--defined-only"], file)?.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [address, size, "t" | "T" | "w" | "W", name] = columns[..] else { continue };
        let number = |hex: &str| u64::from_str_radix(hex, 16).expect("nm writes hexadecimal");
        let Ok(text) = rustc_demangle::try_demangle(bare(name)) else { continue };
        if number(size) > 0 {
            let paths = places.entry((number(address), number(size))).or_default();
            paths.insert(path(&format!("{text:#}")));
        }
    }
    let mut all = Counted { by_path: BTreeMap::new(), unsure: BTreeSet::new() };
    for ((_, size), paths) in places {
        if paths.len() > 1 {
            all.unsure.extend(paths);
            continue;
        }
        for path in paths {
            let count = all.by_path.entry(path).or_default();
            count.copies += 1;
            count.size += size;
        }
    }
    all.by_path.retain(|path, _| !all.unsure.contains(path));
    Some(all)
}

/// A name without what LLVM and linkers put behind it: the hash ends an older name, and no v0 name has a dot.
fn bare(name: &str) -> &str {
    if name.starts_with("_R") {
        return name.split('.').next().unwrap_or(name);
    }
    let end = name.rfind("17h").map(|at| at + "17h0123456789abcdefE".len());
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// Past the bracket that closes the one at `at`; arrows close nothing.
fn closing(text: &[char], at: usize) -> usize {
    let mut depth = 0;
    for (index, &c) in text.iter().enumerate().skip(at) {
        match c {
            '<' => depth += 1,
            '>' if text[index - 1] != '-' => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// Where `what` first stands in no brackets.
fn outside(text: &[char], what: &str) -> Option<usize> {
    let what: Vec<char> = what.chars().collect();
    let mut depth = 0;
    for (index, &c) in text.iter().enumerate() {
        if depth == 0 && text[index..].starts_with(&what) {
            return Some(index);
        }
        match c {
            '<' | '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if text[index - 1] != '-' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The path that a demangler writes, without arguments, modules of impls, numbers of closures, and the
/// Self types of traits: which of these was a parameter of the impl, a name does not tell.
pub fn path(text: &str) -> String {
    let text = without_arguments(&text.chars().collect::<Vec<_>>());
    let text = text.replace("{{vtable.shim}}", "::{shim:vtable}").replace("{{reify.shim}}", "::{shim:reify}");
    unnumbered(&text)
}

/// The same of an item as the report writes it.
pub fn path_of_item(item: &str) -> String {
    path(item)
}

fn unnumbered(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('{').filter(|part| !part.is_empty()).enumerate() {
        let Some((inside, rest)) = part.split_once('}').filter(|_| index > 0) else {
            out.push_str(part);
            continue;
        };
        let word = inside.split('#').next().unwrap_or_default();
        out.push_str(&format!("{{{word}}}{}", rest.trim_start_matches('}')));
    }
    out
}

fn without_arguments(text: &[char]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] != '<' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let end = closing(text, at);
        let inside = &text[at + 1..end - 1];
        let is_impl = inside.starts_with(&['i', 'm', 'p', 'l', ' ']);
        if out.is_empty() || (out.ends_with("::") && is_impl) {
            let head = if is_impl { &inside[5..] } else { inside };
            out = match (is_impl, outside(head, " for "), outside(head, " as ")) {
                (true, Some(by), _) => without_arguments(&head[..by]),
                (false, _, Some(by)) => without_arguments(&head[by + 4..]),
                _ => self_type(head),
            };
        } else if out.ends_with("::") {
            out.truncate(out.len() - 2);
        }
        at = end;
    }
    out
}

/// The type of an inherent impl by its outermost form.
fn self_type(kind: &[char]) -> String {
    let text: String = kind.iter().collect();
    for pointer in ["*const ", "*mut "] {
        if text.starts_with(pointer) {
            return format!("{pointer}_");
        }
    }
    if text.starts_with('[') {
        return if outside(&kind[1..], ";").is_some() { "[_; _]" } else { "[_]" }.to_string();
    }
    // Traits that objects have besides are markers.
    match text.strip_prefix("dyn ") {
        Some(_) => without_arguments(&kind[..outside(kind, " + ").unwrap_or(kind.len())]),
        None => without_arguments(kind),
    }
}
