//! What to do with one stage, and why: the decision that `plan` and `apply` share, so that they cannot disagree.
//! Knows nothing of the graph, the disk or the state's tables.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::Kind;
use crate::core::plan::change::InputChange;
use crate::core::plan::reason::{Drift, Reason};
use crate::core::stage::{Outcome, StageName, Status};

/// What is recorded of a stage, as far as deciding needs it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its status.
    pub status: Status,
    /// How its last attempt ended.
    pub outcome: Option<&'a Outcome>,
    /// Whether it was ever up or tried to be.
    pub attempted: bool,
}

/// What differs from the record, as far as it could be observed.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Inputs of the stamp key that differ.
    pub stamp: Vec<InputChange>,
    /// Inputs of the run key that differ.
    pub run: Vec<InputChange>,
    /// Owned outputs that are not as recorded.
    pub outputs: Vec<Drift>,
    /// Stamped files that exist and are not as recorded.
    pub stamped: Vec<Drift>,
    /// Recorded state files of `ctl` that are gone.
    pub kept: Vec<String>,
    /// Whether a key differs at all, be it only in how it is put together.
    pub rekeyed: bool,
}

/// What to do with a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "decision")]
pub enum Decision {
    /// Nothing.
    UpToDate,
    /// Record what it depends on anew; nothing that `ctl up` depends on changed.
    Restamp,
    /// Run `ctl up`.
    Run {
        /// Why; never empty.
        reasons: Vec<Reason>,
    },
    /// It can be said only after these stages ran.
    Undetermined {
        /// Direct dependencies that will or may run.
        after: Vec<StageName>,
    },
}

impl Decision {
    /// Whether `ctl up` will or may run.
    pub fn may_run(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Undetermined { .. })
    }
}

/// What was asked for, whatever changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// `--force`.
    pub forced: bool,
    /// `always = true`.
    pub always: bool,
}

/// Decides what to do with one stage. `known` is `None` for a stage without a record.
pub fn decide(known: Option<Known<'_>>, seen: &Observed, demand: Demand) -> Decision {
    let mut reasons = standing(known);
    if !matches!(reasons.first(), Some(Reason::New | Reason::Down)) {
        reasons.extend(changes(seen).into_iter().map(Reason::Input));
        reasons.extend(seen.outputs.iter().cloned().map(Reason::OutputDrift));
        reasons.extend(seen.stamped.iter().cloned().map(Reason::StampedDrift));
        let gone = seen.kept.iter().cloned();
        reasons.extend(gone.map(|name| Reason::KeptFileGone { name }));
    }
    if demand.always {
        reasons.push(Reason::Always);
    }
    if demand.forced {
        reasons.push(Reason::Forced);
    }
    if !reasons.is_empty() {
        Decision::Run { reasons }
    } else if seen.rekeyed || !seen.stamp.is_empty() {
        Decision::Restamp
    } else {
        Decision::UpToDate
    }
}

/// The reasons that lie in the recorded status alone.
pub fn standing(known: Option<Known<'_>>) -> Vec<Reason> {
    let Some(known) = known.filter(|known| known.attempted) else {
        return vec![Reason::New];
    };
    match known.status {
        Status::Up => Vec::new(),
        Status::Down => vec![Reason::Down],
        Status::Running => vec![Reason::Interrupted],
        Status::Stopping | Status::StopFailed => vec![Reason::LastDownFailed],
        Status::Failed => match known.outcome {
            Some(Outcome::Interrupted) => vec![Reason::Interrupted],
            Some(outcome) => vec![Reason::LastUpFailed {
                how: outcome.to_string(),
            }],
            None => vec![Reason::LastUpFailed {
                how: "unknown".into(),
            }],
        },
    }
}

/// The changed inputs to name: where stamped files differ, what made them differ stands for them, if it is known.
fn changes(seen: &Observed) -> BTreeSet<InputChange> {
    let stamped = |change: &&InputChange| change.kind == Kind::Stamped;
    let others = seen.run.iter().filter(|change| !stamped(change));
    let mut named: BTreeSet<InputChange> = others.cloned().collect();
    if seen.run.iter().any(|change| stamped(&change)) {
        if seen.stamp.is_empty() {
            named.extend(seen.run.iter().filter(stamped).cloned());
        } else {
            named.extend(seen.stamp.iter().cloned());
        }
    }
    named
}
