//! `bloat.toml`.
//!
//! ```toml
//! [budget.total]
//! max = "5MiB"
//! max-growth = "1%"
//!
//! [budget."crate:serde"]
//! max = "200KiB"
//! measure = "memory"
//!
//! [deny]
//! new-crates = true
//! new-duplicates = true
//!
//! [[allow]]
//! budget = "crate:serde"
//! extra = "20KiB"
//! reason = "the old API stays until 2.0"
//! until = "2026-12-31"
//! ```

use std::ops::Range;

use toml_edit::Item;

use super::toml::{ConfigError, Section, Source, a};
use crate::analysis::budget::{
    Allowance, Budget, Budgets, CrateRule, Date, Grant, Judgement, Subject, Written,
};
use crate::analysis::limit::{Allowed, Part, size};
use crate::analysis::nearest::nearest;
use crate::model::view::Measure;
use crate::order::Arrange;

/// Budgets and where in the text their numbers are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The budgets.
    pub budgets: Budgets,
    /// By budget, where its `max` stands in the text.
    places: Vec<Option<Range<usize>>>,
}

/// Reads `bloat.toml`.
///
/// *Errors*: [`ConfigError`] at the first thing that is not as it has to be: a key that is
/// unknown, a size that is none, an allowance for a budget that does not exist.
pub fn read(text: &str) -> Result<Config, ConfigError> {
    let source = Source(text);
    let document = source.parse()?;
    let root = Section::root(source, &document);
    root.only(&["budget", "deny", "allow"])?;
    let mut config = Config::default();
    if let Some(item) = root.get("budget") {
        let all = Section::of(source, "budget".to_string(), item)?;
        for (name, item) in all.entries() {
            let part = Part::parse(name).map_err(|e| all.error(name, e.to_string()))?;
            let section = Section::of(source, all.path(name), item)?;
            let (budget, place) = budget(&section, name, part)?;
            config.budgets.budgets.push(budget);
            config.places.push(place);
        }
    }
    if let Some(item) = root.get("deny") {
        let section = Section::of(source, "deny".to_string(), item)?;
        section.only(&CrateRule::ALL.map(CrateRule::as_str))?;
        for rule in CrateRule::ALL {
            if section.flag(rule.as_str())? {
                config.budgets.deny.push(rule);
            }
        }
    }
    for (index, item) in tables(source, root.get("allow"))?.into_iter().enumerate() {
        let section = Section::of(source, format!("allow[{index}]"), &item)?;
        let allowance = allowance(&section, &config.budgets)?;
        config.budgets.allowances.push(allowance);
    }
    Ok(config)
}

/// The tables of a list of tables, however it is written.
fn tables(source: Source<'_>, item: Option<&Item>) -> Result<Vec<Item>, ConfigError> {
    match item {
        None => Ok(Vec::new()),
        Some(Item::ArrayOfTables(all)) => Ok(all.iter().cloned().map(Item::Table).collect()),
        Some(item) => match item.as_array() {
            Some(all) => Ok(all.iter().cloned().map(Item::Value).collect()),
            None => Err(source.error(item.span(), format!("`allow` is {}, write [[allow]]", a(item)))),
        },
    }
}

fn budget(
    section: &Section<'_>,
    name: &str,
    part: Part,
) -> Result<(Budget, Option<Range<usize>>), ConfigError> {
    section.only(&["max", "max-growth", "measure"])?;
    let max = bytes(section, "max")?;
    let place = section.get("max").and_then(Item::span);
    let growth = match section.get("max-growth").and_then(Item::as_integer) {
        Some(_) => {
            bytes(section, "max-growth")?.map(|w| Written { text: w.text, value: Allowed::Bytes(w.value) })
        }
        None => match section.text("max-growth")? {
            None => None,
            Some(text) => {
                let value = Allowed::parse(text.trim()).map_err(|e| {
                    section.error("max-growth", format!("`{}`: {e}", section.path("max-growth")))
                })?;
                Some(Written { text: text.to_string(), value })
            }
        },
    };
    if max.is_none() && growth.is_none() {
        let message = format!(
            "`{}` limits nothing: give it `max` or `max-growth`",
            section.path("").trim_end_matches('.')
        );
        return Err(section.error("max", message));
    }
    let measure = match section.text("measure")? {
        None | Some("file") => Measure::File,
        Some("memory") => Measure::Memory,
        Some(other) => {
            let message = format!("`{}` is `{other}`, not `file` or `memory`", section.path("measure"));
            return Err(section.error("measure", message));
        }
    };
    if measure == Measure::Memory && part == Part::Shipped {
        let message = "what ships is measured in the file, `measure` has no effect on it";
        return Err(section.error("measure", message));
    }
    Ok((Budget { name: name.to_string(), part, measure, max, max_growth: growth }, place))
}

/// A size: a number of bytes, or a text with a unit.
fn bytes(section: &Section<'_>, key: &str) -> Result<Option<Written<u64>>, ConfigError> {
    let Some(item) = section.get(key) else { return Ok(None) };
    let (text, value) = match item.as_integer() {
        Some(number) => (number.to_string(), u64::try_from(number).ok()),
        None => {
            let text = section.text(key)?.unwrap_or_default();
            (text.to_string(), size(text.trim()))
        }
    };
    let Some(value) = value else {
        let path = section.path(key);
        let message = format!("`{path}`: `{text}` is no size: write bytes as 512, \"10KiB\" or \"1.5MiB\"");
        return Err(section.error(key, message));
    };
    Ok(Some(Written { text, value }))
}

fn allowance(section: &Section<'_>, budgets: &Budgets) -> Result<Allowance, ConfigError> {
    section.only(&["budget", "extra", "crate", "reason", "until"])?;
    let budget = section.required("budget")?;
    let rules: Vec<&str> = budgets.deny.iter().map(|rule| rule.as_str()).collect();
    let is_rule = rules.contains(&budget);
    let names = || budgets.budgets.iter().map(|b| b.name.as_str()).chain(rules.iter().copied());
    if !names().any(|name| name == budget) {
        let meant = nearest(budget, names()).map(|meant| format!(", is `{meant}` meant?"));
        let message =
            format!("there is no budget `{budget}` to make an exception from{}", meant.unwrap_or_default());
        return Err(section.error("budget", message));
    }
    let grant = match (bytes(section, "extra")?, section.text("crate")?) {
        (Some(extra), None) if !is_rule => Grant::Extra(extra),
        (None, Some(name)) if is_rule => Grant::Crate(name.replace('-', "_")),
        _ if is_rule => {
            return Err(section
                .error("extra", format!("an exception from `{budget}` names a `crate` and nothing else")));
        }
        _ => {
            return Err(section
                .error("crate", format!("an exception from `{budget}` has an `extra` and nothing else")));
        }
    };
    let reason = section.required("reason")?.trim();
    if reason.is_empty() {
        return Err(section.error("reason", "an exception needs a reason"));
    }
    let until = until(section)?;
    Ok(Allowance { budget: budget.to_string(), grant, reason: reason.to_string(), until })
}

/// The last day, as a text or as TOML's own date.
fn until(section: &Section<'_>) -> Result<Date, ConfigError> {
    let date = match section.get("until").and_then(Item::as_datetime) {
        Some(day) => {
            let plain = day.date.filter(|_| day.time.is_none());
            plain.and_then(|d| Date::new(d.year, d.month, d.day))
        }
        None => Date::parse(section.required("until")?),
    };
    date.ok_or_else(|| section.error("until", "`until` is no day: write it as \"2026-12-31\""))
}

/// The text with every `max` lowered to the size that was found, where that is less.
///
/// Everything else stays as it is, to the byte. `None` if nothing is to be lowered.
pub fn tightened(text: &str, config: &Config, judgement: &Judgement<'_>) -> Option<String> {
    let mut edits: Vec<(Range<usize>, u64)> = Vec::new();
    for finding in &judgement.findings {
        let Subject::Max(Some(measured)) = finding.subject else { continue };
        let index = config.budgets.budgets.iter().position(|b| b.name == finding.name);
        let place = index.and_then(|i| config.places.get(i)?.clone());
        if let Some(place) = place.filter(|_| measured.size < measured.limit) {
            edits.push((place, measured.size));
        }
    }
    edits.arrange_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(text.len() + 16 * edits.len());
    let mut done = 0;
    for (place, size) in &edits {
        out.push_str(text.get(done..place.start)?);
        out.push_str(&separated(*size));
        done = place.end;
    }
    out.push_str(text.get(done..)?);
    (!edits.is_empty()).then_some(out)
}

/// A number as TOML writes large ones: `1_234_567`.
fn separated(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::budget::{Finding, Measured, Standing};
    use crate::model::view::Dim;

    const TEXT: &str = r#"# sizes
[budget]
total = { max = "5MiB", max-growth = "1%" } # all of it
"section:.text" = { max = 4_096 }

[budget."crate:serde"]
max = "200KiB"   # agreed on
measure = "memory"

[deny]
new-crates = true

[[allow]]
budget = "crate:serde"
extra = "20KiB"
reason = "the old API stays until 2.0"
until = 2026-12-31

[[allow]]
budget = "new-crates"
crate = "my-crate"
reason = "moved out"
until = "2027-01-31"
"#;

    #[test]
    fn budgets_are_read() {
        let Budgets { budgets, deny, allowances } = read(TEXT).unwrap().budgets;
        let [total, text, serde] = &budgets[..] else { panic!("{budgets:?}") };
        assert_eq!((&total.part, total.max.as_ref().map(|m| m.value)), (&Part::Total, Some(5 << 20)));
        assert_eq!(total.max_growth.as_ref().map(|m| m.value), Some(Allowed::Share(1000)));
        assert_eq!(text.part, Part::Named(Dim::Section, ".text".into()));
        assert_eq!(text.max, Some(Written { text: "4096".into(), value: 4096 }));
        assert_eq!(serde.measure, Measure::Memory);
        assert_eq!(deny, [CrateRule::NewCrates]);
        assert_eq!(allowances[0].until.to_string(), "2026-12-31");
        assert_eq!(allowances[1].grant, Grant::Crate("my_crate".into()));
    }

    #[test]
    fn errors_name_the_line_the_key_and_what_was_meant() {
        for (text, line, parts) in [
            ("[budgets.total]\nmax = 1", 1, &["unknown key `budgets`", "is `budget` meant?"][..]),
            (
                "\n[budget.total]\nmax_growth = 1",
                3,
                &["`max_growth`", "`budget.total`", "is `max-growth` meant?"],
            ),
            ("[budget.total]\nmax = \"5Mb5\"", 2, &["`budget.total.max`", "`5Mb5` is no size"]),
            ("[budget.total]\nmax = -1", 2, &["`-1` is no size"]),
            ("[budget.total]\nmax = 1.5", 2, &["a fraction"]),
            ("[budget.total]\nmax-growth = \"1%%\"", 2, &["`budget.total.max-growth`", "no size"]),
            ("[budget.total]\n", 1, &["`budget.total` limits nothing"]),
            ("[budget.\"krate:serde\"]\nmax = 1", 1, &["is `crate:serde` meant?"]),
            ("[budget.\"kind:cod\"]\nmax = 1", 1, &["is `kind:code` meant?"]),
            ("[deny]\nnew-crate = true", 2, &["is `new-crates` meant?"]),
            ("[deny]\nnew-crates = 1", 2, &["`deny.new-crates` is a number"]),
            ("budget = 1", 1, &["`budget` is a number, not a table"]),
            ("allow = 1", 1, &["write [[allow]]"]),
            ("[budget.total]\nmax = 1\n[[allow]]\nbudget = \"totl\"", 4, &["`totl`", "is `total` meant?"]),
            ("[budget.total]\nmax = 1\n[[allow]]\nbudget = \"total\"\ncrate = \"a\"", 5, &["an `extra`"]),
            (
                "[budget.total]\nmax = 1\n[[allow]]\nbudget = \"total\"\nextra = 1\nreason = \" \"\nuntil=\"2026-01-01\"",
                6,
                &["needs a reason"],
            ),
            (
                "[budget.total]\nmax = 1\n[[allow]]\nbudget = \"total\"\nextra = 1\nreason = \"r\"\nuntil=\"2026-02-30\"",
                7,
                &["`until` is no day"],
            ),
            ("[budget.total]\nmax = 1\n[budget.total]\n", 3, &["duplicate"]),
            ("a = [", 1, &[]),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.line, Some(line), "{text}: {error}");
            for part in parts {
                assert!(error.message.contains(part), "{text}: {error}");
            }
        }
    }

    #[test]
    fn an_update_lowers_numbers_and_touches_nothing_else() {
        let config = read(TEXT).unwrap();
        let finding = |name, size, limit| {
            let measured = Measured { size, before: None, limit, extra: 0, over: 0 };
            let subject = Subject::Max(Some(measured));
            Finding { name, text: "", standing: Standing::Held, subject, allowances: Vec::new() }
        };
        let findings = vec![
            finding("crate:serde", 123_456, 200 << 10),
            finding("total", (5 << 20) + 1, 5 << 20),
            finding("section:.text", 999, 4096),
        ];
        let judgement = Judgement { findings, remarks: Vec::new() };
        let expected = TEXT.replace("4_096", "999").replace("\"200KiB\"", "123_456");
        assert_eq!(tightened(TEXT, &config, &judgement).as_deref(), Some(expected.as_str()));
        let again = read(&expected).unwrap();
        assert_eq!(again.budgets.budgets[2].max.as_ref().map(|m| m.value), Some(123_456));
        let judgement = Judgement { findings: vec![finding("total", 6 << 20, 5 << 20)], remarks: Vec::new() };
        assert_eq!(tightened(TEXT, &config, &judgement), None);
    }
}
