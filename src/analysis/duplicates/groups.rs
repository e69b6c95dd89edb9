//! Equal and nearly equal pieces: what they are called, whose they are, what sharing them would save.

use std::collections::{BTreeMap, HashMap};

use super::{Order, Scope};
use crate::kind::Kind;
use crate::model::{CrateId, Duplicates, Identical, Leaf, Model, Piece, PieceForm, Similar, SymbolId};
use crate::names;
use crate::order::Arrange;

/// Bytes that sharing would leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Saved {
    /// With the padding behind each copy.
    pub all: u64,
    /// Of them, where no function whose address is a value is shared; `None` if that is not known.
    pub safe: Option<u64>,
    /// Unwind records of the functions left out, which go with them.
    pub unwind: u64,
}

impl Saved {
    /// Adds what another group saves.
    pub fn add(&mut self, other: &Saved) {
        self.all += other.all;
        self.safe = self.safe.zip(other.safe).map(|(a, b)| a + b);
        self.unwind += other.unwind;
    }
}

/// A piece of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The piece.
    pub piece: Piece,
    /// The crate that owns it.
    pub krate: CrateId,
    /// Whether that is a guess.
    pub estimated: bool,
}

/// Pieces that are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equals {
    /// The generic item that most members are instances of; the text or the size of a constant.
    pub name: String,
    /// How many other items there are among the members.
    pub others: u64,
    /// What they are.
    pub form: PieceForm,
    /// Two or more, in order of position.
    pub members: Vec<Member>,
    /// What sharing them would save.
    pub saved: Saved,
}

/// Functions that are nearly equal: all of the shapes in which one generic item occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearEquals {
    /// The generic item that most of their members are instances of.
    pub name: String,
    /// What saves most first.
    pub shapes: Vec<Shape>,
    /// Bytes that one body for each shape would save.
    pub saved: u64,
    /// Functions in all shapes.
    pub copies: u64,
}

/// Functions that differ only in what some of their operands refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How many other generic items there are among the members.
    pub others: u64,
    /// One of each kind of equals, in order of position.
    pub members: Vec<Member>,
    /// Operands in which they differ.
    pub operands: u64,
    /// Bytes that one body would save, with code in front of it for each member that passes the operands.
    pub saved: u64,
}

/// What is asked of a model for every group.
struct Namer<'m> {
    model: &'m Model,
    knows_taken: bool,
    /// Unwind bytes by symbol.
    unwind: HashMap<SymbolId, u64>,
}

impl<'m> Namer<'m> {
    fn new(model: &'m Model, duplicates: &Duplicates) -> Namer<'m> {
        let mut unwind = HashMap::new();
        for leaf in model.leaves.iter().filter(|l| l.kind == Kind::Unwind && l.in_file) {
            if leaf.symbol != SymbolId::NONE {
                *unwind.entry(leaf.symbol).or_default() += leaf.len;
            }
        }
        Namer { model, knows_taken: duplicates.knows_taken, unwind }
    }

    /// The members that `accepts` lets pass, with their owners.
    fn members(
        &self,
        pieces: &[Piece],
        scope: &Scope,
        accepts: &mut dyn FnMut(&Leaf) -> bool,
    ) -> Vec<Member> {
        let member = |piece: &Piece| {
            let leaf = self.model.leaves.at(piece.start).filter(|_| piece.len >= scope.min_size)?;
            let krate = self.model.owner(leaf.owner).krate;
            accepts(&leaf).then_some(Member { piece: *piece, krate, estimated: leaf.estimated })
        };
        pieces.iter().filter_map(member).collect()
    }

    /// The generic item that most members are instances of, and how many others there are.
    fn generic(&self, members: &[Member]) -> (String, u64) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for member in members {
            *counts.entry(self.generic_of(member.piece.symbol)).or_default() += 1;
        }
        let others = counts.len().saturating_sub(1) as u64;
        let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        (most.map(|(name, _)| name).unwrap_or_default(), others)
    }

    fn generic_of(&self, symbol: SymbolId) -> String {
        match symbol.get().and_then(|i| self.model.symbols.get(i)) {
            Some(row) if row.sort.is_symbol() => names::generic(row.plain_name(&self.model.names)),
            _ => self.model.symbol_label(symbol),
        }
    }

    fn saved(&self, members: &[Member]) -> Saved {
        let size = |m: &Member| m.piece.len + m.piece.filler;
        let folded = || members.iter().skip(1);
        // Of those that fold safely, one may have lost the member it folds into to a filter.
        let safe: u64 = members.iter().filter(|m| m.piece.folds_safely).map(size).sum();
        let all: u64 = folded().map(size).sum();
        Saved {
            all,
            safe: self.knows_taken.then_some(safe.min(all)),
            unwind: folded().filter_map(|m| self.unwind.get(&m.piece.symbol)).sum(),
        }
    }

    fn name(&self, group: &Identical, members: &[Member]) -> (String, u64) {
        let size = members.first().map_or(0, |m| m.piece.len);
        let is_named = members.iter().any(|m| m.piece.symbol != SymbolId::NONE);
        match (&group.text, is_named) {
            (Some(text), false) => (format!("{text:?}"), 0),
            (None, false) => (format!("[{size} bytes without a name]"), 0),
            (_, true) => {
                let named: Vec<Member> =
                    members.iter().filter(|m| m.piece.symbol != SymbolId::NONE).copied().collect();
                self.generic(&named)
            }
        }
    }
}

/// Prices groups of equal pieces of one form.
///
/// *Cost*: one pass over the leaves; parses the names of all members.
pub fn equals(
    model: &Model,
    duplicates: &Duplicates,
    groups: &[Identical],
    form: PieceForm,
    scope: &Scope,
    order: Order,
) -> Vec<Equals> {
    let namer = Namer::new(model, duplicates);
    let mut accepts = scope.filter.as_ref().map(|f| f.compile(model));
    let mut accepts = |leaf: &Leaf| accepts.as_mut().is_none_or(|a| a.accepts(leaf));
    let mut all = Vec::new();
    for group in groups.iter().filter(|g| g.form == form) {
        let members = namer.members(&group.members, scope, &mut accepts);
        if members.len() < 2 {
            continue;
        }
        let (name, others) = namer.name(group, &members);
        all.push(Equals { name, others, form, saved: namer.saved(&members), members });
    }
    order.sort(&mut all, |g| (g.saved.all, g.members.len() as u64, &g.name));
    all
}

/// Prices groups of nearly equal functions and puts those of one generic item together. What saves nothing is
/// left out.
///
/// *Cost*: as [`equals`].
pub fn near_equals(model: &Model, duplicates: &Duplicates, scope: &Scope, order: Order) -> Vec<NearEquals> {
    let namer = Namer::new(model, duplicates);
    let mut accepts = scope.filter.as_ref().map(|f| f.compile(model));
    let mut accepts = |leaf: &Leaf| accepts.as_mut().is_none_or(|a| a.accepts(leaf));
    let mut by_name: BTreeMap<String, Vec<Shape>> = BTreeMap::new();
    for group in &duplicates.similar {
        let members = namer.members(&group.members, scope, &mut accepts);
        let saved = shared(group, &members);
        if saved == 0 {
            continue;
        }
        let (name, others) = namer.generic(&members);
        by_name.entry(name).or_default().push(Shape { others, members, operands: group.operands, saved });
    }
    let generic = |(name, mut shapes): (String, Vec<Shape>)| {
        shapes.arrange_by_key(|s| (std::cmp::Reverse(s.saved), s.members.first().map(|m| m.piece.start)));
        let saved = shapes.iter().map(|s| s.saved).sum();
        let copies = shapes.iter().map(|s| s.members.len() as u64).sum();
        NearEquals { name, shapes, saved, copies }
    };
    let mut all: Vec<NearEquals> = by_name.into_iter().map(generic).collect();
    order.sort(&mut all, |g| (g.saved, g.copies, &g.name));
    all
}

/// What one body instead of all members would save, once each has code that passes what differs.
fn shared(group: &Similar, members: &[Member]) -> u64 {
    let total: u64 = members.iter().map(|m| m.piece.len).sum();
    let body = members.first().map_or(0, |m| m.piece.len);
    let passing = group.operands.saturating_mul(group.operand_cost).saturating_add(group.jump_cost);
    let left = body.saturating_add(passing.saturating_mul(members.len() as u64));
    if members.len() < 2 { 0 } else { total.saturating_sub(left) }
}
