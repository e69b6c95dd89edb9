//! C++ names in the Itanium mangling.

use std::fmt;

use cpp_demangle::{BorrowedSymbol, DemangleNodeType, DemangleOptions, DemangleWrite, ParseOptions};

use super::MAX_OUTPUT;
use super::legacy_text::closing;

/// Longer names are shown as they are: the parser may try many readings.
const MAX_LENGTH: usize = 16 << 10;

/// Names of ordinary templates nest some 50 levels in the parser's counting.
const MAX_DEPTH: u32 = 96;

/// The same where expressions may occur. Built without optimization the parser
/// takes 40 KiB of stack for each level of those, and a thread has 2 MiB.
const MAX_EXPRESSION_DEPTH: u32 = if cfg!(debug_assertions) { 40 } else { 96 };

/// The full text and whatever follows the mangled name.
pub(super) fn full(name: &str) -> Option<(String, &str)> {
    text(name, DemangleOptions::new())
}

/// The function's name without parameters, its arguments erased.
pub(super) fn generic(name: &str) -> Option<String> {
    let (text, _) = text(name, DemangleOptions::new().no_params().no_return_type())?;
    Some(join(&scopes(&text)))
}

/// The namespace or class around the item; the text tells no difference.
pub(super) fn module(name: &str) -> Option<String> {
    let (text, _) = text(name, DemangleOptions::new().no_params().no_return_type())?;
    // `vtable for`, `guard variable for`, `typeinfo name for`.
    let text = text.rsplit_once(" for ").map_or(&*text, |(_, of)| of);
    let mut scopes = scopes(text);
    scopes.pop();
    let module = join(&scopes);
    (!module.is_empty()).then_some(module)
}

fn text(name: &str, options: DemangleOptions) -> Option<(String, &str)> {
    if name.len() > MAX_LENGTH {
        return None;
    }
    // Mach-O puts an underscore before every name.
    let mangled = match name.strip_prefix("__Z") {
        Some(_) => name.get(1..)?,
        None => name,
    };
    let depth = if may_hold_expressions(mangled) { MAX_EXPRESSION_DEPTH } else { MAX_DEPTH };
    let parse = ParseOptions::default().recursion_limit(depth);
    let (symbol, tail) = BorrowedSymbol::with_tail_and_options(mangled.as_bytes(), &parse).ok()?;
    let mut out = Bounded(String::with_capacity(128));
    let shown = symbol.structured_demangle(&mut out, &options.recursion_limit(depth));
    let full = out.0.len() >= MAX_OUTPUT;
    if shown.is_err() && !full {
        return None;
    }
    let tail = name.get(name.len().checked_sub(tail.len())?..)?;
    let good = tail.is_empty() || tail.starts_with(['.', '@', '$']);
    good.then(|| (in_common_form(out.0), tail))
}

/// Whether letters occur that may introduce an expression: `X`, `DT` and other
/// types made of one, and an array's length. Plain identifiers may hold them
/// too, which only makes the limit tighter.
fn may_hold_expressions(mangled: &str) -> bool {
    let bytes = mangled.as_bytes();
    bytes.windows(2).any(|pair| match pair {
        [b'X', _] => true,
        [b'D', next] => matches!(next, b'T' | b't' | b'O' | b'B' | b'U' | b'v'),
        [b'A', next] => !next.is_ascii_digit() && *next != b'_',
        _ => false,
    })
}

/// `{vtable(A)}` as other tools write it: `vtable for A`.
fn in_common_form(text: String) -> String {
    let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix(")}"));
    match inside.and_then(|inside| inside.split_once('(')) {
        Some((what, of)) => format!("{what} for {of}"),
        None => text,
    }
}

/// A text that refuses to grow without end.
struct Bounded(String);

impl DemangleWrite for Bounded {
    fn push_demangle_node(&mut self, _: DemangleNodeType) {}

    fn write_string(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() >= MAX_OUTPUT {
            return Err(fmt::Error);
        }
        Ok(())
    }

    fn pop_demangle_node(&mut self) {}
}

/// The parts between `::`, template arguments erased.
pub(super) fn scopes(text: &str) -> Vec<String> {
    let mut scopes = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let Some(scope) = scopes.last_mut() else {
            break;
        };
        let step = if rest.starts_with("::") {
            scopes.push(String::new());
            2
        } else if c == '<' && !matches!(&**scope, "operator" | "operator<") {
            scope.push_str("<_>");
            closing(rest).unwrap_or(rest.len())
        } else if c == '(' {
            let step = closing_parenthesis(rest).unwrap_or(rest.len());
            scope.push_str(rest.get(..step).unwrap_or_default());
            step
        } else {
            scope.push(c);
            c.len_utf8()
        };
        rest = rest.get(step..).unwrap_or_default();
    }
    scopes
}

fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut depth: u32 = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
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

pub(super) fn join(scopes: &[String]) -> String {
    scopes.join("::")
}
