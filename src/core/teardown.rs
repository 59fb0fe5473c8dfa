//! Which stages go down, in which order, and which must stay: from what is recorded, not from today's library.
//! Knows nothing of the disk or of how a stage is taken down.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::record::Edge;
use crate::core::stage::StageName;

/// What is known of the stages that may go down.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Every stage that may be up, and whether it is protected.
    pub stages: BTreeMap<StageName, bool>,
    /// Dependent and dependency, of every `up` since the dependent was last down.
    pub edges: BTreeSet<(StageName, StageName)>,
    /// Those of the last `up` alone.
    pub last: BTreeSet<(StageName, StageName)>,
}

impl Standing {
    /// What is recorded, without the stages that are surely down.
    pub fn new(
        stages: impl IntoIterator<Item = (StageName, bool)>,
        edges: impl IntoIterator<Item = Edge>,
    ) -> Self {
        let mut standing = Self {
            stages: stages.into_iter().collect(),
            ..Self::default()
        };
        for edge in edges {
            let pair = (edge.stage, edge.dependency);
            if edge.last {
                standing.last.insert(pair.clone());
            }
            if edge.since_down || edge.last {
                standing.edges.insert(pair);
            }
        }
        standing
    }

    /// The direct dependents of a stage that may be up.
    fn dependents(&self) -> BTreeMap<&StageName, Vec<&StageName>> {
        let mut dependents: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (dependent, dependency) in &self.edges {
            if self.stages.contains_key(dependent) {
                dependents.entry(dependency).or_default().push(dependent);
            }
        }
        dependents
    }

    /// The stages and all that depends on them, as far as it may be up.
    pub fn with_dependents(&self, stages: &BTreeSet<StageName>) -> BTreeSet<StageName> {
        let dependents = self.dependents();
        let mut reached = stages.clone();
        let mut open: Vec<_> = stages.iter().collect();
        while let Some(stage) = open.pop() {
            for dependent in dependents.get(stage).into_iter().flatten() {
                if reached.insert((*dependent).clone()) {
                    open.push(dependent);
                }
            }
        }
        reached.retain(|stage| self.stages.contains_key(stage));
        reached
    }

    /// The protected stages and all that they depend on: they must stay.
    pub fn protected(&self) -> BTreeSet<StageName> {
        let mut kept: BTreeSet<StageName> = BTreeSet::new();
        let protected = self.stages.iter().filter(|(_, protected)| **protected);
        let mut open: Vec<_> = protected.map(|(stage, _)| stage.clone()).collect();
        let mut dependencies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (dependent, dependency) in &self.edges {
            dependencies.entry(dependent).or_default().push(dependency);
        }
        while let Some(stage) = open.pop() {
            if kept.insert(stage.clone()) {
                let next = dependencies.get(&stage).into_iter().flatten();
                open.extend(next.map(|dependency| (*dependency).clone()));
            }
        }
        kept.retain(|stage| self.stages.contains_key(stage));
        kept
    }

    /// For each of the stages those that must be down before it, by index into `stages`. Edges of earlier runs that
    /// contradict later ones (a dependency was turned round) give way to those of the last.
    pub fn waits(&self, stages: &[StageName]) -> Vec<Vec<u32>> {
        let waits = waits(stages, &self.edges);
        if is_acyclic(&waits) {
            return waits;
        }
        let waits = self::waits(stages, &self.last);
        if is_acyclic(&waits) {
            waits
        } else {
            vec![Vec::new(); stages.len()]
        }
    }
}

fn waits(stages: &[StageName], edges: &BTreeSet<(StageName, StageName)>) -> Vec<Vec<u32>> {
    let index: BTreeMap<_, _> = stages.iter().zip(0_u32..).collect();
    let mut waits = vec![Vec::new(); stages.len()];
    for (dependent, dependency) in edges {
        if let (Some(dependent), Some(dependency)) = (index.get(dependent), index.get(dependency)) {
            waits[*dependency as usize].push(*dependent);
        }
    }
    waits
}

fn is_acyclic(waits: &[Vec<u32>]) -> bool {
    order(waits).len() == waits.len()
}

/// The stages so that what each waits for comes first; those on a cycle are missing. Later ones first among equals, so that
/// what came up last goes down first.
pub fn order(waits: &[Vec<u32>]) -> Vec<usize> {
    let mut open: Vec<usize> = waits.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); waits.len()];
    for (stage, earlier) in waits.iter().enumerate() {
        for earlier in earlier {
            followers[*earlier as usize].push(stage);
        }
    }
    let free = open.iter().enumerate().filter(|(_, open)| **open == 0);
    let mut ready: BTreeSet<usize> = free.map(|(stage, _)| stage).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(stage) = ready.pop_last() {
        order.push(stage);
        for follower in &followers[stage] {
            open[*follower] -= 1;
            if open[*follower] == 0 {
                ready.insert(*follower);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> StageName {
        StageName::new(text).unwrap()
    }

    fn names(text: &str) -> BTreeSet<StageName> {
        text.split_whitespace().map(name).collect()
    }

    fn standing(stages: &str, protected: &str, edges: &[(&str, &str, bool)]) -> Standing {
        let protected = names(protected);
        let edges = edges.iter().map(|(stage, dependency, last)| Edge {
            stage: name(stage),
            dependency: name(dependency),
            last: *last,
            since_down: true,
        });
        let stages = names(stages).into_iter();
        Standing::new(
            stages.map(|stage| {
                let is_protected = protected.contains(&stage);
                (stage, is_protected)
            }),
            edges,
        )
    }

    #[test]
    fn what_depends_on_a_stage_goes_down_with_it() {
        let edges = [("b", "a", true), ("c", "b", true), ("x", "a", true)];
        let standing = standing("a b c", "", &edges);
        assert_eq!(standing.with_dependents(&names("b")), names("b c"));
        assert_eq!(standing.with_dependents(&names("a")), names("a b c"));
    }

    #[test]
    fn what_a_protected_stage_depends_on_stays() {
        let edges = [("b", "a", true), ("c", "b", true), ("d", "a", true)];
        let standing = standing("a b c d", "b", &edges);
        assert_eq!(standing.protected(), names("a b"));
    }

    #[test]
    fn a_dependency_that_was_turned_round_counts_as_it_was_last() {
        let stages = [name("a"), name("b")];
        let standing = standing("a b", "", &[("a", "b", false), ("b", "a", true)]);
        let waits = standing.waits(&stages);
        assert_eq!(waits, [vec![1], vec![]]);
        assert_eq!(order(&waits), [1, 0]);
    }

    #[test]
    fn what_came_up_last_goes_down_first() {
        assert_eq!(order(&[vec![1, 2], vec![3], vec![3], vec![]]), [3, 2, 1, 0]);
    }
}
