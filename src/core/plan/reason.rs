//! Why a stage runs, as users read it. Knows nothing of how it was found out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::plan::change::{Change, InputChange};

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

/// Whether reasons say that there is nothing to compare with.
pub fn is_new(reasons: &[Reason]) -> bool {
    matches!(reasons.first(), Some(Reason::New | Reason::Down))
}
