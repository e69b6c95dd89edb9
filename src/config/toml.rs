//! Tables of TOML in which every key is asked for by name, and none is left over.

use std::fmt;
use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use crate::analysis::nearest::nearest;

/// Why a file is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Line in the file, from 1, if the place is known.
    pub line: Option<usize>,
    /// What is wrong there, naming the key.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A text being read.
#[derive(Clone, Copy)]
pub(super) struct Source<'t>(pub &'t str);

impl<'t> Source<'t> {
    /// An error at a place in the text.
    pub fn error(&self, span: Option<Range<usize>>, message: impl Into<String>) -> ConfigError {
        let before = span.and_then(|span| self.0.get(..span.start));
        let line = before.map(|text| text.matches('\n').count() + 1);
        ConfigError { line, message: message.into() }
    }

    /// The document.
    pub fn parse(&self) -> Result<Document<&'t str>, ConfigError> {
        Document::parse(self.0).map_err(|error| {
            let message: Vec<&str> = error.message().lines().map(str::trim).collect();
            self.error(error.span(), message.join(", "))
        })
    }
}

/// A table and the name it is known by in messages.
pub(super) struct Section<'t> {
    source: Source<'t>,
    name: String,
    table: &'t dyn TableLike,
    span: Option<Range<usize>>,
}

impl<'t> Section<'t> {
    /// The whole document.
    pub fn root(source: Source<'t>, document: &'t Document<&str>) -> Section<'t> {
        Section { source, name: String::new(), table: document.as_table(), span: None }
    }

    /// A table that is the value of a key.
    pub fn of(source: Source<'t>, name: String, item: &'t Item) -> Result<Section<'t>, ConfigError> {
        let Some(table) = item.as_table_like() else {
            return Err(source.error(item.span(), format!("`{name}` is {}, not a table", a(item))));
        };
        Ok(Section { source, name, table, span: item.span() })
    }

    /// What a key is called in messages.
    pub fn path(&self, key: &str) -> String {
        let key = if key.contains([':', '.', ' ', '*']) { format!("\"{key}\"") } else { key.to_string() };
        if self.name.is_empty() { key } else { format!("{}.{key}", self.name) }
    }

    /// An error at a key of this table, or at the table if it has no such key.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let at_value = self.table.get(key).and_then(Item::span);
        let at_key = self.table.key(key).and_then(|k| k.span());
        self.source.error(at_key.or(at_value).or(self.span.clone()), message)
    }

    /// Fails on a key that is none of `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let Some((key, _)) = self.table.iter().find(|(key, _)| !known.contains(key)) else { return Ok(()) };
        let place = if self.name.is_empty() { String::new() } else { format!(" in `{}`", self.name) };
        let meant = match nearest(key, known.iter().copied()) {
            Some(meant) => format!("is `{meant}` meant?"),
            None => format!("known keys are {}", known.join(", ")),
        };
        Err(self.error(key, format!("unknown key `{key}`{place}, {meant}")))
    }

    /// All keys and values.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, &'t Item)> {
        self.table.iter()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'t Item> {
        self.table.get(key)
    }

    /// A text.
    pub fn text(&self, key: &str) -> Result<Option<&'t str>, ConfigError> {
        let Some(item) = self.get(key) else { return Ok(None) };
        match item.as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(self.error(key, format!("`{}` is {}, not a text", self.path(key), a(item)))),
        }
    }

    /// A text that must be there.
    pub fn required(&self, key: &str) -> Result<&'t str, ConfigError> {
        let missing = || self.error(key, format!("`{}` has no `{key}`", self.name));
        self.text(key)?.ok_or_else(missing)
    }

    /// True or false; false if it is not there.
    pub fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        let Some(item) = self.get(key) else { return Ok(false) };
        let wrong = || self.error(key, format!("`{}` is {}, not true or false", self.path(key), a(item)));
        item.as_bool().ok_or_else(wrong)
    }
}

/// What a value is, with its article.
pub(super) fn a(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) | Item::Value(Value::Array(_)) => "a list",
        Item::Value(Value::String(_)) => "a text",
        Item::Value(Value::Integer(_)) => "a number",
        Item::Value(Value::Float(_)) => "a fraction",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a date",
    }
}
