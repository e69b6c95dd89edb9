//! Filter expressions: `crate=serde and not kind=debug`.
//!
//! ```text
//! expr  = term { "or" term }
//! term  = item { "and" item }
//! item  = "not" item | "(" expr ")" | test
//! test  = DIMENSION ("=" | "!=" | "~" | "!~") VALUE
//! VALUE = word without spaces and parentheses, or "quoted text"
//! ```
//!
//! `=` compares the whole name; `*` in it stands for any text, `,` separates
//! alternatives. `~` searches for a regular expression.

use std::collections::HashMap;
use std::sync::Mutex;

use super::view::{Dim, Keys};
use super::{Leaf, Model};

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
#[error("{what} at `{rest}`")]
pub struct FilterError {
    /// What is wrong.
    pub what: String,
    /// The expression from the wrong place on.
    pub rest: String,
}

/// Deepest nesting of parentheses and `not`.
const DEPTH: u32 = 64;

impl Filter {
    /// Reads an expression.
    ///
    /// *Errors*: [`FilterError`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let mut parser = Parser { rest: text.trim_start(), depth: 0 };
        let filter = parser.expr()?;
        if parser.rest.is_empty() { Ok(filter) } else { Err(parser.error("expected `and`, `or` or the end")) }
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
                known: Mutex::default(),
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
        known: Mutex<HashMap<u32, bool>>,
    },
}

impl Compiled<'_> {
    /// Whether a leaf passes.
    pub fn accepts(&self, leaf: &Leaf) -> bool {
        match self {
            Compiled::And(a, b) => a.accepts(leaf) && b.accepts(leaf),
            Compiled::Or(a, b) => a.accepts(leaf) || b.accepts(leaf),
            Compiled::Not(a) => !a.accepts(leaf),
            Compiled::Test { keys, pattern, known } => {
                let key = keys.key(leaf);
                let answer = |known: &mut HashMap<u32, bool>| {
                    *known.entry(key).or_insert_with(|| keys.texts(key).iter().any(|t| pattern.matches(t)))
                };
                match known.lock() {
                    Ok(mut known) => answer(&mut known),
                    Err(poisoned) => answer(&mut poisoned.into_inner()),
                }
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
        FilterError { what: what.into(), rest: self.rest.chars().take(40).collect() }
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
        let operators = [("!=", false, true), ("!~", true, true), ("=", false, false), ("~", true, false)];
        let Some((operator, search, negate)) = operators.into_iter().find(|(o, ..)| self.rest.starts_with(o))
        else {
            return Err(self.error("expected `=`, `!=`, `~` or `!~`"));
        };
        self.skip(operator.len());
        let value = self.value()?;
        let pattern = if search {
            match regex_lite::Regex::new(value) {
                Ok(regex) => Pattern::Search(regex),
                Err(error) => return Err(self.error(format!("bad regular expression: {error}"))),
            }
        } else {
            Pattern::Any(alternatives(value))
        };
        let test = Filter::Test(dim, pattern);
        Ok(if negate { Filter::Not(Box::new(test)) } else { test })
    }

    fn value(&mut self) -> Result<&'t str, FilterError> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let Some(end) = quoted.find('"') else { return Err(self.error("the quote is not closed")) };
            self.skip(end + 2);
            return Ok(quoted.get(..end).unwrap_or_default());
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.error("expected a value"));
        }
        let value = self.rest.get(..end).unwrap_or_default();
        self.skip(end);
        Ok(value)
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
        assert_eq!(say("kind="), "expected a value at ``");
        assert_eq!(say("(kind=code"), "expected `)` at ``");
        assert_eq!(say("kind=code crate=a"), "expected `and`, `or` or the end at `crate=a`");
        assert!(say("crate~[").contains("bad regular expression"));
        assert_eq!(say("symbol=\"a"), "the quote is not closed at `\"a`");
        assert!(say(&"(".repeat(100)).contains("nested too deeply"));
        assert!(say(&"not ".repeat(100)).contains("nested too deeply"));
    }
}
