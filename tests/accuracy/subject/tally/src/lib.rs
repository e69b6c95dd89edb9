//! Counts things by key.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Debug, Display};
use std::hash::Hash;

/// How often each key was seen.
#[derive(Default)]
pub struct Tally<K> {
    counts: HashMap<K, u64>,
}

impl<K: Hash + Eq + Ord + Clone + Debug> Tally<K> {
    /// A tally of nothing.
    pub fn new() -> Tally<K> {
        Tally { counts: HashMap::new() }
    }

    /// Counts one more of `key`.
    pub fn add(&mut self, key: K) {
        *self.counts.entry(key).or_insert(0) += 1;
    }

    /// The keys by count, most frequent first.
    pub fn ranked(&self) -> Vec<(K, u64)> {
        let mut all: Vec<(K, u64)> = self.counts.iter().map(|(k, &n)| (k.clone(), n)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }
}

/// What a line of text can be wrong in.
#[derive(Debug, Clone, PartialEq)]
pub enum LineError {
    Empty,
    NoNumber(String),
    TooLarge { value: f64, limit: f64 },
}

impl Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::Empty => write!(f, "the line is empty"),
            LineError::NoNumber(word) => write!(f, "`{word}` is no number"),
            LineError::TooLarge { value, limit } => write!(f, "{value} is over the limit of {limit}"),
        }
    }
}

impl std::error::Error for LineError {}

/// Reads one number per word, not over `limit`.
pub fn numbers(line: &str, limit: f64) -> Result<Vec<f64>, LineError> {
    if line.trim().is_empty() {
        return Err(LineError::Empty);
    }
    line.split_whitespace()
        .map(|word| {
            let value: f64 = word.parse().map_err(|_| LineError::NoNumber(word.to_string()))?;
            if value > limit {
                return Err(LineError::TooLarge { value, limit });
            }
            Ok(value)
        })
        .collect()
}

/// The words of a text in order, with the lines they stand on.
pub fn index(text: &str) -> BTreeMap<String, Vec<usize>> {
    let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        for word in line.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            index.entry(word.to_lowercase()).or_default().push(at + 1);
        }
    }
    index
}
