//! What to do with one stage, and why: the decision that `plan` and `apply` share, so that they cannot disagree.
//! Knows nothing of the graph, the disk or the state's tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::{Digest, Kind};
use crate::core::stage::{Outcome, StageName, Status};

/// How an input differs from what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there before.
    Added,
    /// It is there with another digest.
    Changed,
    /// It is gone.
    Removed,
}

impl Change {
    /// How a digest changed, if it did; [`Digest::ABSENT`] counts as not there.
    pub fn between(old: Option<Digest>, new: Option<Digest>) -> Option<Self> {
        let there = |digest: Option<Digest>| digest.filter(|d| *d != Digest::ABSENT);
        match (there(old), there(new)) {
            (None, Some(_)) => Some(Self::Added),
            (Some(_), None) => Some(Self::Removed),
            (Some(old), Some(new)) if old != new => Some(Self::Changed),
            _ => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        })
    }
}

/// One input that differs from what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputChange {
    /// What kind of input.
    pub kind: Kind,
    /// Its name, as users see it.
    pub name: String,
    /// How it differs.
    pub change: Change,
}

impl fmt::Display for InputChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, change } = self;
        match (kind, change) {
            (Kind::Ancestor, Change::Changed) => write!(f, "{name} was re-created"),
            (Kind::Ancestor, Change::Added) => write!(f, "{name} became an ancestor"),
            (Kind::Ancestor, Change::Removed) => write!(f, "{name} is no longer an ancestor"),
            (Kind::Env, Change::Added) => write!(f, "env {name} set"),
            (Kind::Env, Change::Removed) => write!(f, "env {name} unset"),
            _ => write!(f, "{kind} {name} {change}"),
        }
    }
}

/// Why a stage runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// It was never up.
    New,
    /// It was taken down.
    Down,
    /// An input differs.
    Input(InputChange),
    /// Its last `ctl up` failed.
    LastUpFailed {
        /// How, as in `exit 3`.
        how: String,
    },
    /// Its last `ctl down` failed or was interrupted.
    LastDownFailed,
    /// Its last `ctl up` was interrupted.
    Interrupted,
    /// A file that it owns is not as it left it.
    OutputDrift(Drift),
    /// A stamped file is not as `ctl up` left it.
    StampedDrift(Drift),
    /// Files that only `ctl` can have made and that hold its own state are gone.
    KeptFileGone {
        /// The file, relative to the stamped directory.
        name: String,
    },
    /// The setting `always = true`.
    Always,
    /// `--force`.
    Forced,
}

/// A recorded file that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drift {
    /// The file, as users see it.
    pub name: String,
    /// How it differs.
    pub change: Change,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Down => f.write_str("is down"),
            Self::Input(change) => change.fmt(f),
            Self::LastUpFailed { how } => write!(f, "last up failed ({how})"),
            Self::LastDownFailed => f.write_str("last down failed"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::OutputDrift(Drift { name, change }) => {
                write!(f, "its output {name} {}", drifted(*change))
            }
            Self::StampedDrift(Drift { name, change }) => {
                write!(f, "its stamped file {name} {}", drifted(*change))
            }
            Self::KeptFileGone { name } => write!(f, "its own state {name} is gone"),
            Self::Always => f.write_str("always"),
            Self::Forced => f.write_str("forced"),
        }
    }
}

fn drifted(change: Change) -> &'static str {
    match change {
        Change::Added => "appeared",
        Change::Changed => "was edited",
        Change::Removed => "was deleted",
    }
}

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

/// What differs between the flattened inputs of one kind.
pub fn compare(
    kind: Kind,
    old: &BTreeMap<String, Digest>,
    new: &BTreeMap<String, Digest>,
) -> Vec<InputChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let change = Change::between(old.get(name).copied(), new.get(name).copied())?;
            Some(InputChange {
                kind,
                name: name.clone(),
                change,
            })
        })
        .collect()
}

/// One stage in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The stage.
    pub stage: StageName,
    /// What is to be done with it.
    #[serde(flatten)]
    pub decision: Decision,
    /// What renders it, and why that, if it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamper: Option<String>,
    /// All inputs by key and kind, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<NamedInputs>,
    /// The functions that it calls and that give something else each time; where inputs were asked for.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unrepeatable: BTreeSet<String>,
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

/// Whether reasons say that there is nothing to compare with.
pub fn is_new(reasons: &[Reason]) -> bool {
    matches!(reasons.first(), Some(Reason::New | Reason::Down))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: Kind, name: &str) -> InputChange {
        InputChange {
            kind,
            name: name.into(),
            change: Change::Changed,
        }
    }

    const UP: Option<Known<'static>> = Some(Known {
        status: Status::Up,
        outcome: None,
        attempted: true,
    });

    #[track_caller]
    fn case(known: Option<Known<'_>>, seen: &Observed, demand: Demand, expected: &str) {
        let text = match decide(known, seen, demand) {
            Decision::Run { reasons } => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                format!("run: {}", reasons.join(", "))
            }
            Decision::Restamp => "restamp".into(),
            Decision::UpToDate => "up to date".into(),
            Decision::Undetermined { .. } => "undetermined".into(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_changed() {
        case(UP, &Observed::default(), Demand::default(), "up to date");
    }

    #[test]
    fn what_the_status_says_comes_first() {
        let seen = Observed::default();
        let failed = Outcome::Failed { code: 3 };
        let with = |status, outcome| {
            Some(Known {
                status,
                outcome,
                attempted: true,
            })
        };
        case(None, &seen, Demand::default(), "run: new");
        case(
            with(Status::Down, None),
            &seen,
            Demand::default(),
            "run: is down",
        );
        case(
            with(Status::Running, None),
            &seen,
            Demand::default(),
            "run: interrupted",
        );
        case(
            with(Status::Stopping, None),
            &seen,
            Demand::default(),
            "run: last down failed",
        );
        case(
            with(Status::Failed, Some(&failed)),
            &seen,
            Demand::default(),
            "run: last up failed (exit 3)",
        );
    }

    #[test]
    fn what_made_stamped_files_differ_stands_for_them() {
        let seen = Observed {
            stamp: vec![input(Kind::Template, "main.tf")],
            run: vec![
                input(Kind::Stamped, "main.tf"),
                input(Kind::Output, "a/o.json"),
            ],
            rekeyed: true,
            ..Observed::default()
        };
        let expected = "run: template main.tf changed, output a/o.json changed";
        case(UP, &seen, Demand::default(), expected);
    }

    #[test]
    fn stamped_files_that_differ_for_no_known_reason_are_named() {
        let seen = Observed {
            run: vec![input(Kind::Stamped, "now.txt")],
            ..Observed::default()
        };
        case(UP, &seen, Demand::default(), "run: stamped now.txt changed");
    }

    #[test]
    fn a_changed_comment_is_recorded_and_runs_nothing() {
        let seen = Observed {
            stamp: vec![input(Kind::Template, "main.tf")],
            ..Observed::default()
        };
        case(UP, &seen, Demand::default(), "restamp");
    }

    #[test]
    fn demands_run_a_stage_whatever_changed() {
        let forced = Demand {
            forced: true,
            always: true,
        };
        case(UP, &Observed::default(), forced, "run: always, forced");
    }

    #[test]
    fn absence_is_no_input() {
        let entries = |digest| BTreeMap::from([("X".to_owned(), digest)]);
        let (unset, set) = (entries(Digest::ABSENT), entries(Digest::of(b"x")));
        assert_eq!(compare(Kind::Env, &unset, &BTreeMap::new()), []);
        let names: Vec<_> = (compare(Kind::Env, &unset, &set).iter())
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["env X set"]);
    }
}
