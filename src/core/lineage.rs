//! What stages inherit from their ancestors: outputs, generated files, incarnations. Each stage that has ended gets one node of
//! each, a manifest that links to what it owns and to the nodes of its direct dependencies; so "of all ancestors" costs as
//! many links as there are edges, however deep the graph is. Knows nothing of how the digests came about.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::fingerprint::{Digest, Kind, Manifest, digest_of};
use crate::core::stage::StageName;

/// The kinds of input that are inherited.
pub const INHERITED: [Kind; 3] = [Kind::Output, Kind::Generated, Kind::Ancestor];

/// What a stage passes on itself: digests of the manifests of its outputs and of its generated files, and its incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// What it owns below `$OUTPUT_DIR`.
    pub outputs: Digest,
    /// What stamping it and its `ctl up` left below `$GENFILES`.
    pub generated: Digest,
    /// Renewed by every `down`.
    pub incarnation: Digest,
}

#[derive(Clone, Copy, Debug)]
struct Settled {
    own: Own,
    nodes: [Digest; 3],
}

/// What every stage that has ended so far passes on.
#[derive(Debug)]
pub struct Lineage {
    names: Vec<StageName>,
    dependencies: Vec<Vec<u32>>,
    settled: Vec<Option<Settled>>,
    given: Vec<bool>,
    empty: Digest,
    /// The stages that have ended, in that order.
    ended: Vec<u32>,
    index: RefCell<Index>,
}

/// Where nodes are found by their digests; made when something is looked for, of as many stages as had ended then.
#[derive(Debug, Default)]
struct Index {
    ended: usize,
    places: HashMap<Digest, (u32, Kind)>,
}

impl Lineage {
    /// Nothing has ended yet.
    pub fn new(names: Vec<StageName>, dependencies: Vec<Vec<u32>>) -> Self {
        Self {
            settled: vec![None; names.len()],
            given: vec![false; names.len()],
            empty: Manifest::empty_digest(),
            ended: Vec::new(),
            index: RefCell::default(),
            names,
            dependencies,
        }
    }

    /// A stage has ended, after all that it depends on.
    pub fn settle(&mut self, stage: usize, own: Own) {
        let nodes = INHERITED.map(|kind| self.digest(stage, &own, kind));
        self.settled[stage] = Some(Settled { own, nodes });
        self.ended.push(u32::try_from(stage).unwrap_or(u32::MAX));
    }

    /// What a stage inherits, by kind: the input of its run key.
    pub fn inherited(&self, stage: usize, kind: Kind) -> Manifest {
        Manifest {
            links: self.links(stage, kind).into_iter().collect(),
            ..Manifest::default()
        }
    }

    /// The digest of what a stage inherits, by kind; `None` if that is nothing.
    pub fn inherited_digest(&self, stage: usize, kind: Kind) -> Option<Digest> {
        let links = self.links(stage, kind);
        (!links.is_empty()).then(|| digest_of([].into_iter(), &links))
    }

    /// The nodes of a stage's ancestors that were not given out before, to be stored.
    pub fn new_nodes(&mut self, stage: usize) -> Vec<Manifest> {
        let mut manifests = Vec::new();
        let mut open = self.dependencies[stage].clone();
        while let Some(ancestor) = open.pop() {
            let ancestor = ancestor as usize;
            let Some(settled) = self.settled[ancestor].filter(|_| !self.given[ancestor]) else {
                continue;
            };
            self.given[ancestor] = true;
            for kind in INHERITED {
                manifests.extend(self.node(ancestor, &settled.own, kind));
            }
            open.extend(&self.dependencies[ancestor]);
        }
        manifests
    }

    /// The node of that digest, whether it was given out or not.
    pub fn find(&self, digest: &Digest) -> Option<Manifest> {
        let mut index = self.index.borrow_mut();
        for stage in &self.ended[index.ended..] {
            let nodes = self.settled[*stage as usize].map(|settled| settled.nodes);
            for (node, kind) in nodes.into_iter().flatten().zip(INHERITED) {
                index.places.entry(node).or_insert((*stage, kind));
            }
        }
        index.ended = self.ended.len();
        let (stage, kind) = *index.places.get(digest)?;
        let own = self.settled[stage as usize]?.own;
        self.node(stage as usize, &own, kind)
    }

    /// A stage's node; `None` where it would be empty or say just what its only link says.
    fn node(&self, stage: usize, own: &Own, kind: Kind) -> Option<Manifest> {
        let (entry, links) = self.parts(stage, own, kind);
        let manifest = Manifest {
            entries: entry
                .into_iter()
                .map(|(name, digest)| (name.to_owned(), *digest))
                .collect(),
            links: links.into_iter().collect(),
        };
        (manifest.entries.len() == 1 || manifest.links.len() > 1).then_some(manifest)
    }

    /// The digest of a stage's node, or of what says the same.
    fn digest(&self, stage: usize, own: &Own, kind: Kind) -> Digest {
        let (entry, links) = self.parts(stage, own, kind);
        match (entry, links.as_slice()) {
            (None, []) => self.empty,
            (None, [only]) => *only,
            (entry, links) => digest_of(entry.into_iter(), links),
        }
    }

    /// What a stage's node holds: an entry, if it has one, and links, sorted.
    fn parts<'a>(
        &'a self,
        stage: usize,
        own: &'a Own,
        kind: Kind,
    ) -> (Option<(&'a str, &'a Digest)>, Vec<Digest>) {
        let mut links = self.links(stage, kind);
        let mut link = |digest: Digest| {
            if let (true, Err(place)) = (digest != self.empty, links.binary_search(&digest)) {
                links.insert(place, digest);
            }
        };
        match kind {
            Kind::Output => link(own.outputs),
            Kind::Generated => link(own.generated),
            _ => return (Some((self.names[stage].as_str(), &own.incarnation)), links),
        }
        (None, links)
    }

    /// The nodes of a stage's dependencies, sorted.
    fn links(&self, stage: usize, kind: Kind) -> Vec<Digest> {
        let at = INHERITED.iter().position(|k| *k == kind).unwrap_or(0);
        let settled = self.dependencies[stage]
            .iter()
            .filter_map(|dependency| self.settled[*dependency as usize].as_ref());
        let mut links: Vec<Digest> = settled
            .map(|settled| settled.nodes[at])
            .filter(|node| *node != self.empty)
            .collect();
        links.sort_unstable();
        links.dedup();
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn lineage(dependencies: &[&[u32]]) -> Lineage {
        let names = (0..dependencies.len()).map(|i| StageName::new(&format!("s{i}")).unwrap());
        Lineage::new(
            names.collect(),
            dependencies.iter().map(|d| d.to_vec()).collect(),
        )
    }

    fn own(output: &str) -> (Manifest, Own) {
        let outputs = Manifest::of([(format!("{output}/o"), Digest::of(output.as_bytes()))]);
        let own = Own {
            outputs: outputs.digest(),
            generated: Manifest::empty_digest(),
            incarnation: Digest::of(output.as_bytes()),
        };
        (outputs, own)
    }

    fn flatten(store: &BTreeMap<Digest, Manifest>, manifest: &Manifest) -> Vec<String> {
        let mut names: Vec<_> = manifest.entries.keys().cloned().collect();
        for link in &manifest.links {
            names.extend(flatten(store, &store[link]));
        }
        names.sort();
        names.dedup();
        names
    }

    #[test]
    fn a_stage_inherits_from_all_ancestors_and_the_shape_of_the_graph_is_stored_once() {
        let mut lineage = lineage(&[&[], &[0], &[0], &[1, 2]]);
        let mut store = BTreeMap::new();
        for stage in 0..3 {
            let (outputs, own) = own(&format!("s{stage}"));
            store.insert(outputs.digest(), outputs);
            lineage.settle(stage, own);
        }
        let nodes = lineage.new_nodes(3);
        store.extend(nodes.into_iter().map(|node| (node.digest(), node)));
        let outputs = lineage.inherited(3, Kind::Output);
        assert_eq!(flatten(&store, &outputs), ["s0/o", "s1/o", "s2/o"]);
        let ancestors = lineage.inherited(3, Kind::Ancestor);
        assert_eq!(flatten(&store, &ancestors), ["s0", "s1", "s2"]);
        assert!(lineage.inherited(3, Kind::Generated).is_empty());
        assert!(lineage.new_nodes(3).is_empty(), "nodes are given out once");
        for link in outputs.links.iter().chain(&ancestors.links) {
            assert_eq!(lineage.find(link).as_ref(), store.get(link));
        }
        assert_eq!(lineage.find(&Digest::of(b"nothing")), None);
    }

    #[test]
    fn what_passes_nothing_on_leaves_no_trace() {
        let mut lineage = lineage(&[&[], &[0], &[1]]);
        let nothing = Manifest::empty_digest();
        let (_, first) = own("s0");
        lineage.settle(0, first);
        let silent = Own {
            outputs: nothing,
            ..first
        };
        lineage.settle(1, silent);
        let direct = lineage.inherited(1, Kind::Output);
        assert_eq!(lineage.inherited(2, Kind::Output), direct);
    }
}
