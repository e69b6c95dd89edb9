//! Filter expressions: `crate=serde and not kind=debug`.
//!
//! ```text
//! expr  = term { "or" term }
//! term  = item { "and" item }
//! item  = "not" item | "(" expr ")" | test
//! test  = DIMENSION ("=" | "!=" | "~" | "!~") VALUE
//! VALUE = word, or "quoted text", or 'quoted text'
//! ```
//!
//! `=` compares the whole name; `*` in it stands for any text, `,` separates
//! alternatives. `~` searches for a regular expression.
//!
//! A word ends at a space or `)`: values with one of these need quotes, single
//! or double, and the other kind of quote may be part of what is quoted:
//! `symbol~"^(alloc|core)::"`, `section='[section headers]'`. Nothing is
//! escaped inside quotes.
//!
//! Kinds, sources and evidence have closed vocabularies: what is not a word of
//! them is an error, as it could only be a misspelling that matches nothing.

use std::collections::HashMap;

use super::view::{Dim, Keys, SOURCES};
use super::{Evidence, Leaf, Model};
use crate::kind::Kind;

/// A parsed expression.
#[derive(Debug, Clone)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// The contrary.
    Not(Box<Filter>),
    /// One test of one dimension.
    Test(Dim, Pattern),
}

/// What a name is compared with.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Any of these; `*` stands for any text.
    Any(Vec<String>),
    /// A regular expression found anywhere in it.
    Search(regex_lite::Regex),
}

/// Why an expression could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {}", place(rest))]
pub struct FilterError {
    /// What is wrong.
    pub what: String,
    /// The expression from the wrong place on.
    pub rest: String,
}

fn place(rest: &str) -> String {
    if rest.is_empty() { "at the end".to_string() } else { format!("at `{rest}`") }
}

/// What to do about values that end too early.
const QUOTE: &str = "a value with spaces or parentheses needs quotes";

/// Deepest nesting of parentheses and `not`.
const DEPTH: u32 = 64;

impl Filter {
    /// Reads an expression.
    ///
    /// *Errors*: [`FilterError`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let mut parser = Parser { rest: text.trim_start(), depth: 0 };
        let filter = parser.expr()?;
        match parser.rest.chars().next() {
            None => Ok(filter),
            // Most likely out of a value.
            Some(')') => {
                Err(parser.error(format!("expected `and`, `or` or the end, as no `(` is open ({QUOTE})")))
            }
            Some(_) => Err(parser.error("expected `and`, `or` or the end")),
        }
    }

    /// Adds the dimensions that it looks at.
    pub fn dims(&self, to: &mut Vec<Dim>) {
        match self {
            Filter::And(a, b) | Filter::Or(a, b) => {
                a.dims(to);
                b.dims(to);
            }
            Filter::Not(a) => a.dims(to),
            Filter::Test(dim, _) => to.push(*dim),
        }
    }

    /// Makes the filter ready for the keys of one model.
    pub fn compile<'m>(&self, model: &'m Model) -> Compiled<'m> {
        match self {
            Filter::And(a, b) => Compiled::And(Box::new(a.compile(model)), Box::new(b.compile(model))),
            Filter::Or(a, b) => Compiled::Or(Box::new(a.compile(model)), Box::new(b.compile(model))),
            Filter::Not(a) => Compiled::Not(Box::new(a.compile(model))),
            Filter::Test(dim, pattern) => Compiled::Test {
                keys: Keys::new(model, *dim),
                pattern: pattern.clone(),
                known: HashMap::new(),
            },
        }
    }
}

/// A filter for one model: each name is looked at once.
#[derive(Debug)]
pub enum Compiled<'m> {
    /// Both.
    And(Box<Compiled<'m>>, Box<Compiled<'m>>),
    /// Either.
    Or(Box<Compiled<'m>>, Box<Compiled<'m>>),
    /// The contrary.
    Not(Box<Compiled<'m>>),
    /// One test, and its answers so far.
    Test {
        /// Names of the dimension.
        keys: Keys<'m>,
        /// What they are compared with.
        pattern: Pattern,
        /// Answers by key.
        known: HashMap<u32, bool>,
    },
}

impl Compiled<'_> {
    /// Whether a leaf passes.
    pub fn accepts(&mut self, leaf: &Leaf) -> bool {
        match self {
            Compiled::And(a, b) => a.accepts(leaf) && b.accepts(leaf),
            Compiled::Or(a, b) => a.accepts(leaf) || b.accepts(leaf),
            Compiled::Not(a) => !a.accepts(leaf),
            Compiled::Test { keys, pattern, known } => {
                let key = keys.key(leaf);
                *known.entry(key).or_insert_with(|| keys.texts(key).iter().any(|t| pattern.matches(t)))
            }
        }
    }
}

impl Pattern {
    /// Whether `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Any(all) => all.iter().any(|p| wildcard(p, text)),
            Pattern::Search(regex) => regex.is_match(text),
        }
    }
}

/// `*` stands for any text; everything else for itself. Linear in practice, never worse than quadratic.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn error(&self, what: impl Into<String>) -> FilterError {
        error_at(self.rest, what)
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default().trim_start();
    }

    fn word(&mut self, word: &str) -> bool {
        let Some(after) = self.rest.strip_prefix(word) else { return false };
        let ends = after.starts_with(|c: char| c.is_whitespace() || c == '(' || c == ')') || after.is_empty();
        if ends {
            self.skip(word.len());
        }
        ends
    }

    fn expr(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.term()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.item()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.item()?));
        }
        Ok(left)
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let item = if self.word("not") {
            Filter::Not(Box::new(self.item()?))
        } else if self.rest.starts_with('(') {
            self.skip(1);
            let inner = self.expr()?;
            if !self.rest.starts_with(')') {
                return Err(self.error("expected `)`"));
            }
            self.skip(1);
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(item)
    }

    fn test(&mut self) -> Result<Filter, FilterError> {
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        let Some(dim) = Dim::parse(word) else {
            let all: Vec<&str> = Dim::ALL.iter().map(|d| d.as_str()).collect();
            return Err(self.error(format!("expected one of {}", all.join(", "))));
        };
        self.skip(end);
        if self.rest.starts_with("==") || self.rest.starts_with("!==") {
            return Err(self.error("expected `=` or `!=` with a single `=`"));
        }
        let operators = [("!=", false, true), ("!~", true, true), ("=", false, false), ("~", true, false)];
        let Some((operator, search, negate)) = operators.into_iter().find(|(o, ..)| self.rest.starts_with(o))
        else {
            return Err(self.error("expected `=`, `!=`, `~` or `!~`"));
        };
        self.skip(operator.len());
        let start = self.rest;
        let value = self.value()?;
        let pattern = if search {
            let regex = regex_lite::Regex::new(value).map_err(|error| {
                let hint = if self.is_cut(start, value) { format!(" ({QUOTE})") } else { String::new() };
                error_at(start, format!("bad regular expression: {error}{hint}"))
            })?;
            Pattern::Search(regex)
        } else {
            let names = alternatives(value);
            if names.iter().any(String::is_empty) {
                return Err(error_at(start, "an empty name matches nothing"));
            }
            check_words(dim, &names).map_err(|what| error_at(start, what))?;
            Pattern::Any(names)
        };
        let test = Filter::Test(dim, pattern);
        Ok(if negate { Filter::Not(Box::new(test)) } else { test })
    }

    /// Whether `value`, read at `start`, ended inside a parenthesis that it opened.
    fn is_cut(&self, start: &str, value: &str) -> bool {
        let count = |c: char| value.matches(c).count();
        !start.starts_with(QUOTES) && !self.rest.is_empty() && count('(') > count(')')
    }

    fn value(&mut self) -> Result<&'t str, FilterError> {
        let start = self.rest;
        let value = if let Some(quote) = start.chars().next().filter(|c| QUOTES.contains(c)) {
            let quoted = start.get(1..).unwrap_or_default();
            let Some(end) = quoted.find(quote) else { return Err(self.error("the quote is not closed")) };
            self.skip(end + 2);
            quoted.get(..end).unwrap_or_default()
        } else {
            let end = start.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(start.len());
            self.skip(end);
            start.get(..end).unwrap_or_default()
        };
        if value.is_empty() { Err(error_at(start, "expected a value")) } else { Ok(value) }
    }
}

/// What values can be quoted with.
const QUOTES: [char; 2] = ['"', '\''];

fn error_at(rest: &str, what: impl Into<String>) -> FilterError {
    FilterError { what: what.into(), rest: rest.chars().take(40).collect() }
}

/// The words of a dimension with a closed vocabulary; `None` if any name may occur in it.
pub fn vocabulary(dim: Dim) -> Option<Vec<&'static str>> {
    match dim {
        Dim::Kind => Some(Kind::ALL.iter().map(|kind| kind.as_str()).collect()),
        // The last is the label of bytes that no crate owns.
        Dim::Source => Some(SOURCES.iter().map(|source| source.as_str()).chain(["[no crate]"]).collect()),
        Dim::Evidence => Some(Evidence::ALL.iter().map(|evidence| evidence.as_str()).collect()),
        _ => None,
    }
}

/// Whether names of a dimension with a closed vocabulary are words of it; else what to say.
fn check_words(dim: Dim, names: &[String]) -> Result<(), String> {
    let Some(words) = vocabulary(dim) else { return Ok(()) };
    match names.iter().find(|name| !name.contains('*') && !words.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown {} `{name}`, expected one of {}", dim.as_str(), words.join(", "))),
        None => Ok(()),
    }
}

/// Commas separate names, except inside `<>`, `()` and `[]`, where they are part of one.
fn alternatives(value: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut depth = 0i32;
    for c in value.chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
        match all.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => all.push(String::new()),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_alternatives() {
        assert!(wildcard("serde", "serde"));
        assert!(!wildcard("serde", "serde_json"));
        assert!(wildcard("serde*", "serde_json"));
        assert!(wildcard("*::from_str*", "serde_json::from_str::<T>"));
        assert!(wildcard("a*b*c", "a--b--c"));
        assert!(!wildcard("a*b*c", "a--c--b"));
        assert!(!wildcard("ab*ba", "aba"));
        assert_eq!(alternatives("a,b"), ["a", "b"]);
        assert_eq!(alternatives("f<a,b>,c"), ["f<a,b>", "c"]);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let filter = Filter::parse("kind=code and crate=a or not (section~^.debug)").unwrap();
        assert!(
            matches!(filter, Filter::Or(a, b) if matches!(*a, Filter::And(..)) && matches!(*b, Filter::Not(..)))
        );
    }

    #[test]
    fn errors_say_where_and_why() {
        let say = |text: &str| Filter::parse(text).unwrap_err().to_string();
        assert!(say("").contains("expected one of kind"));
        assert!(say("colour=red").ends_with("at `colour=red`"));
        assert_eq!(say("kind code"), "expected `=`, `!=`, `~` or `!~` at `code`");
        assert_eq!(say("kind="), "expected a value at the end");
        assert_eq!(say("symbol=\"\" and kind=code"), "expected a value at `\"\" and kind=code`");
        assert_eq!(say("symbol~''"), "expected a value at `''`");
        assert_eq!(say("symbol=a,,b"), "an empty name matches nothing at `a,,b`");
        assert_eq!(say("(kind=code"), "expected `)` at the end");
        assert_eq!(say("kind==code"), "expected `=` or `!=` with a single `=` at `==code`");
        assert_eq!(say("kind !== code"), "expected `=` or `!=` with a single `=` at `!== code`");
        assert_eq!(say("kind=code crate=a"), "expected `and`, `or` or the end at `crate=a`");
        assert!(say("crate~[").contains("bad regular expression"));
        assert_eq!(say("symbol=\"a"), "the quote is not closed at `\"a`");
        assert!(say(&"(".repeat(100)).contains("nested too deeply"));
        assert!(say(&"not ".repeat(100)).contains("nested too deeply"));
    }

    #[test]
    fn words_of_closed_vocabularies_are_checked() {
        let say = |text: &str| Filter::parse(text).unwrap_err().to_string();
        let kind = say("kind=code,txt and crate=a");
        assert!(kind.starts_with("unknown kind `txt`, expected one of code, rodata, "), "{kind}");
        assert!(kind.ends_with("at `code,txt and crate=a`"), "{kind}");
        assert!(say("source!=crates.io").contains("workspace, registry, git, path, std, c, unknown"));
        assert!(say("evidence=dwarf").contains("unit, symbol-file, "));
        for fine in [
            "kind=*data",
            "kind~dat",
            "kind=code,bss",
            "source='[no crate]'",
            "evidence=none",
            "crate=no_such_crate",
        ] {
            assert!(Filter::parse(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn both_quotes_quote() {
        for (text, value) in
            [("symbol='a b'", "a b"), ("symbol=\"a b\"", "a b"), ("symbol='say \"(hi)\"'", "say \"(hi)\"")]
        {
            let filter = Filter::parse(text).unwrap();
            assert!(
                matches!(&filter, Filter::Test(Dim::Symbol, Pattern::Any(names)) if names == &[value]),
                "{text}"
            );
        }
        assert!(Filter::parse("symbol='a\"").is_err());
    }

    #[test]
    fn values_that_end_too_early_are_to_be_quoted() {
        let say = |text: &str| Filter::parse(text).unwrap_err().to_string();
        assert!(say("symbol~(foo|bar)").contains(QUOTE));
        assert!(say("symbol=f(int)").contains(QUOTE));
        assert!(!say("symbol~'(foo'").contains(QUOTE));
        assert!(!say("symbol~(foo").contains(QUOTE));
        assert!(Filter::parse("symbol~\"(foo|bar)\"").is_ok());
    }
}
