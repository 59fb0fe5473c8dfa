//! What differs between what is recorded and what was observed, by name. Reads manifests from the state; knows nothing of the
//! disk.

use std::collections::{BTreeMap, HashMap};

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest, flatten};
use crate::core::lineage::Lineage;
use crate::core::plan::{self, Change, Drift, InputChange, NamedInputs, Observed};
use crate::error::Result;
use crate::observe::examine::{Examined, Known};
use crate::state::Store;

/// The manifests of this run, before and beside those of the state.
pub(super) struct Manifests<'a> {
    store: &'a Store,
    lineage: Option<&'a Lineage>,
    fresh: HashMap<Digest, &'a Manifest>,
}

impl<'a> Manifests<'a> {
    /// Those of the state, what stages inherit, and the ones given.
    pub(super) fn new(
        store: &'a Store,
        lineage: Option<&'a Lineage>,
        fresh: impl IntoIterator<Item = &'a Manifest>,
    ) -> Self {
        let fresh = fresh
            .into_iter()
            .map(|manifest| (manifest.digest(), manifest));
        Self {
            store,
            lineage,
            fresh: fresh.collect(),
        }
    }

    /// All entries of a manifest, those that it links to included.
    pub(super) fn entries(&self, digest: Digest) -> Result<BTreeMap<String, Digest>> {
        flatten(digest, &mut |digest| match self.fresh.get(digest) {
            Some(manifest) => Ok(Some((*manifest).clone())),
            None => match self.lineage.and_then(|lineage| lineage.find(digest)) {
                Some(node) => Ok(Some(node)),
                None => self.store.manifest(digest),
            },
        })
    }

    fn compare(
        &self,
        old: &BTreeMap<Kind, Digest>,
        new: &BTreeMap<Kind, Digest>,
    ) -> Result<Vec<InputChange>> {
        let mut changes = Vec::new();
        for kind in Kind::ALL {
            let (old, new) = (old.get(&kind), new.get(&kind));
            if old != new {
                let entries = |digest: Option<&Digest>| match digest {
                    Some(digest) => self.entries(*digest),
                    None => Ok(BTreeMap::new()),
                };
                changes.extend(plan::compare(kind, &entries(old)?, &entries(new)?));
            }
        }
        Ok(changes)
    }
}

/// The fingerprint to compare with the recorded one. Of a stage that is rendered to something else each time, the stamped files
/// are as recorded as long as nothing that they are made from changed.
fn comparable(old: &Fingerprint, examined: &Examined) -> Fingerprint {
    let mut new = examined.attempt.fingerprint.clone();
    let reads = &examined.detail.reads;
    if !reads.is_reproducible() && !reads.incomplete && old.stamp == new.stamp {
        let stamped = old.run.get(&Kind::Stamped).map(|old| (Kind::Stamped, *old));
        new.run.extend(stamped);
    }
    new
}

/// How an examined stage differs from its record.
pub(super) fn observed(
    manifests: &Manifests<'_>,
    known: &Known,
    examined: &Examined,
) -> Result<Observed> {
    let mut seen = Observed {
        kept: examined.gone.clone(),
        ..Observed::default()
    };
    if let Some(old) = &known.recorded.fingerprint {
        let new = &comparable(old, examined);
        seen.stamp = manifests.compare(&old.stamp, &new.stamp)?;
        seen.run = manifests.compare(&old.run, &new.run)?;
        // What was learnt anew is worth recording too: without it the next look at the stage would be as costly as this one.
        seen.rekeyed = old != new || known.recorded.detail != examined.attempt.detail;
    } else {
        seen.rekeyed = true;
    }
    if let (Some(old), Some(now)) = (known.recorded.outputs, &examined.outputs)
        && old != now.digest
    {
        let changes = drift(&manifests.entries(old)?, &now.entries);
        seen.outputs = changes.collect();
    }
    if let (Some(old), Some(now)) = (known.recorded.stamped, &examined.stamped_now)
        && old != now.digest()
    {
        // Only where they exist: stamped files that are gone are made again when they are needed.
        let changes = drift(&manifests.entries(old)?, &now.entries);
        seen.stamped = changes
            .filter(|drift| drift.change == Change::Changed)
            .collect();
    }
    Ok(seen)
}

fn drift(
    old: &BTreeMap<String, Digest>,
    now: &BTreeMap<String, Digest>,
) -> impl Iterator<Item = Drift> + use<> {
    // The kind is of no interest here.
    let changes = plan::compare(Kind::Output, old, now);
    changes.into_iter().map(|change| Drift {
        name: change.name,
        change: change.change,
    })
}

/// What certainly differs, although the stage cannot be rendered yet.
pub(super) fn certain(
    manifests: &Manifests<'_>,
    known: &Known,
    run: &BTreeMap<Kind, Digest>,
) -> Result<Vec<InputChange>> {
    let Some(fingerprint) = &known.recorded.fingerprint else {
        return Ok(Vec::new());
    };
    let mut old = fingerprint.run.clone();
    old.retain(|kind, _| run.contains_key(kind));
    manifests.compare(&old, run)
}

/// All inputs by name.
pub(super) fn named(manifests: &Manifests<'_>, examined: &Examined) -> Result<NamedInputs> {
    let all = |inputs: &BTreeMap<Kind, Digest>| {
        let kinds = inputs.iter();
        kinds
            .map(|(kind, digest)| Ok((*kind, manifests.entries(*digest)?)))
            .collect::<Result<BTreeMap<_, _>>>()
    };
    Ok(NamedInputs {
        stamp: all(&examined.attempt.fingerprint.stamp)?,
        run: all(&examined.attempt.fingerprint.run)?,
    })
}
