//! How many bytes agree with the truth.

use std::collections::BTreeMap;

use bloat::kind::Kind;
use bloat::model::{CrateId, Model, Owner, Source};

use crate::truth::{Origin, Placed};

/// Which of the three crates is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notion {
    InstantiatedBy,
    DefinedIn,
    Owner,
}

impl Notion {
    fn of(self, owner: &Owner) -> CrateId {
        match self {
            Notion::InstantiatedBy => owner.instantiated_by,
            Notion::DefinedIn => owner.defined_in,
            Notion::Owner => owner.krate,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Notion::InstantiatedBy => "instantiated by",
            Notion::DefinedIn => "defined in",
            Notion::Owner => "owner",
        }
    }
}

/// Bytes with a known crate, and those of them that agree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    pub known: u64,
    pub agree: u64,
    /// Bytes with no answer; the others that do not agree are wrong.
    pub silent: u64,
    /// Bytes that do not agree though nothing marks them as uncertain.
    pub wrong_and_sure: u64,
}

impl Score {
    pub fn share(self) -> f64 {
        if self.known == 0 { 100.0 } else { self.agree as f64 * 100.0 / self.known as f64 }
    }
}

/// What one subject scored in one notion, by output section, and who was taken for whom.
#[derive(Default)]
pub struct Scores {
    pub by_section: BTreeMap<String, Score>,
    mistakes: BTreeMap<(String, String, String), u64>,
}

impl Scores {
    pub fn of(&self, section: &str) -> Score {
        self.by_section.get(section).copied().unwrap_or_default()
    }

    /// Prints the table, the largest mistakes below it.
    pub fn print(&self, notion: Notion) {
        println!(" {}", notion.as_str());
        for (section, score) in self.by_section.iter().filter(|(_, s)| s.known >= 1000) {
            let Score { known, silent, wrong_and_sure, .. } = *score;
            let share = score.share();
            println!(
                "  {section:<20} {known:>10} bytes  {share:>7.3}%  no answer {silent}, wrong and unmarked {wrong_and_sure}"
            );
        }
        let mut mistakes: Vec<_> = self.mistakes.iter().collect();
        mistakes.sort_by_key(|(key, bytes)| (std::cmp::Reverse(**bytes), *key));
        for ((section, truth, said), bytes) in mistakes.into_iter().take(8) {
            println!("    {bytes:>8} of {section}: {truth} taken for {said}");
        }
    }
}

/// Compares the answers to one notion with the truth, which is in order of address.
pub fn compare(model: &Model, notion: Notion, placed: &[Placed]) -> Scores {
    let mut scores = Scores::default();
    for leaf in model.leaves.iter() {
        let Some(address) = model.leaves.address(leaf.start) else { continue };
        let owner = model.owner(leaf.owner);
        // Exception tables of functions that the linker dropped are in the map, but nobody's.
        let bucket = &model.crates[owner.krate.0 as usize];
        let is_dead = model.names.get(bucket.name) == "[dead unwind data]";
        if leaf.kind == Kind::Padding || is_dead {
            continue;
        }
        let end = address + leaf.len;
        let first = placed.partition_point(|p| p.span.end <= address);
        for p in placed[first..].iter().take_while(|p| p.span.start < end) {
            let Origin::Crate { name, toolchain } = &p.origin else { continue };
            let bytes = p.span.end.min(end).saturating_sub(p.span.start.max(address));
            let by = notion.of(owner);
            let is_guess = match notion {
                Notion::InstantiatedBy => owner.instantiated_evidence.is_guess(),
                Notion::DefinedIn => owner.defined_evidence.is_guess(),
                Notion::Owner => leaf.estimated,
            };
            let score = scores.by_section.entry(p.section.clone()).or_default();
            score.known += bytes;
            if by == CrateId::NONE {
                score.silent += bytes;
            }
            let (said, source) = match by.get().map(|i| &model.crates[i]) {
                Some(row) => (model.names.get(row.name), row.source),
                None => ("nobody", None),
            };
            // The toolchain's copy of a crate is not the program's, whatever it is called.
            if said == name && (source == Some(Source::Std)) == *toolchain {
                score.agree += bytes;
            } else {
                score.wrong_and_sure += if is_guess || by == CrateId::NONE { 0 } else { bytes };
                let whose = if *toolchain { "std's " } else { "" };
                let of = if source == Some(Source::Std) { "std's " } else { "" };
                let key = (p.section.clone(), format!("{whose}{name}"), format!("{of}{said}"));
                *scores.mistakes.entry(key).or_default() += bytes;
            }
        }
    }
    scores
}

/// Shares of the bytes of a file, in percent.
#[derive(Debug, Clone, Copy)]
pub struct Coverage {
    /// With a crate.
    pub crates: f64,
    /// With a crate or a named bucket: all but `[unknown]`.
    pub named: f64,
}

/// How much of the file has an owner.
pub fn coverage(model: &Model) -> Coverage {
    let (mut crates, mut named) = (0u64, 0u64);
    for leaf in model.leaves.iter() {
        let row = &model.crates[model.owner(leaf.owner).krate.0 as usize];
        let name = model.names.get(row.name);
        let bytes = leaf.sizes().file;
        crates += if name.starts_with('[') { 0 } else { bytes };
        named += if name == "[unknown]" { 0 } else { bytes };
    }
    let share = |bytes: u64| bytes as f64 * 100.0 / model.facts.file_size as f64;
    Coverage { crates: share(crates), named: share(named) }
}
