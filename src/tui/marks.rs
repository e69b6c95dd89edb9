//! What is marked: rows of any view, and what they hold together.

use hashbrown::{HashMap, HashSet};

use super::table::{Path, Side};
use crate::model::view::{Dim, Keys};
use crate::model::{Leaf, Model};

/// Marked rows, each by the way to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    paths: HashSet<Path>,
}

impl Marks {
    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Number of marks.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether that row is marked.
    pub fn has(&self, path: &Path) -> bool {
        self.paths.contains(path)
    }

    /// Marks a row, or takes its mark away.
    pub fn toggle(&mut self, path: Path) {
        if !self.paths.remove(&path) {
            self.paths.insert(path);
        }
    }

    /// Marks a row.
    pub fn add(&mut self, path: Path) {
        self.paths.insert(path);
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        self.paths.clear();
    }

    /// Ready for the leaves of one model.
    pub fn compile<'m>(&self, model: &'m Model, side: Side) -> Selection<'m> {
        let mut shapes: HashMap<Vec<Dim>, HashSet<Vec<u32>>> = HashMap::new();
        for path in &self.paths {
            let keys: Option<Vec<u32>> = path.iter().map(|(_, key)| key.of(side)).collect();
            if let Some(keys) = keys {
                shapes.entry(path.iter().map(|&(dim, _)| dim).collect()).or_default().insert(keys);
            }
        }
        let shapes = shapes
            .into_iter()
            .map(|(dims, wanted)| (dims.into_iter().map(|dim| Keys::new(model, dim)).collect(), wanted));
        Selection { shapes: shapes.collect(), buffer: Vec::new() }
    }
}

/// Marks in the terms of one model.
#[derive(Debug)]
pub struct Selection<'m> {
    shapes: Vec<(Vec<Keys<'m>>, HashSet<Vec<u32>>)>,
    buffer: Vec<u32>,
}

impl Selection<'_> {
    /// Whether a leaf is in what is marked; a leaf in two marked rows is in it once.
    pub fn has(&mut self, leaf: &Leaf) -> bool {
        let Selection { shapes, buffer } = self;
        shapes.iter().any(|(keys, wanted)| {
            buffer.clear();
            buffer.extend(keys.iter().map(|k| k.key(leaf)));
            wanted.contains(buffer.as_slice())
        })
    }
}
