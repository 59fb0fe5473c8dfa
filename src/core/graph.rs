//! The graph of stages: order, dependencies, closures, cycles. Knows nothing of the file it was read from.

use std::collections::{BTreeSet, HashMap};

use petgraph::algo::kosaraju_scc;
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
    by_name: HashMap<StageName, Ix>,
    dependencies: Vec<Vec<Ix>>,
    dependents: Vec<Vec<Ix>>,
    order: Vec<Ix>,
}

impl StageGraph {
    /// A graph of stages with their direct dependencies; names that are not among the stages are left out.
    ///
    /// # Errors
    /// There are cycles: the path of each, in which the first is again the last. No two share a stage, and any other cycle
    /// shares one with one of these.
    pub fn new(stages: &[(StageName, Vec<StageName>)]) -> Result<Self, Vec<Vec<StageName>>> {
        let mut graph = Self::default();
        for (ix, (name, _)) in (0..).map(Ix).zip(stages) {
            graph.by_name.insert(name.clone(), ix);
            graph.names.push(name.clone());
        }
        graph.dependents = vec![Vec::new(); graph.names.len()];
        // For each stage the last one that named it, so that a name that stands twice counts once.
        let mut named_by = vec![None; graph.names.len()];
        for (ix, (_, dependencies)) in (0..).map(Ix).zip(stages) {
            let mut direct = Vec::new();
            for name in dependencies {
                let Some(dependency) = graph.by_name.get(name) else {
                    continue;
                };
                if named_by[dependency.index()].replace(ix) != Some(ix) {
                    direct.push(*dependency);
                    graph.dependents[dependency.index()].push(ix);
                }
            }
            graph.dependencies.push(direct);
        }
        graph.order = graph.sort();
        if graph.order.len() == graph.names.len() {
            return Ok(graph);
        }
        Err(graph.cycles())
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

    /// A cycle of each set of stages that all depend on each other, in the order of declaration.
    fn cycles(&self) -> Vec<Vec<StageName>> {
        let mut edges = DiGraph::<(), ()>::with_capacity(self.len(), self.len());
        for _ in &self.names {
            edges.add_node(());
        }
        for (stage, dependencies) in self.dependencies.iter().enumerate() {
            for dependency in dependencies {
                let (stage, dependency) = (stage, dependency.index());
                edges.add_edge(NodeIndex::new(stage), NodeIndex::new(dependency), ());
            }
        }
        // Not Tarjan's, which petgraph walks by recursion: a cycle may be long.
        let components = kosaraju_scc(&edges);
        let components = components.into_iter().map(|component| {
            let stages = component.into_iter().map(NodeIndex::index);
            stages.collect::<BTreeSet<_>>()
        });
        let mut cycles: Vec<_> = components.filter_map(|set| self.cycle(&set)).collect();
        cycles.sort();
        let named = |cycle: Vec<usize>| {
            let names = cycle.iter().map(|stage| self.names[*stage].clone());
            names.collect()
        };
        cycles.into_iter().map(named).collect()
    }

    /// The path of a cycle within a set of stages that all depend on each other: each depends on the next. None if the set is
    /// one stage that does not depend on itself.
    fn cycle(&self, component: &BTreeSet<usize>) -> Option<Vec<usize>> {
        let mut path = Vec::new();
        let mut positions = HashMap::new();
        let mut stage = *component.first()?;
        let start = loop {
            if let Some(position) = positions.insert(stage, path.len()) {
                break position;
            }
            path.push(stage);
            let next = self.dependencies[stage].iter().map(|next| next.index());
            stage = next.filter(|next| component.contains(next)).min()?;
        };
        let mut cycle = path.split_off(start);
        let least = (0..cycle.len()).min_by_key(|at| cycle[*at])?;
        cycle.rotate_left(least);
        cycle.push(cycle[0]);
        Some(cycle)
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
        self.by_name.get(name).copied()
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
        StageGraph::new(&stages.collect::<Vec<_>>()).map_err(|cycles| {
            let paths = cycles.iter().map(|cycle| {
                let names: Vec<_> = cycle.iter().map(StageName::as_str).collect();
                names.join(" -> ")
            });
            paths.collect::<Vec<_>>().join("; ")
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
    fn every_cycle_is_told_whole() {
        for (stages, cycles) in [
            (
                &[("x", ""), ("a", "x b"), ("b", "c"), ("c", "a x")][..],
                "a -> b -> c -> a",
            ),
            (&[("a", "a")], "a -> a"),
            // What only leads to a cycle is not in it.
            (
                &[("a", "b"), ("b", "d"), ("c", ""), ("d", "b c")],
                "b -> d -> b",
            ),
            (
                &[("a", "c"), ("b", "b"), ("c", "a b"), ("d", "a")],
                "a -> c -> a; b -> b",
            ),
            // Two that share a stage are told one after the other.
            (&[("a", "b c"), ("b", "a"), ("c", "a")], "a -> b -> a"),
        ] {
            let told = graph(stages).map(|_| ());
            assert_eq!(told, Err(cycles.to_owned()));
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_one_dependency() {
        let graph = graph(&[("a", ""), ("b", "a a"), ("c", "a b a")]).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| graph.find(name).unwrap());
        assert_eq!(graph.dependencies(b), [a]);
        assert_eq!(graph.dependencies(c), [a, b]);
        assert_eq!(graph.dependents(a), [b, c]);
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let name = |index: usize| StageName::new(&format!("s{index}")).unwrap();
        let mut stages: Vec<_> = (0..100_000)
            .map(|i| (name(i), if i == 0 { vec![] } else { vec![name(i - 1)] }))
            .collect();
        let graph = StageGraph::new(&stages).unwrap();
        assert_eq!(graph.with_descendants([graph.ix(0)]).len(), 100_000);
        stages[0].1.push(name(99_999));
        let cycles = StageGraph::new(&stages).unwrap_err();
        assert_eq!(cycles.len(), 1);
        assert_eq!(cycles[0].len(), 100_001);
    }

    #[test]
    fn many_dependencies_are_no_trouble() {
        let name = |index: usize| StageName::new(&format!("s{index}")).unwrap();
        let mut stages: Vec<_> = (0..100_000).map(|i| (name(i), vec![])).collect();
        stages.push((name(100_000), (0..100_000).map(name).collect()));
        let graph = StageGraph::new(&stages).unwrap();
        assert_eq!(graph.dependencies(graph.ix(100_000)).len(), 100_000);
    }
}
