//! The v0 mangling as structure: where paths begin, which crate roots them.
//!
//! A symbol is checked once from front to back without following a
//! backreference, which takes time linear in its length. Questions about its
//! structure then walk from a position, following backreferences within limits.

use std::borrow::Cow;

use super::punycode;

/// Nesting beyond this is taken for an attack; rustc itself writes far less.
const MAX_DEPTH: u32 = 400;

/// Steps from a path to its crate root, backreferences included.
const MAX_HOPS: u32 = 512;

/// Those of the steps that must read past a whole type to go on.
const MAX_LONG_HOPS: u32 = 16;

/// A well-formed v0 name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol<'a> {
    /// All after `_R`: what positions and backreferences count from.
    pub text: &'a str,
    /// Where the path begins.
    pub path: usize,
    /// Where the path of the instantiating crate begins, if there is one.
    pub instantiating: Option<usize>,
    /// Whether a type or a constant is filled in somewhere along the path.
    pub generic: bool,
    /// What follows the mangled name: `.llvm.123`, `$tlv$init`, `@plt`.
    pub tail: &'a str,
}

/// A name inside a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ident<'a> {
    /// What is written.
    pub raw: &'a str,
    /// Whether that is Punycode.
    pub encoded: bool,
}

/// The crate a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root<'a> {
    /// The crate's name.
    pub name: Ident<'a>,
    /// The decoded disambiguator; zero if none is written.
    pub id: u64,
}

impl<'a> Ident<'a> {
    /// As the programmer wrote it; raw if the Punycode is broken.
    pub fn text(self) -> Cow<'a, str> {
        if !self.encoded {
            return Cow::Borrowed(self.raw);
        }
        match punycode::decode(self.raw) {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(self.raw),
        }
    }
}

/// What follows `_R`, or `__R` where the platform adds an underscore.
///
/// A bare `R` is not accepted: `RC4_...` is a fine name in C.
pub(super) fn after_prefix(name: &str) -> Option<&str> {
    name.strip_prefix("_R")
        .or_else(|| name.strip_prefix("__R"))
        .filter(|text| text.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()))
}

/// Reads and checks a whole name.
pub(super) fn parse(name: &str) -> Option<Symbol<'_>> {
    let text = after_prefix(name)?;
    let mut cursor = Cursor::at(text, path_start(text));
    let path = cursor.at;
    cursor.path()?;
    let generic = cursor.generic;
    let mut instantiating = None;
    if cursor.peek().is_some_and(|b| b.is_ascii_uppercase()) {
        instantiating = Some(cursor.at);
        cursor.path()?;
    }
    let tail = cursor.rest();
    let good = tail.is_empty() || tail.starts_with(['.', '$', '@']);
    good.then_some(Symbol { text, path, instantiating, generic, tail })
}

/// The definer of a name that is cut short or uses newer grammar further on.
///
/// Trusts only a root with a disambiguator, which every real crate has.
pub(super) fn salvage_root(name: &str) -> Option<Root<'_>> {
    let text = after_prefix(name)?;
    root(text, path_start(text)).filter(|root| root.id != 0)
}

/// The crate root of the path at `at`: for impls that of the impl's own path,
/// for items of a trait that of the trait.
pub(super) fn root(text: &str, at: usize) -> Option<Root<'_>> {
    let mut cursor = Cursor::at(text, at);
    let mut long_hops = 0;
    for _ in 0..MAX_HOPS {
        match cursor.next()? {
            b'C' => {
                let id = cursor.disambiguator()?;
                let name = cursor.ident()?;
                return (!name.raw.is_empty()).then_some(Root { name, id });
            }
            b'M' | b'X' => {
                cursor.disambiguator()?;
            }
            b'Y' => {
                long_hops += 1;
                if long_hops > MAX_LONG_HOPS {
                    return None;
                }
                cursor.depth = 0;
                cursor.kind()?;
            }
            b'N' => {
                cursor.next()?;
            }
            b'I' => {}
            b'B' => cursor.at = cursor.target()?,
            _ => return None,
        }
    }
    None
}

/// Skips the optional encoding version, which no compiler writes today.
fn path_start(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A place in a name, moved forward over whole productions.
///
/// Every method gives `None` where the text breaks the grammar.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// The next byte.
    pub at: usize,
    depth: u32,
    generic: bool,
}

impl<'a> Cursor<'a> {
    /// Starts at byte `at` of what follows `_R`.
    pub fn at(text: &'a str, at: usize) -> Self {
        Self { text, at, depth: 0, generic: false }
    }

    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// `_` is 0, `0_` is 1, `Z_` is 62, `10_` is 63.
    fn base_62(&mut self) -> Option<u64> {
        if self.eat(b'_') {
            return Some(0);
        }
        let mut value: u64 = 0;
        loop {
            let digit = match self.next()? {
                b'_' => return value.checked_add(1),
                b @ b'0'..=b'9' => b - b'0',
                b @ b'a'..=b'z' => b - b'a' + 10,
                b @ b'A'..=b'Z' => b - b'A' + 36,
                _ => return None,
            };
            value = value.checked_mul(62)?.checked_add(u64::from(digit))?;
        }
    }

    /// The disambiguator, zero if there is none.
    pub fn disambiguator(&mut self) -> Option<u64> {
        if self.eat(b's') { self.base_62()?.checked_add(1) } else { Some(0) }
    }

    /// A name without its disambiguator.
    pub fn ident(&mut self) -> Option<Ident<'a>> {
        let encoded = self.eat(b'u');
        let mut length = match self.next()? {
            b @ b'0'..=b'9' => usize::from(b - b'0'),
            _ => return None,
        };
        if length != 0 {
            while let Some(b @ b'0'..=b'9') = self.peek() {
                self.at += 1;
                length = length.checked_mul(10)?.checked_add(usize::from(b - b'0'))?;
            }
        }
        self.eat(b'_');
        let end = self.at.checked_add(length)?;
        let raw = self.text.get(self.at..end)?;
        self.at = end;
        Some(Ident { raw, encoded })
    }

    /// After a `B`: the place it refers to, which always lies before it.
    pub fn target(&mut self) -> Option<usize> {
        let here = self.at.checked_sub(1)?;
        let target = usize::try_from(self.base_62()?).ok()?;
        (target < here).then_some(target)
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn leave(&mut self) -> Option<()> {
        self.depth = self.depth.saturating_sub(1);
        Some(())
    }

    /// Repeats `item` up to and over the closing `E`.
    fn until_end(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        while !self.eat(b'E') {
            item(self)?;
        }
        Some(())
    }

    pub fn path(&mut self) -> Option<()> {
        self.enter()?;
        match self.next()? {
            b'C' => {
                self.disambiguator()?;
                self.ident()?;
            }
            b'M' => {
                self.disambiguator()?;
                self.path()?;
                self.kind()?;
            }
            b'X' => {
                self.disambiguator()?;
                self.path()?;
                self.kind()?;
                self.path()?;
            }
            b'Y' => {
                self.generic = true;
                self.kind()?;
                self.path()?;
            }
            b'N' => {
                self.next().filter(u8::is_ascii_alphabetic)?;
                self.path()?;
                self.disambiguator()?;
                self.ident()?;
            }
            b'I' => {
                self.path()?;
                self.until_end(Self::argument)?;
            }
            b'B' => {
                self.target()?;
            }
            _ => return None,
        }
        self.leave()
    }

    /// One generic argument.
    pub fn argument(&mut self) -> Option<()> {
        match self.peek()? {
            b'L' => self.lifetime(),
            b'K' => {
                self.at += 1;
                // A placeholder stands for any value: nothing is filled in.
                self.generic |= self.peek() != Some(b'p');
                self.constant()
            }
            tag => {
                self.generic |= tag != b'p';
                self.kind()
            }
        }
    }

    pub fn lifetime(&mut self) -> Option<()> {
        if self.next()? != b'L' {
            return None;
        }
        self.base_62().map(drop)
    }

    /// The count of lifetimes a type introduces.
    pub fn binder(&mut self) -> Option<()> {
        if self.eat(b'G') {
            self.base_62()?;
        }
        Some(())
    }

    /// A type.
    pub fn kind(&mut self) -> Option<()> {
        self.enter()?;
        self.eat(b'w');
        match self.peek()? {
            tag if basic_type(tag).is_some() => self.at += 1,
            b'C' | b'M' | b'X' | b'Y' | b'N' | b'I' => self.path()?,
            tag => {
                self.at += 1;
                self.compound(tag)?;
            }
        }
        self.leave()
    }

    /// A type that holds others, after its tag.
    fn compound(&mut self, tag: u8) -> Option<()> {
        match tag {
            b'R' | b'Q' => {
                if self.peek() == Some(b'L') {
                    self.lifetime()?;
                }
                self.kind()
            }
            b'P' | b'O' | b'S' => self.kind(),
            b'A' => {
                self.kind()?;
                self.constant()
            }
            b'T' => self.until_end(Self::kind),
            b'F' => {
                self.signature_start()?;
                self.until_end(Self::kind)?;
                self.kind()
            }
            b'D' => {
                self.binder()?;
                self.until_end(Self::bound)?;
                self.lifetime()
            }
            b'B' => self.target().map(drop),
            b'W' => {
                self.kind()?;
                self.pattern()
            }
            _ => None,
        }
    }

    /// The part of a function's type before its parameters.
    pub fn signature_start(&mut self) -> Option<()> {
        self.binder()?;
        self.eat(b'U');
        if self.eat(b'K') && !self.eat(b'C') {
            self.ident()?;
        }
        Some(())
    }

    /// One trait of a `dyn` type with the types it fixes.
    fn bound(&mut self) -> Option<()> {
        self.path()?;
        self.bindings()
    }

    /// What a `dyn` type fixes about its trait: `Item = u8`.
    pub fn bindings(&mut self) -> Option<()> {
        while self.eat(b'p') {
            self.ident()?;
            if self.eat(b'K') {
                self.constant()?;
            } else {
                self.kind()?;
            }
        }
        Some(())
    }

    /// The values a pattern type allows.
    fn pattern(&mut self) -> Option<()> {
        self.enter()?;
        match self.next()? {
            b'R' => {
                self.constant()?;
                self.constant()?;
            }
            b'O' => self.until_end(Self::pattern)?,
            b'N' => {}
            _ => return None,
        }
        self.leave()
    }

    fn hex(&mut self) -> Option<()> {
        loop {
            match self.next()? {
                b'_' => return Some(()),
                b'0'..=b'9' | b'a'..=b'f' => {}
                _ => return None,
            }
        }
    }

    /// The value of a constant argument.
    pub fn constant(&mut self) -> Option<()> {
        self.enter()?;
        match self.next()? {
            b'p' => {}
            b'h' | b't' | b'm' | b'y' | b'o' | b'j' | b'b' | b'c' | b'e' => self.hex()?,
            b'a' | b's' | b'l' | b'x' | b'n' | b'i' => {
                self.eat(b'n');
                self.hex()?;
            }
            b'R' if self.eat(b'e') => self.hex()?,
            b'R' | b'Q' => self.constant()?,
            b'A' | b'T' => self.until_end(Self::constant)?,
            b'V' => {
                self.path()?;
                self.fields()?;
            }
            b'B' => {
                self.target()?;
            }
            _ => return None,
        }
        self.leave()
    }

    /// What is inside a constant struct or enum variant.
    fn fields(&mut self) -> Option<()> {
        match self.next()? {
            b'U' => Some(()),
            b'T' => self.until_end(Self::constant),
            b'S' => self.until_end(|this| {
                this.disambiguator()?;
                this.ident()?;
                this.constant()
            }),
            _ => None,
        }
    }
}

/// The types written with one letter.
pub(super) fn basic_type(tag: u8) -> Option<&'static str> {
    Some(match tag {
        b'a' => "i8",
        b'b' => "bool",
        b'c' => "char",
        b'd' => "f64",
        b'e' => "str",
        b'f' => "f32",
        b'h' => "u8",
        b'i' => "isize",
        b'j' => "usize",
        b'l' => "i32",
        b'm' => "u32",
        b'n' => "i128",
        b'o' => "u128",
        b'p' => "_",
        b's' => "i16",
        b't' => "u16",
        b'u' => "()",
        b'v' => "...",
        b'x' => "i64",
        b'y' => "u64",
        b'z' => "!",
        _ => return None,
    })
}
