//! Text from v0 structure: the generic item behind a name, and its module.
//!
//! Type arguments are not printed, so they need not be followed either: they
//! are skipped where they stand, and hostile backreferences inside them cost
//! nothing.

use super::legacy_text::stands_bare;
use super::toolchain::rank;
use super::v0::{self, Cursor, Symbol};

/// Nodes printed per name. Real names need a few dozen.
const MAX_STEPS: u32 = 4_000;

/// Bytes skipped or printed per name.
const MAX_WORK: usize = 1 << 20;

const MAX_DEPTH: u32 = 200;

/// The path with its arguments erased; `None` if a limit was passed.
pub(super) fn generic(symbol: &Symbol<'_>) -> Option<String> {
    let mut printer = Printer::new(symbol.text, symbol.path);
    printer.path()?;
    Some(printer.out)
}

/// The impl that holds the item, if one does: v0 names number the impls of a module.
pub(super) fn impl_block(symbol: &Symbol<'_>) -> Option<super::ImplBlock> {
    let mut cursor = Cursor::at(symbol.text, symbol.path);
    for _ in 0..MAX_STEPS {
        match cursor.next()? {
            b'N' => {
                cursor.next()?;
            }
            b'I' => {}
            b'B' => cursor.at = cursor.target()?,
            b'M' | b'X' => {
                let number = cursor.disambiguator()?;
                let krate = v0::root(symbol.text, cursor.at)?.id;
                let mut printer = Printer::new(symbol.text, cursor.at);
                printer.path()?;
                return Some(super::ImplBlock { krate, module: printer.out, number });
            }
            _ => return None,
        }
    }
    None
}

/// The innermost module around the item.
pub(super) fn module(symbol: &Symbol<'_>) -> Option<String> {
    let at = module_at(symbol.text, symbol.path)?;
    let mut printer = Printer::new(symbol.text, at);
    printer.path()?;
    Some(printer.out)
}

/// Walks outward from the item at `at` to the path of its module.
///
/// Modules and types share the namespace `t`, but a type is never the parent
/// of an item: methods hang on impls, and only a trait can stand there.
fn module_at(text: &str, at: usize) -> Option<usize> {
    let mut cursor = Cursor::at(text, at);
    let mut is_item = true;
    let mut of_trait = false;
    for _ in 0..MAX_STEPS {
        let here = cursor.at;
        match cursor.next()? {
            b'C' => return Some(here),
            b'N' => {
                let in_type_namespace = cursor.next()? == b't';
                if in_type_namespace && !is_item && !of_trait {
                    return Some(here);
                }
                of_trait &= !in_type_namespace;
                is_item = false;
            }
            b'M' | b'X' => {
                cursor.disambiguator()?;
                is_item = false;
                of_trait = false;
            }
            b'Y' => {
                cursor.kind()?;
                is_item = false;
                of_trait = true;
            }
            b'I' => {}
            b'B' => cursor.at = cursor.target()?,
            _ => return None,
        }
    }
    None
}

/// What stands at the front of a Self type.
enum Head<'a> {
    Crate(v0::Root<'a>),
    Closure,
    Other,
}

/// Whether the impl at the cursor must be written for a bare type parameter:
/// its crate cannot name the type it is instantiated with.
fn is_blanket(text: &str, definer: v0::Root<'_>, self_type: usize) -> bool {
    match head(text, self_type) {
        Head::Closure => true,
        Head::Crate(root) => {
            let own = rank(&definer.name.text());
            own < 3 && rank(&root.name.text()) > own
        }
        Head::Other => false,
    }
}

fn head(text: &str, at: usize) -> Head<'_> {
    let mut cursor = Cursor::at(text, at);
    for _ in 0..64 {
        let here = cursor.at;
        match cursor.next() {
            Some(b'B') => match cursor.target() {
                Some(target) => cursor.at = target,
                None => return Head::Other,
            },
            Some(b'I') => {}
            Some(b'N') if cursor.peek() == Some(b'C') => return Head::Closure,
            Some(b'C' | b'N' | b'M' | b'X' | b'Y') => {
                return v0::root(text, here).filter(|root| root.id != 0).map_or(Head::Other, Head::Crate);
            }
            _ => return Head::Other,
        }
    }
    Head::Other
}

struct Printer<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
    out: String,
    depth: u32,
    steps: u32,
    work: usize,
    /// The crate of the impl whose Self type is being printed.
    own: Option<v0::Root<'a>>,
}

impl<'a> Printer<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            cursor: Cursor::at(text, at),
            out: String::with_capacity(96),
            depth: 0,
            steps: 0,
            work: 0,
            own: None,
        }
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        self.steps += 1;
        let fine = self.depth <= MAX_DEPTH
            && self.steps <= MAX_STEPS
            && self.work <= MAX_WORK
            && self.out.len() <= super::MAX_OUTPUT;
        fine.then_some(())
    }

    fn leave(&mut self) -> Option<()> {
        self.depth = self.depth.saturating_sub(1);
        Some(())
    }

    /// Moves over a production without printing it.
    fn skip(&mut self, production: impl FnOnce(&mut Cursor<'a>) -> Option<()>) -> Option<()> {
        let mut cursor = Cursor::at(self.text, self.cursor.at);
        production(&mut cursor)?;
        self.work += cursor.at.saturating_sub(self.cursor.at);
        self.cursor.at = cursor.at;
        Some(())
    }

    /// Accounts for a search for a crate root, which may read past types.
    fn charge_root(&mut self) {
        self.work += 64 + self.text.len() / 8;
    }

    /// Prints what a backreference means, then goes on after it.
    fn follow(&mut self, print: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let target = self.cursor.target()?;
        let back = self.cursor.at;
        self.cursor.at = target;
        print(self)?;
        self.cursor.at = back;
        Some(())
    }

    fn path(&mut self) -> Option<()> {
        self.enter()?;
        let cursor = &mut self.cursor;
        match cursor.next()? {
            b'C' => {
                cursor.disambiguator()?;
                let name = cursor.ident()?;
                self.out.push_str(&name.text());
            }
            b'N' => self.nested()?,
            b'M' => {
                cursor.disambiguator()?;
                let own = v0::root(self.text, cursor.at);
                self.charge_root();
                self.skip(Cursor::path)?;
                let outer = std::mem::replace(&mut self.own, own);
                self.self_of_inherent_impl()?;
                self.own = outer;
            }
            b'X' => self.trait_impl()?,
            b'Y' => {
                self.skip(Cursor::kind)?;
                self.path()?;
            }
            b'I' => {
                self.path()?;
                if self.skip_arguments()? {
                    self.out.push_str("<_>");
                }
            }
            b'B' => self.follow(Self::path)?,
            _ => return None,
        }
        self.leave()
    }

    fn nested(&mut self) -> Option<()> {
        let namespace = self.cursor.next()?;
        self.path()?;
        let number = self.cursor.disambiguator()?;
        let name = self.cursor.ident()?.text();
        if namespace.is_ascii_uppercase() {
            self.out.push_str("::{");
            match namespace {
                b'C' => self.out.push_str("closure"),
                b'S' => self.out.push_str("shim"),
                other => self.out.push(char::from(other)),
            }
            if !name.is_empty() {
                self.out.push(':');
                self.out.push_str(&name);
            }
            self.out.push_str(&format!("#{number}}}"));
        } else if !name.is_empty() {
            self.out.push_str("::");
            self.out.push_str(&name);
        }
        Some(())
    }

    /// Paths stand bare, as the legacy mangling has them; `<[_]>` does not.
    fn self_of_inherent_impl(&mut self) -> Option<()> {
        let mark = self.out.len();
        self.kind()?;
        if !stands_bare(self.out.get(mark..)?) {
            self.out.insert(mark, '<');
            self.out.push('>');
        }
        Some(())
    }

    fn trait_impl(&mut self) -> Option<()> {
        self.cursor.disambiguator()?;
        let impl_path = self.cursor.at;
        self.charge_root();
        self.skip(Cursor::path)?;
        self.out.push('<');
        let own = v0::root(self.text, impl_path);
        if own.is_some_and(|own| is_blanket(self.text, own, self.cursor.at)) {
            self.skip(Cursor::kind)?;
            self.out.push('_');
        } else {
            let outer = std::mem::replace(&mut self.own, own);
            self.kind()?;
            self.own = outer;
        }
        self.out.push_str(" as ");
        self.path()?;
        self.out.push('>');
        Some(())
    }

    /// Whether there was anything but lifetimes.
    fn skip_arguments(&mut self) -> Option<bool> {
        let mut any = false;
        while !self.cursor.eat(b'E') {
            any |= self.cursor.peek() != Some(b'L');
            self.skip(Cursor::argument)?;
        }
        Some(any)
    }

    /// A type's outermost form, with `_` for what it holds.
    fn kind(&mut self) -> Option<()> {
        self.enter()?;
        self.cursor.eat(b'w');
        let tag = self.cursor.peek()?;
        if let Some(name) = v0::basic_type(tag) {
            self.cursor.at += 1;
            self.out.push_str(name);
            return self.leave();
        }
        match tag {
            b'C' | b'M' | b'X' | b'Y' | b'N' | b'I' => self.path()?,
            b'B' => {
                self.cursor.at += 1;
                self.follow(Self::kind)?;
            }
            b'W' => {
                // A pattern type says nothing new about whose impl it is.
                let start = self.cursor.at;
                self.cursor.at += 1;
                self.kind()?;
                self.cursor.at = start;
                self.skip(Cursor::kind)?;
            }
            b'D' => self.trait_object()?,
            b'T' => {
                self.cursor.at += 1;
                self.out.push('(');
                let count = self.erased_list()?;
                self.out.push_str(if count == 1 { ",)" } else { ")" });
            }
            b'F' => {
                self.cursor.at += 1;
                self.skip(Cursor::signature_start)?;
                self.out.push_str("fn(");
                self.erased_list()?;
                let returns = self.cursor.peek() != Some(b'u');
                self.skip(Cursor::kind)?;
                self.out.push_str(if returns { ") -> _" } else { ")" });
            }
            _ => {
                let (before, after) = match tag {
                    b'R' => ("&", ""),
                    b'Q' => ("&mut ", ""),
                    b'P' => ("*const ", ""),
                    b'O' => ("*mut ", ""),
                    b'S' => ("[", "]"),
                    b'A' => ("[", "; _]"),
                    _ => return None,
                };
                self.out.push_str(before);
                let start = self.cursor.at;
                self.cursor.at += 1;
                if self.cursor.peek() == Some(b'L') {
                    self.skip(Cursor::lifetime)?;
                }
                self.held()?;
                self.cursor.at = start;
                self.skip(Cursor::kind)?;
                self.out.push_str(after);
            }
        }
        self.leave()
    }

    /// What a reference or slice holds. Such an impl is mostly one for all
    /// `&T`, so only a type of the impl's own crate is taken for a name that
    /// the impl itself gives.
    fn held(&mut self) -> Option<()> {
        self.charge_root();
        match (head(self.text, self.cursor.at), self.own) {
            (Head::Crate(root), Some(own)) if root == own && rank(&own.name.text()) == 3 => self.kind(),
            _ => {
                self.out.push('_');
                Some(())
            }
        }
    }

    /// `_, _` for the types up to the closing `E`; how many there were.
    fn erased_list(&mut self) -> Option<usize> {
        let mut count = 0;
        while !self.cursor.eat(b'E') {
            self.skip(Cursor::kind)?;
            self.out.push_str(if count == 0 { "_" } else { ", _" });
            count += 1;
        }
        Some(count)
    }

    fn trait_object(&mut self) -> Option<()> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        self.skip(Cursor::binder)?;
        self.out.push_str("dyn ");
        let mut first = true;
        while !self.cursor.eat(b'E') {
            if !first {
                self.out.push_str(" + ");
            }
            first = false;
            let mark = self.out.len();
            self.path()?;
            let binds = self.cursor.peek() == Some(b'p');
            self.skip(Cursor::bindings)?;
            if binds && !self.out.get(mark..)?.ends_with("<_>") {
                self.out.push_str("<_>");
            }
        }
        self.cursor.at = start;
        self.skip(Cursor::kind)
    }
}
