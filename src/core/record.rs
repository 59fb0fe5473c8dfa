//! What is recorded of stages and runs, and the one table of how a stage's status changes.
//! Knows nothing of how and where records are kept.
//!
//! File names and paths in records are text made by [`crate::core::name`], so that names that are not UTF-8 survive.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::{Digest, Fingerprint, Hasher, Manifest};
use crate::core::stage::{Action, Outcome, StageName, Status};

/// The name of a run. Names sort by the time at which the runs began, as far as the clock can be trusted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(Arc<str>);

impl RunId {
    /// A run's name from its text; `None` unless it consists of letters, digits and `-`.
    pub fn new(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (!text.is_empty() && text.chars().all(allowed)).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("the name of a run consists of letters, digits and `-`")
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.as_str().to_owned()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A file in a stage's stamped directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StampedFile {
    /// Its path below the stamped directory, with `/`.
    pub path: String,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Whether nobody but its owner may read it, and no diff may show it.
    pub sensitive: bool,
    /// The digest of its content, in which locations are replaced by their names.
    pub digest: Digest,
    /// The digest of its content as it is, under which that content is stored; `None` if it was left out.
    pub content: Option<Digest>,
}

/// The manifest of stamped files: a path, and a digest of content and executable bit, for each. This is what the `stamped`
/// input of a fingerprint is made of, too.
pub fn stamped_manifest<'a>(files: impl IntoIterator<Item = &'a StampedFile>) -> Manifest {
    Manifest::of(files.into_iter().map(|file| {
        let digest = if file.executable {
            Hasher::new("executable").digest(&file.digest).finish()
        } else {
            file.digest
        };
        (file.path.clone(), digest)
    }))
}

/// All that `ctl up` is about to be run with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Taken before `ctl up` starts.
    pub fingerprint: Fingerprint,
    /// More about the stage's inputs: JSON whose form the observer knows.
    pub detail: String,
    /// The stamped files as rendered.
    pub stamped: Vec<StampedFile>,
    /// The digest of the configuration's bytes, under which they are stored; `None` if they were left out.
    pub config: Option<Digest>,
    /// The stage's direct dependencies.
    pub edges: Vec<StageName>,
    /// The wave variables and the absolute paths that they stood for.
    pub locations: BTreeMap<String, String>,
    /// Whether the stage must not be taken down.
    pub protect: bool,
}

/// What is known of a stage from its record alone; what only few commands need is loaded by stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Whether it is up.
    pub status: Status,
    /// Another one since the stage was last torn down, in whole or, as far as can be known, in part.
    pub incarnation: Digest,
    /// What the last attempt to bring it up depended on; `None` once it is down, or if it was marked up without one.
    pub fingerprint: Option<Fingerprint>,
    /// [`Attempt::detail`] of the last attempt to bring it up; empty if there was none.
    pub detail: String,
    /// The manifest of the stamped files, as `ctl up` left them, or before it ended, as rendered.
    pub stamped: Option<Digest>,
    /// The manifest of the outputs it owns, after the last `ctl up` that succeeded.
    pub outputs: Option<Digest>,
    /// The manifest of what the last `ctl up` that succeeded left below `$GENFILES`.
    pub generated: Option<Digest>,
    /// The configuration of the last attempt to bring it up, by digest.
    pub config: Option<Digest>,
    /// The run of the last attempt, `up` or `down`; `None` if it was only ever marked.
    pub run: Option<RunId>,
    /// When the last attempt started.
    pub started_ms: Option<i64>,
    /// When it ended; `None` while it runs, and for ever if betterform was killed.
    pub ended_ms: Option<i64>,
    /// How long it took, by a clock that does not jump.
    pub duration_ms: Option<u64>,
    /// How long the last `ctl up` that succeeded took.
    pub up_duration_ms: Option<u64>,
    /// Since when it has been up; `None` unless it came up since it was last down.
    pub up_since_ms: Option<i64>,
    /// How the last attempt ended; `None` while it runs, or if betterform was killed.
    pub outcome: Option<Outcome>,
    /// Whether it must not be taken down.
    pub protect: bool,
}

/// That a stage depends directly on another, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The dependent.
    pub stage: StageName,
    /// What it depends on.
    pub dependency: StageName,
    /// Whether this held at the last attempt to bring the dependent up.
    pub last: bool,
    /// Whether this held at any attempt to bring the dependent up since it was last down.
    pub since_down: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Everything that was to be done is done.
    Done,
    /// Something failed.
    Failed,
    /// A signal ended it.
    Interrupted,
}

impl RunResult {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Interrupted];

    /// The word that users see and the state stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The result that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == word)
    }
}

/// A run of betterform that attempted something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// The command, such as `apply`.
    pub command: String,
    /// The whole command line.
    pub arguments: Vec<String>,
    /// Who started it.
    pub user: String,
    /// Where.
    pub host: String,
    /// When.
    pub started_ms: i64,
    /// When it ended; `None` while it runs, or if it was killed.
    pub ended_ms: Option<i64>,
    /// How it ended; `None` while it runs, or if it was killed.
    pub result: Option<RunResult>,
}

/// One attempt to bring a stage up or down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempted {
    /// The stage.
    pub stage: StageName,
    /// The run that it was part of.
    pub run: RunId,
    /// What was attempted.
    pub action: Action,
    /// When it started.
    pub started_ms: i64,
    /// When it ended; `None` while it runs, or if betterform was killed.
    pub ended_ms: Option<i64>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// How it ended; `None` while it runs, or if betterform was killed.
    pub outcome: Option<Outcome>,
}

/// What happens to a stage's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `ctl` is about to be started.
    Began(Action),
    /// `ctl` succeeded, and everything about it is known.
    Succeeded(Action),
    /// It did not.
    Failed(Action),
    /// A person says that the stage is up.
    MarkedUp,
    /// A person says that the stage is down.
    MarkedDown,
    /// What was recorded last is lost: whether the stage is up is not known.
    Lost,
}

/// The status after a change; `None` if the change cannot happen to a stage in that status.
///
/// Only what began can succeed or fail, and nothing but success or a person's word makes a stage up or down.
pub fn status_after(status: Status, change: Change) -> Option<Status> {
    match (change, status) {
        (Change::Began(Action::Up) | Change::Lost, _) => Some(Status::Running),
        (Change::Began(Action::Down), _) => Some(Status::Stopping),
        (Change::MarkedUp, _) | (Change::Succeeded(Action::Up), Status::Running) => {
            Some(Status::Up)
        }
        (Change::MarkedDown, _) | (Change::Succeeded(Action::Down), Status::Stopping) => {
            Some(Status::Down)
        }
        (Change::Failed(Action::Up), Status::Running) => Some(Status::Failed),
        (Change::Failed(Action::Down), Status::Stopping) => Some(Status::StopFailed),
        (Change::Succeeded(_) | Change::Failed(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_began_ends() {
        use Action::{Down as D, Up as U};
        for status in Status::ALL {
            let ends = |change| status_after(status, change);
            let only = |wanted, then| (status == wanted).then_some(then);
            assert_eq!(ends(Change::Began(U)), Some(Status::Running));
            assert_eq!(ends(Change::Began(D)), Some(Status::Stopping));
            assert_eq!(
                ends(Change::Succeeded(U)),
                only(Status::Running, Status::Up)
            );
            assert_eq!(
                ends(Change::Failed(U)),
                only(Status::Running, Status::Failed)
            );
            assert_eq!(
                ends(Change::Succeeded(D)),
                only(Status::Stopping, Status::Down)
            );
            assert_eq!(
                ends(Change::Failed(D)),
                only(Status::Stopping, Status::StopFailed)
            );
            assert_eq!(ends(Change::MarkedUp), Some(Status::Up));
            assert_eq!(ends(Change::MarkedDown), Some(Status::Down));
            assert_eq!(ends(Change::Lost), Some(Status::Running));
        }
    }

    #[test]
    fn the_executable_bit_counts_and_sensitivity_does_not() {
        let file = StampedFile {
            path: "ctl".to_owned(),
            executable: false,
            sensitive: false,
            digest: Digest::of(b"content"),
            content: None,
        };
        let executable = StampedFile {
            executable: true,
            ..file.clone()
        };
        let sensitive = StampedFile {
            sensitive: true,
            ..file.clone()
        };
        assert_ne!(stamped_manifest([&file]), stamped_manifest([&executable]));
        assert_eq!(stamped_manifest([&file]), stamped_manifest([&sensitive]));
    }

    #[test]
    fn run_names_fit_file_names() {
        for (text, fits) in [
            ("20260102-030405-ab12", true),
            ("", false),
            ("a/b", false),
            ("a.b", false),
        ] {
            assert_eq!(RunId::new(text).is_some(), fits, "{text}");
        }
    }
}
