//! The legacy mangling: escaped path text in C++ clothes, and a hash.
//!
//! Such a name tells the path as rustc would print it. For an impl beside its
//! type or its trait that is `<Type as Trait>`; for an impl anywhere else the
//! path of its module followed by `<impl Trait for Type>`. Types are those of
//! the impl's head, so a type parameter stays a parameter.

use std::borrow::Cow;

use super::toolchain::rank;

/// A well-formed legacy name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol<'a> {
    /// The segments without the hash, each after its length.
    path: &'a str,
    /// What follows the closing `E`.
    pub tail: &'a str,
}

/// The crate a name says defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definer<'a> {
    pub name: Cow<'a, str>,
    /// Whether the text leaves no other choice.
    pub exact: bool,
    /// Which half of `<Type as Trait>` named it; `None` for a plain path.
    pub side: Option<Side>,
}

/// A half of `<Type as Trait>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Type,
    Trait,
}

/// Reads a name; `None` unless it ends in a hash that rustc could have made.
///
/// Without the hash the same text is a valid C++ name.
pub(super) fn parse(name: &str) -> Option<Symbol<'_>> {
    let inner =
        name.strip_prefix("_ZN").or_else(|| name.strip_prefix("__ZN")).or_else(|| name.strip_prefix("ZN"))?;
    let mut rest = inner;
    let mut before_last = rest;
    let mut last = "";
    while !rest.starts_with('E') {
        before_last = rest;
        (last, rest) = segment(rest)?;
    }
    let path = inner.get(..inner.len().checked_sub(before_last.len())?)?;
    let tail = rest.get(1..)?;
    let good = !path.is_empty() && is_hash(last) && (tail.is_empty() || tail.starts_with(['.', '@', '$']));
    good.then_some(Symbol { path, tail })
}

/// One segment and what follows it.
fn segment(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut length: usize = 0;
    let mut digits = 0;
    while let Some(b @ b'0'..=b'9') = bytes.get(digits) {
        length = length.checked_mul(10)?.checked_add(usize::from(b - b'0'))?;
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    let end = digits.checked_add(length)?;
    Some((text.get(digits..end)?, text.get(end..)?))
}

/// `h` and 16 hexadecimal digits of which at least five differ. That C++ has a
/// function of such a name is next to impossible.
pub(super) fn is_hash(text: &str) -> bool {
    let Some(hex) = text.strip_prefix('h').filter(|hex| hex.len() == 16) else {
        return false;
    };
    let mut seen: u16 = 0;
    for byte in hex.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return false,
        };
        seen |= 1 << digit;
    }
    seen.count_ones() >= 5
}

impl<'a> Symbol<'a> {
    /// The escaped segments, hash excluded.
    pub fn segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = self.path;
        std::iter::from_fn(move || {
            let (text, others) = segment(rest)?;
            rest = others;
            // A segment that would start with `$` gets an underscore first.
            Some(match text.strip_prefix('_') {
                Some(escaped) if escaped.starts_with('$') => escaped,
                _ => text,
            })
        })
    }

    /// The crate whose source holds the item.
    pub fn definer(&self) -> Option<Definer<'a>> {
        definer(self.segments().next()?, MAX_DEPTH)
    }
}

/// Types inside methods of impls nest like this: `<<A as B>::f::C as D>::g`.
const MAX_DEPTH: u32 = 8;

/// The crate that holds what an escaped path begins with.
fn definer(path: &str, depth: u32) -> Option<Definer<'_>> {
    let Some(inner) = path.strip_prefix("$LT$") else {
        return Some(Definer { name: path_root(path)?, exact: true, side: None });
    };
    let deeper = depth.checked_sub(1)?;
    let (kind, rest) = qualified_type(inner);
    let of_type = kind.and_then(|kind| definer(kind, deeper));
    let of_trait = rest.and_then(|rest| definer(rest, deeper));
    let (definer, side, exact) = match (of_type, of_trait) {
        (Some(a), Some(b)) => match choose(&a.name, &b.name) {
            (Side::Type, exact) => (a, Side::Type, exact),
            (Side::Trait, exact) => (b, Side::Trait, exact),
        },
        (Some(a), None) => (a, Side::Type, true),
        // Without a type of a crate the impl can only be beside the trait.
        (None, Some(b)) => (b, Side::Trait, true),
        (None, None) => return None,
    };
    Some(Definer { exact: exact && definer.exact, side: Some(side), name: definer.name })
}

/// Which of a type's and a trait's crate holds the impl, and whether that is
/// certain. The impl's crate names both, so it is the one further downstream;
/// between two crates of a program the text does not tell which that is, and
/// a type with a foreign trait is the commoner case.
pub(super) fn choose(of_type: &str, of_trait: &str) -> (Side, bool) {
    let (kind, by) = (rank(of_type), rank(of_trait));
    if kind < by { (Side::Trait, true) } else { (Side::Type, kind > by || of_type == of_trait) }
}

/// The first name of an escaped path, if it looks like one.
fn path_root(text: &str) -> Option<Cow<'_, str>> {
    let end = root_end(text);
    let name = text.get(..end)?;
    (!name.is_empty()).then(|| crate_name(name))
}

/// Where the crate name that starts an escaped path ends.
fn root_end(text: &str) -> usize {
    let mut at = 0;
    for token in Tokens(text) {
        match token {
            Token::Text(word) => at += word.len(),
            Token::Escape(c, length) if c.is_alphanumeric() => at += length,
            _ => break,
        }
    }
    at
}

fn crate_name(escaped: &str) -> Cow<'_, str> {
    if !escaped.contains('$') {
        return Cow::Borrowed(escaped);
    }
    let mut name = String::new();
    unescape(escaped, &mut name);
    Cow::Owned(name)
}

/// From the text after `<`: where the path of the type starts, if a crate has
/// the type, and the text after ` as `.
///
/// References, pointers, slices, arrays and tuples count as what they hold,
/// `dyn` types as their first trait; that is how rustc decides which module an
/// impl belongs to. Parameters, primitives and function pointers have none.
fn qualified_type(inner: &str) -> (Option<&str>, Option<&str>) {
    let mut found = None;
    let mut given_up = false;
    let mut depth: u32 = 0;
    // The word being read: where it starts, if it can still be a path's first.
    let mut word: Option<usize> = None;
    let mut in_word = false;
    let mut after_for = false;
    let mut at = 0;
    for token in Tokens(inner) {
        let start = at;
        at += token.length();
        match token {
            Token::Text(text) => {
                if !in_word {
                    word = Some(start);
                    in_word = true;
                }
                match text {
                    "as" if depth == 0 && is_spaced(inner, start, at) => {
                        let rest = inner.get(at..).and_then(|t| t.strip_prefix("$u20$"));
                        return (found, rest);
                    }
                    "fn" | "impl" => given_up = true,
                    _ => {}
                }
                after_for = text == "for";
                continue;
            }
            Token::Escape(c, _) if c.is_alphanumeric() => {
                if !in_word {
                    word = Some(start);
                    in_word = true;
                }
                continue;
            }
            Token::Path => {
                if let Some(first) = word.take()
                    && found.is_none()
                    && !given_up
                {
                    found = inner.get(first..);
                }
                // The rest of the path is one word with it.
                in_word = true;
                continue;
            }
            Token::Escape('<', _) => {
                // `for<'a>` opens no path.
                if !in_word && !after_for && !given_up && found.is_none() {
                    found = inner.get(start..);
                }
                depth += 1;
            }
            Token::Escape('(' | '[', _) => depth += 1,
            Token::Escape('>', _) if depth == 0 => return (found, None),
            Token::Escape('>' | ')' | ']', _) => depth = depth.saturating_sub(1),
            Token::Escape(_, _) | Token::Arrow | Token::Dot | Token::Bad(_) => {}
        }
        in_word = false;
        word = None;
    }
    (found, None)
}

/// Whether the word at `start..end` stands between two spaces.
fn is_spaced(text: &str, start: usize, end: usize) -> bool {
    text.get(..start).is_some_and(|t| t.ends_with("$u20$"))
        && text.get(end..).is_some_and(|t| t.starts_with("$u20$"))
}

/// A piece of escaped text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// Letters that need no escape.
    Text(&'a str),
    /// `..`, which is `::`.
    Path,
    /// `.$GT$`, which is `->`.
    Arrow,
    /// A dot of its own.
    Dot,
    /// An escaped character and how many bytes it took.
    Escape(char, usize),
    /// A dollar sign that starts no escape, and all after it.
    Bad(&'a str),
}

impl Token<'_> {
    fn length(&self) -> usize {
        match self {
            Token::Text(text) | Token::Bad(text) => text.len(),
            Token::Path => 2,
            Token::Arrow => ".$GT$".len(),
            Token::Dot => 1,
            Token::Escape(_, length) => *length,
        }
    }
}

/// The pieces of an escaped text.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let text = self.0;
        let token = match text.bytes().next()? {
            b'.' if text.starts_with("..") => Token::Path,
            b'.' if text.starts_with(".$GT$") => Token::Arrow,
            b'.' => Token::Dot,
            b'$' => escape(text).unwrap_or(Token::Bad(text)),
            _ => {
                let end = text.bytes().position(|b| b == b'$' || b == b'.');
                Token::Text(text.get(..end.unwrap_or(text.len()))?)
            }
        };
        self.0 = text.get(token.length()..)?;
        Some(token)
    }
}

/// Longest escape: `$u10ffff$`.
const MAX_ESCAPE: usize = 9;

fn escape(text: &str) -> Option<Token<'_>> {
    let end = text.bytes().skip(1).take(MAX_ESCAPE).position(|b| b == b'$')? + 1;
    let character = match text.get(1..end)? {
        "SP" => '@',
        "BP" => '*',
        "RF" => '&',
        "LT" => '<',
        "GT" => '>',
        "LP" => '(',
        "RP" => ')',
        "C" => ',',
        code => {
            let hex = code.strip_prefix('u')?;
            let fine = hex.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
            let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
            (fine && !c.is_control()).then_some(c)?
        }
    };
    Some(Token::Escape(character, end + 1))
}

/// Appends what an escaped text means.
pub(super) fn unescape(text: &str, out: &mut String) {
    for token in Tokens(text) {
        match token {
            Token::Text(text) | Token::Bad(text) => out.push_str(text),
            Token::Path => out.push_str("::"),
            Token::Arrow => out.push_str("->"),
            Token::Dot => out.push('.'),
            Token::Escape(c, _) => out.push(c),
        }
    }
}
