//! Limits on growth: `10KiB`, `1%`, `crate:serde=5KiB`, `shipped=1%`.

use super::diff::signed;
use super::nearest::{known, nearest};
use crate::model::filter::{Filter, Pattern, vocabulary};
use crate::model::view::{Dim, Measure};
use crate::model::{Model, Sizes};

/// How much growth is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Bytes.
    Bytes(u64),
    /// Thousandths of a percent of what there was.
    Share(u64),
}

/// A part of a file that has a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Total,
    /// What is left of it once stripped, in bytes of the file.
    Shipped,
    /// Its memory image.
    Memory,
    /// What a name of a dimension stands for; `*` in the name stands for any text.
    Named(Dim, String),
}

/// A limit on the growth of a part of a file.
#[derive(Debug, Clone)]
pub struct Limit {
    /// As it was written.
    pub text: String,
    /// The part.
    pub part: Part,
    /// How much it may grow.
    pub allowed: Allowed,
}

/// Why a limit could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitError(String);

/// Names of parts that are no part of any dimension.
const WHOLES: [&str; 3] = ["total", "shipped", "memory"];

impl Part {
    /// Reads `total`, `shipped`, `memory` or `DIM:NAME`.
    ///
    /// *Errors*: [`LimitError`] that says what was expected.
    pub fn parse(text: &str) -> Result<Part, LimitError> {
        match text {
            "total" => return Ok(Part::Total),
            "shipped" => return Ok(Part::Shipped),
            "memory" => return Ok(Part::Memory),
            _ => {}
        }
        let (word, name) = text.split_once(':').unwrap_or((text, ""));
        // Models to be judged do not say where code comes from.
        let dims: Vec<&str> = Dim::ALL.iter().filter(|d| !d.is_of_code()).map(|d| d.as_str()).collect();
        let Some(dim) = Dim::parse(word).filter(|d| text.contains(':') && !d.is_of_code()) else {
            let rest = &text[word.len()..];
            let all: Vec<&str> = if rest.is_empty() { WHOLES.to_vec() } else { dims.clone() };
            let meant = match nearest(word, all) {
                Some(meant) => format!(", is `{meant}{rest}` meant?"),
                None => format!(": write total, shipped, memory or DIM:NAME, DIM one of {}", dims.join(", ")),
            };
            return Err(LimitError(format!("`{text}` is no part of a file{meant}")));
        };
        if name.is_empty() {
            return Err(LimitError(format!("`{text}` names nothing behind `{word}:`")));
        }
        if let Some(words) = vocabulary(dim).filter(|w| !name.contains('*') && !w.contains(&name)) {
            let meant = match nearest(name, words.iter().copied()) {
                Some(meant) => format!("is `{word}:{meant}` meant?"),
                None => format!("write one of {}", words.join(", ")),
            };
            return Err(LimitError(format!("`{name}` is no {word}, {meant}")));
        }
        Ok(Part::Named(dim, name.to_string()))
    }

    /// Its bytes; `None` if the model has no such part.
    ///
    /// *Cost*: one pass over the leaves for a name.
    pub fn size(&self, model: &Model, measure: Measure) -> Option<u64> {
        let (dim, name) = match self {
            Part::Total => return Some(measure.of(model.total())),
            Part::Shipped => return model.facts.stripped_size,
            Part::Memory => return Some(model.total().memory),
            Part::Named(dim, name) => (*dim, name),
        };
        let filter = Filter::Test(dim, Pattern::Any(vec![name.clone()]));
        let mut accepts = filter.compile(model);
        let mut sum: Option<Sizes> = None;
        for leaf in model.leaves.iter().filter(|leaf| accepts.accepts(leaf)) {
            *sum.get_or_insert_default() += leaf.sizes();
        }
        sum.map(|sizes| measure.of(sizes))
    }

    /// The part of the model that was most likely meant by a name without `*` that it does not have.
    ///
    /// *Cost*: one pass over the leaves, and each name of the dimension is written once.
    pub fn nearest(&self, model: &Model) -> Option<String> {
        let Part::Named(dim, name) = self else { return None };
        if name.contains('*') {
            return None;
        }
        let names = known(*dim, &[model]);
        let meant = nearest(name, names.iter().map(String::as_str))?;
        Some(format!("{}:{meant}", dim.as_str()))
    }
}

impl Limit {
    /// Reads `SIZE`, `N%`, `PART=SIZE` or `PART=N%`; see [`Part::parse`].
    ///
    /// *Errors*: [`LimitError`] that says what was expected.
    pub fn parse(text: &str) -> Result<Limit, LimitError> {
        let (part, amount) = match text.rsplit_once('=') {
            None => (Part::Total, text),
            Some((part, amount)) => (Part::parse(part)?, amount),
        };
        Ok(Limit { text: text.to_string(), part, allowed: Allowed::parse(amount.trim())? })
    }
}

impl Allowed {
    /// Reads a size, or a share as `1%`.
    ///
    /// *Errors*: [`LimitError`] that says what was expected.
    pub fn parse(text: &str) -> Result<Allowed, LimitError> {
        let wrong = || {
            LimitError(format!("`{text}` is no size: write bytes as 512, 10KiB or 1.5MiB, or a share as 1%"))
        };
        match text.strip_suffix('%') {
            Some(number) => Ok(Allowed::Share(scaled(number.trim(), 1000).ok_or_else(wrong)?)),
            None => Ok(Allowed::Bytes(size(text).ok_or_else(wrong)?)),
        }
    }

    /// In bytes, where there were `before` bytes.
    ///
    /// Of nothing any growth is too much: any share of it is nothing.
    pub fn bytes(self, before: u64) -> u64 {
        match self {
            Allowed::Bytes(bytes) => bytes,
            Allowed::Share(share) => {
                (u128::from(before) * u128::from(share) / 100_000).min(u128::from(u64::MAX)) as u64
            }
        }
    }
}

/// Reads a size in bytes: a number with an optional unit, binary (`KiB`) or decimal (`kB`).
pub fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    scaled(number, unit)
}

/// A decimal number times `unit`, without rounding through floating point.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok() };
    let part = parse(fraction)?.checked_mul(unit)? / 10u64.pow(fraction.len() as u32);
    parse(whole)?.checked_mul(unit)?.checked_add(part)
}

/// How a part changed, and how much it may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// Bytes before.
    pub old: u64,
    /// Bytes now.
    pub new: u64,
    /// Bytes that it may grow by.
    pub allowed: u64,
}

impl Growth {
    /// New minus old.
    pub fn delta(&self) -> i64 {
        signed(self.new).wrapping_sub(signed(self.old))
    }

    /// Bytes that it grew by more than is allowed; 0 if the limit holds.
    pub fn over(&self) -> u64 {
        self.new.saturating_sub(self.old).saturating_sub(self.allowed)
    }
}

/// What a limit says of two models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The part has a size in both; it is 0 where a name stands for nothing.
    Compared(Growth),
    /// There is nothing to compare: a sentence that says why.
    Unchecked(String),
}

/// Checks the growth from `old` to `new` against a limit.
///
/// *Cost*: one pass over the leaves of each for a limit on a part.
pub fn check(old: &Model, new: &Model, limit: &Limit, measure: Measure) -> Verdict {
    let sizes = (limit.part.size(old, measure), limit.part.size(new, measure));
    let (before, after) = match (sizes, &limit.part) {
        ((Some(before), Some(after)), _) => (before, after),
        ((before, after), Part::Named(..)) if before.or(after).is_some() => {
            (before.unwrap_or(0), after.unwrap_or(0))
        }
        (_, Part::Named(..)) => {
            let meant = limit.part.nearest(new).or_else(|| limit.part.nearest(old));
            let meant = meant.map_or(String::new(), |part| format!("; is `{part}` meant?"));
            return Verdict::Unchecked(format!(
                "the limit `{}` matches nothing in either file{meant}",
                limit.text
            ));
        }
        _ => {
            let why = "has no size: not both files are made to ship";
            return Verdict::Unchecked(format!("what the limit `{}` is on {why}", limit.text));
        }
    };
    Verdict::Compared(Growth { old: before, new: after, allowed: limit.allowed.bytes(before) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("10KiB", 10_240),
            ("10k", 10_240),
            ("1.5 MiB", 1_572_864),
            ("2kB", 2_000),
            ("0.001GiB", 1_073_741),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", ".", "KiB", "1 KiBs", "-1", "99999999999999999999", "18446744073709551615k"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn limits_name_a_part_and_an_amount() {
        let parse = |text| Limit::parse(text).map(|l| (l.part, l.allowed)).map_err(|e| e.to_string());
        assert_eq!(parse("1%"), Ok((Part::Total, Allowed::Share(1000))));
        assert_eq!(parse("0.25%"), Ok((Part::Total, Allowed::Share(250))));
        assert_eq!(parse("shipped=1"), Ok((Part::Shipped, Allowed::Bytes(1))));
        let part = Part::Named(Dim::Crate, "serde".to_string());
        assert_eq!(parse("crate:serde=5KiB"), Ok((part, Allowed::Bytes(5120))));
        let module = Part::Named(Dim::Symbol, "<a as b>::c".to_string());
        assert_eq!(parse("symbol:<a as b>::c=1"), Ok((module, Allowed::Bytes(1))));
        assert!(parse("krate:serde=5KiB").is_err_and(|e| e.contains("is `crate:serde` meant?")));
        assert!(parse("totl=5KiB").is_err_and(|e| e.contains("is `total` meant?")));
        assert!(parse("kind:cod=5KiB").is_err_and(|e| e.contains("is `kind:code` meant?")));
        assert!(parse("crate=5KiB").is_err() && parse("nothing:x=1").is_err_and(|e| e.contains("evidence")));
        assert!(parse("crate:=5KiB").is_err() && parse("much").is_err());
    }
}
