//! What `apply` would do with every stage. Knows nothing of how it is shown, or found out.

mod change;
mod decide;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::core::fingerprint::{Digest, Kind};
use crate::core::stage::{StageName, Status};

pub use change::{Change, InputChange, compare};
pub use decide::{Decision, Demand, Known, Observed, decide, standing};
pub use reason::{Drift, Reason, is_new};

/// One stage in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The stage.
    pub stage: StageName,
    /// What is to be done with it.
    #[serde(flatten)]
    pub decision: Decision,
    /// What renders it, if it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamper: Option<String>,
    /// Why that is not the embedded stamper, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stamper_because: Vec<String>,
    /// All inputs by key and kind, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<NamedInputs>,
    /// What the user should know about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Inputs with their names, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NamedInputs {
    /// What rendering depends on.
    pub stamp: BTreeMap<Kind, BTreeMap<String, Digest>>,
    /// What `ctl up` depends on.
    pub run: BTreeMap<Kind, BTreeMap<String, Digest>>,
}

/// A stage that is recorded as up, or may be, but is no longer in the DAG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// The stage.
    pub stage: StageName,
    /// What is recorded of it.
    pub status: Status,
}

/// What `apply` would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The stages looked at, dependencies first.
    pub stages: Vec<Entry>,
    /// What is no longer in the DAG.
    pub orphans: Vec<Orphan>,
    /// How many stages could not be looked at.
    pub failed: usize,
    /// How many depend on those.
    pub blocked: usize,
}

/// How many stages a plan does what with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Never up, or taken down.
    pub new: usize,
    /// Up, or tried, and to be run again.
    pub stale: usize,
    /// To be looked at again after a dependency ran.
    pub undetermined: usize,
    /// Nothing to do.
    pub up_to_date: usize,
    /// No longer in the DAG.
    pub orphans: usize,
}

impl Plan {
    /// How many stages it does what with.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            orphans: self.orphans.len(),
            ..Counts::default()
        };
        for entry in &self.stages {
            *match &entry.decision {
                Decision::UpToDate | Decision::Restamp => &mut counts.up_to_date,
                Decision::Undetermined { .. } => &mut counts.undetermined,
                Decision::Run { reasons } if is_new(reasons) => &mut counts.new,
                Decision::Run { .. } => &mut counts.stale,
            } += 1;
        }
        counts
    }

    /// Whether `apply` would run anything.
    pub fn has_changes(&self) -> bool {
        let counts = self.counts();
        counts.new + counts.stale + counts.undetermined > 0
    }
}
