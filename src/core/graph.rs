//! The graph of stages: order, dependencies, closures, cycles. Knows nothing of the file it was read from.

use std::collections::{BTreeMap, BTreeSet};

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
    /// A graph of stages with their direct dependencies, all of which must be among them, without cycles.
    pub fn new(stages: Vec<(StageName, Vec<StageName>)>) -> Option<Self> {
        let mut graph = Self::default();
        for (index, (name, _)) in stages.iter().enumerate() {
            let ix = Ix(u32::try_from(index).ok()?);
            graph.by_name.insert(name.clone(), ix);
            graph.names.push(name.clone());
        }
        graph.dependents = vec![Vec::new(); graph.names.len()];
        for (index, (_, dependencies)) in stages.iter().enumerate() {
            let ix = Ix(u32::try_from(index).ok()?);
            let mut direct = Vec::new();
            for name in dependencies {
                let dependency = *graph.by_name.get(name)?;
                if !direct.contains(&dependency) {
                    direct.push(dependency);
                    graph.dependents[dependency.index()].push(ix);
                }
            }
            graph.dependencies.push(direct);
        }
        let mut open: Vec<usize> = graph.dependencies.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<Ix> = (0..graph.names.len())
            .filter(|i| open[*i] == 0)
            .filter_map(|i| Some(Ix(u32::try_from(i).ok()?)))
            .collect();
        while let Some(next) = ready.pop_first() {
            graph.order.push(next);
            for dependent in &graph.dependents[next.index()] {
                open[dependent.index()] -= 1;
                if open[dependent.index()] == 0 {
                    ready.insert(*dependent);
                }
            }
        }
        (graph.order.len() == graph.names.len()).then_some(graph)
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
        StageName::new(name).ok().and_then(|name| self.by_name.get(&name).copied())
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
}
