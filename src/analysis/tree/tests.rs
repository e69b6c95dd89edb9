use std::collections::BTreeSet;

use super::dominators::Dominators;
use super::links::Links;
use super::walk::Walk;
use super::{Amount, Question, TreeRow, TreeSort, What};
use crate::model::{Sizes, Source};
use crate::project::Package;
use crate::project::graph::{Edge, Graph, GraphPackage, Line, Need};

fn package(name: &str, version: &str) -> GraphPackage {
    GraphPackage {
        package: Package {
            name: name.into(),
            version: version.into(),
            source: Source::Registry,
            crates: Vec::new(),
            root: None,
        },
        is_proc_macro: false,
        is_for_build: false,
        features: None,
    }
}

fn edge(from: u32, to: u32, need: Need) -> Edge {
    Edge { from, to, lines: vec![Line { need, ..Line::default() }] }
}

fn graph(count: usize, edges: &[(u32, u32)]) -> Graph {
    let packages = (0..count).map(|n| package(&format!("p{n:02}"), "1.0.0")).collect();
    Graph::new(packages, edges.iter().map(|&(from, to)| edge(from, to, Need::Normal)).collect()).unwrap()
}

fn bytes(file: u64) -> Sizes {
    Sizes { file, memory: file / 2 }
}

/// The same by walking, again for each question.
struct Plain<'g> {
    edges: BTreeSet<(u32, u32)>,
    roots: Vec<u32>,
    graph: &'g Graph,
}

impl<'g> Plain<'g> {
    fn new(graph: &'g Graph, roots: &[u32]) -> Plain<'g> {
        let edges = graph.edges.iter().filter(|e| e.from != e.to).map(|e| (e.from, e.to)).collect();
        Plain { edges, roots: roots.to_vec(), graph }
    }

    /// What can be reached from `from` without one edge.
    fn reached(&self, from: &[u32], without: Option<(u32, u32)>) -> BTreeSet<u32> {
        let mut seen: BTreeSet<u32> = from.iter().copied().collect();
        loop {
            let ways = self.edges.iter().filter(|edge| Some(**edge) != without && seen.contains(&edge.0));
            let more: Vec<u32> = ways.map(|edge| edge.1).filter(|to| !seen.contains(to)).collect();
            if more.is_empty() {
                return seen;
            }
            seen.extend(more);
        }
    }

    /// What is gone without a package.
    fn gone_without(&self, package: u32) -> BTreeSet<u32> {
        let kept = Plain {
            edges: self.edges.iter().copied().filter(|e| e.0 != package && e.1 != package).collect(),
            roots: self.roots.iter().copied().filter(|&root| root != package).collect(),
            graph: self.graph,
        };
        let all = self.reached(&self.roots, None);
        all.difference(&kept.reached(&kept.roots, None)).copied().collect()
    }
}

fn sum(packages: &BTreeSet<u32>, own: &[Sizes]) -> Sizes {
    let mut sum = Sizes::default();
    for &package in packages {
        sum += own[package as usize];
    }
    sum
}

fn walk<'a>(
    graph: &'a Graph,
    links: &'a Links,
    question: &'a Question,
    roots: &[u32],
    own: &[Sizes],
) -> Walk<'a> {
    let dominators = Dominators::new(links, roots, own);
    Walk {
        graph,
        links,
        question,
        totals: links.totals(own),
        only_edges: dominators.only_edges(links, roots),
        retained: dominators.retained,
        own: own.iter().map(|&sizes| Amount { sizes, symbols: 1, estimated: 0 }).collect(),
    }
}

/// Whatever the graph, cycles and several roots included: totals, what is unique, and the sum of all rows.
#[test]
fn sizes_are_those_of_walking_without_the_edge() {
    arbtest::arbtest(|u| {
        let count = u.int_in_range(1..=12)?;
        let mut edges = Vec::new();
        for _ in 0..u.int_in_range(0..=30)? {
            edges.push((u.int_in_range(0..=count - 1)? as u32, u.int_in_range(0..=count - 1)? as u32));
        }
        let graph = graph(count, &edges);
        let mut roots: Vec<u32> = vec![u.int_in_range(0..=count - 1)? as u32];
        if u.arbitrary()? {
            roots.push(u.int_in_range(0..=count - 1)? as u32);
            roots.dedup();
        }
        let plain = Plain::new(&graph, &roots);
        let all = plain.reached(&roots, None);
        // Powers of two: a sum tells which packages are in it.
        let own: Vec<Sizes> = (0..count)
            .map(|n| if all.contains(&(n as u32)) { bytes(2 << n) } else { Sizes::default() })
            .collect();
        let links = Links::new(&graph, &roots);
        let limit = u.arbitrary::<Option<u8>>()?.map(|n| usize::from(n % 4) + 1);
        let depth = u.arbitrary::<Option<u8>>()?.map(|n| u32::from(n % 4));
        let sort = [TreeSort::Total, TreeSort::Own, TreeSort::Unique, TreeSort::Name]
            [usize::from(u.arbitrary::<u8>()? % 4)];
        let question = Question { limit, depth, sort, ..Question::default() };
        let walk = walk(&graph, &links, &question, &roots, &own);
        for &package in &all {
            let at = package as usize;
            assert_eq!(walk.totals[at], sum(&plain.reached(&[package], None), &own), "total of {package}");
            assert_eq!(walk.retained[at], sum(&plain.gone_without(package), &own), "without {package}");
        }
        let rows = walk.down(&roots);
        let mut shown = Sizes::default();
        let mut seen = BTreeSet::new();
        for row in &rows {
            if !row.is_repeat {
                shown += row.own.sizes;
            }
            let What::Package(package) = row.what else { continue };
            assert!(row.is_repeat || seen.insert(package), "{package} is shown twice");
            let Some(edge) = row.edge else { continue };
            let edge = &graph.edges[edge as usize];
            let kept = plain.reached(&roots, Some((edge.from, edge.to)));
            let gone = all.difference(&kept).copied().collect();
            assert_eq!(row.unique, sum(&gone, &own), "without the edge {} to {}", edge.from, edge.to);
        }
        assert_eq!(shown, sum(&all, &own), "{rows:?}");
        if question.limit.is_none() && question.depth.is_none() {
            assert_eq!(seen, all);
        }
        assert!(rows.iter().filter(|r| r.is_repeat).all(|r| match r.what {
            What::Package(package) => seen.contains(&package),
            _ => false,
        }));
        for package in all.iter().filter(|_| question.limit.is_none() && question.depth.is_none()) {
            assert!(
                walk.up(&[*package]).iter().any(|r| matches!(r.what, What::Package(p) if roots.contains(&p)))
            );
        }
        Ok(())
    });
}

#[test]
fn a_depth_shows_what_is_near_and_counts_the_rest() {
    // 0 needs 1 and 4; 1 needs 2, 2 needs 3, 3 needs 4, which is near by another way; 4 needs 5.
    let graph = graph(6, &[(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5)]);
    let own: Vec<Sizes> = (0..6).map(|n| bytes(2 << n)).collect();
    let links = Links::new(&graph, &[0]);
    let question = Question { depth: Some(2), ..Question::default() };
    let text = |row: &TreeRow| match row.what {
        What::Package(p) => {
            format!("{} p{p} {}{}", row.depth, row.own.sizes.file, if row.is_repeat { "*" } else { "" })
        }
        other => format!("{} {other:?} {}", row.depth, row.own.sizes.file),
    };
    let rows = walk(&graph, &links, &question, &[0], &own).down(&[0]);
    let lines: Vec<String> = rows.iter().map(text).collect();
    assert_eq!(lines, ["0 p0 2", "1 p1 4", "2 p2 8", "1 p4 32", "2 p5 64", "0 Deeper(1) 16"]);
    let question = Question::default();
    let rows = walk(&graph, &links, &question, &[0], &own).down(&[0]);
    let lines: Vec<String> = rows.iter().map(text).collect();
    assert_eq!(lines, ["0 p0 2", "1 p1 4", "2 p2 8", "3 p3 16", "4 p4 32*", "1 p4 32", "2 p5 64"]);
}

#[test]
fn graphs_of_any_shape_are_answered() {
    // A chain, a ring, and a ladder in which every way is as good as another.
    let count = 4_000u32;
    let chain: Vec<(u32, u32)> = (1..count).map(|n| (n - 1, n)).collect();
    let ring: Vec<(u32, u32)> = (0..count).map(|n| (n, (n + 1) % count)).collect();
    let ladder = (0..count - 10).flat_map(|n| (1..=9).map(move |step| (n, n + step)));
    for edges in [chain, ring, ladder.collect()] {
        let graph = graph(count as usize, &edges);
        let own = vec![bytes(2); count as usize];
        let links = Links::new(&graph, &[0]);
        let question = Question::default();
        let walk = walk(&graph, &links, &question, &[0], &own);
        let linked = links.linked.iter().filter(|l| **l).count() as u64;
        assert_eq!(walk.totals[0].file, 2 * linked);
        assert_eq!(walk.retained[0].file, 2 * linked);
        let rows = walk.down(&[0]);
        assert_eq!(rows.len(), graph.edges.iter().filter(|e| links.linked[e.from as usize]).count() + 1);
    }
}

#[test]
fn what_only_builds_tests_and_macros_need_is_not_linked() {
    let mut packages: Vec<GraphPackage> =
        ["app", "lib", "derive", "syn", "cc", "test"].map(|name| package(name, "1.0.0")).into();
    packages[2].is_proc_macro = true;
    let edges = vec![
        edge(0, 1, Need::Normal),
        edge(0, 2, Need::Normal),
        edge(2, 3, Need::Normal),
        edge(1, 4, Need::Build),
        edge(0, 5, Need::Dev),
        edge(0, 4, Need::Dev),
    ];
    let graph = Graph::new(packages, edges).unwrap();
    let links = Links::new(&graph, &[0]);
    assert_eq!(links.linked, [true, true, false, false, false, false]);
    assert_eq!(super::build_only(&graph, &links, &[0]), [4, 2, 3]);
}
