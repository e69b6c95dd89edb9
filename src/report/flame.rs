//! A breakdown as stacks, for viewers of flame graphs.
//!
//! Each dimension is a level of the stack; that of functions is as many levels as there are
//! functions inlined into one another, the outermost first.

use std::collections::HashMap;

use crate::intern::Distinct;
use crate::model::view::{Dim, Keys, View};
use crate::model::{Leaf, Model};
use crate::order::Arrange;

/// Bytes by stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flame {
    /// The file it is about, as given.
    pub path: String,
    /// Names of all levels, sorted, each once.
    pub names: Vec<String>,
    /// Stacks with bytes, in order of their names, each once.
    pub stacks: Vec<Stack>,
}

/// Bytes with one stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// Indices into [`Flame::names`], the outermost first.
    pub names: Vec<u32>,
    /// Bytes, at least 1.
    pub bytes: u64,
}

/// The leaves that pass the filter of `view`, by stacks of its dimensions.
///
/// *Cost*: one pass over the leaves, and O(n log n) in the number of stacks.
pub fn flame(model: &Model, view: &View) -> Flame {
    let mut accepts = view.filter.as_ref().map(|f| f.compile(model));
    let mut stacks = Stacks {
        model,
        keys: view.dims.iter().map(|&dim| Keys::new(model, dim)).collect(),
        names: Distinct::default(),
        name_of: HashMap::new(),
        nodes: Distinct::default(),
        last: None,
    };
    let mut bytes: Vec<u64> = Vec::new();
    for leaf in model.leaves.iter() {
        if accepts.as_mut().is_some_and(|a| !a.accepts(&leaf)) {
            continue;
        }
        let node = stacks.node(&leaf) as usize;
        if bytes.len() < node {
            bytes.resize(node, 0);
        }
        // Without a dimension there is no node.
        if let Some(sum) = node.checked_sub(1).and_then(|i| bytes.get_mut(i)) {
            *sum += view.measure.of(leaf.sizes());
        }
    }
    stacks.finish(&bytes)
}

struct Stacks<'m> {
    model: &'m Model,
    keys: Vec<Keys<'m>>,
    names: Distinct<String>,
    /// By level and key.
    name_of: HashMap<(usize, u32), u32>,
    /// What is around it and its name, numbered from 1 as they appear; 0 is around all.
    nodes: Distinct<(u32, u32)>,
    /// Neighbours mostly have one stack.
    last: Option<(Vec<u32>, Leaf, u32)>,
}

impl Stacks<'_> {
    fn node(&mut self, leaf: &Leaf) -> u32 {
        let all: Vec<u32> = self.keys.iter().map(|keys| keys.key(leaf)).collect();
        if let Some((known, last, node)) = &self.last
            && *known == all
            && last.frame == leaf.frame
        {
            return *node;
        }
        let mut node = 0;
        for (level, &key) in all.iter().enumerate() {
            let is_stack = self.keys.get(level).is_some_and(|keys| keys.dim == Dim::Inlined);
            let outer: Vec<u32> = match is_stack {
                true => self
                    .model
                    .stack(leaf.frame)
                    .skip(1)
                    .map(|row| self.keys[level].of_function(row.function))
                    .collect(),
                false => Vec::new(),
            };
            for key in outer.into_iter().rev().chain([key]) {
                let name = self.name(level, key);
                node = self.nodes.insert((node, name)) + 1;
            }
        }
        self.last = Some((all, *leaf, node));
        node
    }

    fn name(&mut self, level: usize, key: u32) -> u32 {
        let (keys, names) = (&self.keys, &mut self.names);
        *self.name_of.entry((level, key)).or_insert_with(|| names.insert(keys[level].label(key)))
    }

    /// Stacks in an order that does not depend on the order of leaves.
    fn finish(self, bytes: &[u64]) -> Flame {
        let texts = self.names.into_values();
        let mut order: Vec<u32> = (0..texts.len() as u32).collect();
        order.arrange_by(|&a, &b| texts[a as usize].cmp(&texts[b as usize]));
        let mut rank = vec![0u32; texts.len()];
        for (place, &name) in (0u32..).zip(&order) {
            rank[name as usize] = place;
        }
        let nodes = self.nodes.values();
        let path = |node: usize| {
            let steps = std::iter::successors(Some(nodes[node]), |&(parent, _)| {
                parent.checked_sub(1).map(|parent| nodes[parent as usize])
            });
            let mut names: Vec<u32> = steps.map(|(_, name)| rank[name as usize]).collect();
            names.reverse();
            names
        };
        let with_bytes = bytes.iter().enumerate().filter(|(_, bytes)| **bytes > 0);
        let mut stacks: Vec<Stack> =
            with_bytes.map(|(node, &bytes)| Stack { names: path(node), bytes }).collect();
        stacks.arrange();
        Flame {
            path: self.model.facts.path.clone(),
            names: order.iter().map(|&n| texts[n as usize].clone()).collect(),
            stacks,
        }
    }
}
