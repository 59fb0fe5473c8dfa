//! How inputs differ from what was recorded. Knows nothing of what follows from that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::{Digest, Kind};

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
