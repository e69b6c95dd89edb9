//! Limits on growth: `10KiB`, `1%`, `crate:serde=5KiB`.

use super::diff::signed;
use crate::model::filter::{Filter, Pattern};
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

/// A limit on the growth of a file or of a part of it.
#[derive(Debug, Clone)]
pub struct Limit {
    /// As it was written.
    pub text: String,
    /// The part; the whole file if none.
    pub part: Option<(Dim, String)>,
    /// How much it may grow.
    pub allowed: Allowed,
}

/// Why a limit could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitError(String);

impl Limit {
    /// Reads `SIZE`, `N%`, `DIM:NAME=SIZE` or `DIM:NAME=N%`.
    ///
    /// *Errors*: [`LimitError`] that says what was expected.
    pub fn parse(text: &str) -> Result<Limit, LimitError> {
        let (part, amount) = match text.rsplit_once('=') {
            None => (None, text),
            Some((part, amount)) => {
                let (word, name) = part.split_once(':').unwrap_or(("", part));
                let Some(dim) = Dim::parse(word) else {
                    let all: Vec<&str> = Dim::ALL.iter().map(|d| d.as_str()).collect();
                    let why = format!(
                        "`{part}` is no part of a file: write DIM:NAME, DIM one of {}",
                        all.join(", ")
                    );
                    return Err(LimitError(why));
                };
                if name.is_empty() {
                    return Err(LimitError(format!("`{text}` names nothing behind `{word}:`")));
                }
                (Some((dim, name.to_string())), amount)
            }
        };
        Ok(Limit { text: text.to_string(), part, allowed: allowed(amount.trim())? })
    }
}

fn allowed(text: &str) -> Result<Allowed, LimitError> {
    let wrong =
        || LimitError(format!("`{text}` is no size: write bytes as 512, 10KiB or 1.5MiB, or a share as 1%"));
    match text.strip_suffix('%') {
        Some(number) => Ok(Allowed::Share(scaled(number.trim(), 1000).ok_or_else(wrong)?)),
        None => Ok(Allowed::Bytes(size(text).ok_or_else(wrong)?)),
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

/// A limit that was exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// The limit as it was written.
    pub limit: String,
    /// Bytes before.
    pub old: u64,
    /// Bytes now.
    pub new: u64,
    /// Bytes that it may grow by.
    pub allowed: u64,
}

/// What a limit says of two models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Held,
    /// It does not.
    Exceeded(Exceeded),
    /// It names what neither file has.
    NoSuchPart,
}

/// Checks the growth from `old` to `new` against a limit.
///
/// *Cost*: one pass over the leaves of each for a limit on a part.
pub fn check(old: &Model, new: &Model, limit: &Limit, measure: Measure) -> Verdict {
    let (before, after) = match &limit.part {
        None => (measure.of(old.total()), measure.of(new.total())),
        Some(part) => match (bytes_of(old, part, measure), bytes_of(new, part, measure)) {
            (None, None) => return Verdict::NoSuchPart,
            (before, after) => (before.unwrap_or(0), after.unwrap_or(0)),
        },
    };
    let allowed = match limit.allowed {
        Allowed::Bytes(bytes) => bytes,
        // Of nothing any growth is too much, and any share of it is nothing.
        Allowed::Share(share) => {
            (u128::from(before) * u128::from(share) / 100_000).min(u128::from(u64::MAX)) as u64
        }
    };
    if signed(after) - signed(before) <= signed(allowed) {
        return Verdict::Held;
    }
    Verdict::Exceeded(Exceeded { limit: limit.text.clone(), old: before, new: after, allowed })
}

/// Bytes of a part; `None` if the model has no such part.
fn bytes_of(model: &Model, (dim, name): &(Dim, String), measure: Measure) -> Option<u64> {
    let filter = Filter::Test(*dim, Pattern::Any(vec![name.clone()]));
    let mut accepts = filter.compile(model);
    let mut sum: Option<Sizes> = None;
    for leaf in model.leaves.iter().filter(|leaf| accepts.accepts(leaf)) {
        *sum.get_or_insert_default() += leaf.sizes();
    }
    sum.map(|sizes| measure.of(sizes))
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
        assert_eq!(parse("1%"), Ok((None, Allowed::Share(1000))));
        assert_eq!(parse("0.25%"), Ok((None, Allowed::Share(250))));
        let part = Some((Dim::Crate, "serde".to_string()));
        assert_eq!(parse("crate:serde=5KiB"), Ok((part, Allowed::Bytes(5120))));
        let module = Some((Dim::Symbol, "<a as b>::c".to_string()));
        assert_eq!(parse("symbol:<a as b>::c=1"), Ok((module, Allowed::Bytes(1))));
        assert!(parse("krate:serde=5KiB").is_err_and(|e| e.contains("crate")));
        assert!(parse("crate:=5KiB").is_err() && parse("much").is_err());
    }
}
