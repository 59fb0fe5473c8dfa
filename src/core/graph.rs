//! The graph of stages: order, dependencies, closures, cycles. Knows nothing of the file it was read from.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::core::stage::StageName;

/// A stage's place in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ix(u32);

impl Ix {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Stages and their dependencies.
#[derive(Clone, Debug, Default)]
pub struct StageGraph {
    names: Vec<StageName>,
    by_name: BTreeMap<StageName, Ix>,
    dependencies: Vec<Vec<Ix>>,
    dependents: Vec<Vec<Ix>>,
    order: Vec<Ix>,
}

impl StageGraph {
    /// A graph of stages with their direct dependencies; names that are not among the stages are left out.
    ///
    /// # Errors
    /// There is a cycle: its path, in which the first is again the last.
    pub fn new(stages: &[(StageName, Vec<StageName>)]) -> Result<Self, Vec<StageName>> {
        let mut graph = Self::default();
        for (ix, (name, _)) in (0..).map(Ix).zip(stages) {
            graph.by_name.insert(name.clone(), ix);
            graph.names.push(name.clone());
        }
        graph.dependents = vec![Vec::new(); graph.names.len()];
        let mut edges = DiGraph::<(), ()>::with_capacity(stages.len(), stages.len());
        for _ in stages {
            edges.add_node(());
        }
        for (ix, (_, dependencies)) in (0..).map(Ix).zip(stages) {
            let mut direct = Vec::new();
            for dependency in dependencies
                .iter()
                .filter_map(|name| graph.by_name.get(name))
            {
                if !direct.contains(dependency) {
                    direct.push(*dependency);
                    graph.dependents[dependency.index()].push(ix);
                    edges.add_edge(
                        NodeIndex::new(dependency.index()),
                        NodeIndex::new(ix.index()),
                        (),
                    );
                }
            }
            graph.dependencies.push(direct);
        }
        graph.order = graph.sort();
        if graph.order.len() == graph.names.len() {
            return Ok(graph);
        }
        Err(graph.cycle(&edges))
    }

    /// All stages of which no cycle is an ancestor, dependencies first, in the order of their declaration among equals.
    fn sort(&self) -> Vec<Ix> {
        let mut open: Vec<usize> = self.dependencies.iter().map(Vec::len).collect();
        let free = (0..).map(Ix).zip(&open).filter(|(_, open)| **open == 0);
        let mut ready: BTreeSet<Ix> = free.map(|(ix, _)| ix).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(next) = ready.pop_first() {
            order.push(next);
            for dependent in &self.dependents[next.index()] {
                open[dependent.index()] -= 1;
                if open[dependent.index()] == 0 {
                    ready.insert(*dependent);
                }
            }
        }
        order
    }

    /// The path of a cycle: each depends on the next.
    fn cycle(&self, edges: &DiGraph<(), ()>) -> Vec<StageName> {
        let components = tarjan_scc(edges);
        let on_cycle = |component: &&Vec<NodeIndex>| {
            let first = component[0];
            component.len() > 1 || edges.contains_edge(first, first)
        };
        let component: BTreeSet<usize> = components
            .iter()
            .filter(on_cycle)
            .map(|component| {
                component
                    .iter()
                    .map(|node| node.index())
                    .collect::<BTreeSet<_>>()
            })
            .min_by_key(|component| component.first().copied())
            .unwrap_or_default();
        let Some(start) = component.first().copied() else {
            return Vec::new();
        };
        let mut path = vec![start];
        while let Some(next) = path.last().and_then(|last| {
            let next = self.dependencies[*last].iter().map(|next| next.index());
            next.filter(|next| component.contains(next)).min()
        }) {
            if let Some(at) = path.iter().position(|known| *known == next) {
                path.drain(..at);
                path.push(next);
                break;
            }
            path.push(next);
        }
        path.into_iter()
            .map(|index| self.names[index].clone())
            .collect()
    }

    /// How many stages there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The stage of that index, which must be less than [`Self::len`].
    pub fn ix(&self, index: usize) -> Ix {
        debug_assert!(index < self.len());
        Ix(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// A stage's name.
    pub fn name(&self, ix: Ix) -> &StageName {
        &self.names[ix.index()]
    }

    /// The stage of that name.
    pub fn find(&self, name: &str) -> Option<Ix> {
        StageName::new(name)
            .ok()
            .and_then(|name| self.by_name.get(&name).copied())
    }

    /// All stages, dependencies first.
    pub fn order(&self) -> &[Ix] {
        &self.order
    }

    /// Direct dependencies.
    pub fn dependencies(&self, ix: Ix) -> &[Ix] {
        &self.dependencies[ix.index()]
    }

    /// Direct dependents.
    pub fn dependents(&self, ix: Ix) -> &[Ix] {
        &self.dependents[ix.index()]
    }

    /// The stages and all that they depend on.
    pub fn with_ancestors(&self, stages: impl IntoIterator<Item = Ix>) -> BTreeSet<Ix> {
        closure(stages, &self.dependencies)
    }

    /// The stages and all that depends on them.
    pub fn with_descendants(&self, stages: impl IntoIterator<Item = Ix>) -> BTreeSet<Ix> {
        closure(stages, &self.dependents)
    }
}

/// The stages and all that `next` leads to from them.
fn closure(stages: impl IntoIterator<Item = Ix>, next: &[Vec<Ix>]) -> BTreeSet<Ix> {
    let mut open: Vec<Ix> = stages.into_iter().collect();
    let mut reached: BTreeSet<Ix> = open.iter().copied().collect();
    while let Some(stage) = open.pop() {
        let next = next[stage.index()].iter();
        open.extend(next.filter(|next| reached.insert(**next)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(stages: &[(&str, &str)]) -> Result<StageGraph, String> {
        let name = |text: &str| StageName::new(text).unwrap();
        let stages = stages.iter().map(|(stage, dependencies)| {
            (
                name(stage),
                dependencies.split_whitespace().map(name).collect(),
            )
        });
        StageGraph::new(&stages.collect::<Vec<_>>()).map_err(|cycle| {
            let names: Vec<_> = cycle.iter().map(StageName::as_str).collect();
            names.join(" -> ")
        })
    }

    fn names(graph: &StageGraph, stages: impl IntoIterator<Item = Ix>) -> String {
        let names: Vec<_> = stages
            .into_iter()
            .map(|ix| graph.name(ix).as_str())
            .collect();
        names.join(" ")
    }

    #[test]
    fn dependencies_come_first_and_equals_in_the_order_of_declaration() {
        let graph = graph(&[("d", "b c"), ("b", "a"), ("c", "a"), ("a", "")]).unwrap();
        assert_eq!(names(&graph, graph.order().to_vec()), "a b c d");
        let b = graph.find("b").unwrap();
        assert_eq!(names(&graph, graph.with_ancestors([b])), "b a");
        assert_eq!(names(&graph, graph.with_descendants([b])), "d b");
    }

    #[test]
    fn a_cycle_is_told_whole() {
        let cycle = graph(&[("x", ""), ("a", "x b"), ("b", "c"), ("c", "a x")]);
        assert_eq!(cycle.map(|_| ()), Err("a -> b -> c -> a".into()));
        assert_eq!(graph(&[("a", "a")]).map(|_| ()), Err("a -> a".into()));
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let name = |index: usize| StageName::new(&format!("s{index}")).unwrap();
        let stages =
            (0..100_000).map(|i| (name(i), if i == 0 { vec![] } else { vec![name(i - 1)] }));
        let graph = StageGraph::new(&stages.collect::<Vec<_>>()).unwrap();
        assert_eq!(graph.with_descendants([graph.ix(0)]).len(), 100_000);
    }
}
