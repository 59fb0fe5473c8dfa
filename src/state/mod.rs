//! What is recorded of stages, durably, in SQLite. Knows nothing of how stages are observed, decided on or run.
//!
//! The promise: no kill, fault or change at any moment makes a record say that a stage is up, or down, when it is not.
//!
//! - [`Store::begin`] durably records that `ctl` is about to start, before it does. What it returns, a [`RunToken`], is the
//!   only thing with which [`Store::commit`] records success. A token that is lost leaves the stage `running` or
//!   `stopping`: for whoever comes next, interrupted.
//! - Every change is one transaction, and durable when the method returns.
//! - At rest, the file alone is the whole state. While a run writes, it is in WAL mode and says so in its header
//!   (`src/state/header.rs`), durably, before the first change goes into the `-wal` file. So a `-wal` file that someone took
//!   away is noticed, and what was recorded then counts as not known ([`Note::ChangesLost`]).
//! - A new state is written under another name and renamed, so that an empty file is never a state.
//! - A file that is damaged is set aside with all that lies beside it, never deleted.
//!
//! One process opens a state at most once at a time (SQLite's locks are the process's), and whoever opens it to write
//! holds the run's lock ([`crate::system::lock`]).

mod adopt;
mod begin;
mod codec;
mod commit;
mod contents;
mod early;
mod edit;
mod failure;
mod files;
mod gc;
mod header;
mod journal;
mod migrate;
mod open;
mod place;
mod read;
mod reading;
mod runs;
mod verify;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::core::record::{Recorded, Run};
use crate::core::stage::StageName;
use crate::state::journal::Journal;
use crate::state::place::Identity;

pub use crate::state::adopt::Adoption;
pub use crate::state::begin::{Begin, Payload, RunToken};
pub use crate::state::commit::{Ended, Left};
pub use crate::state::early::Early;
pub use crate::state::edit::{Mark, Outputs, Restamp};
pub use crate::state::read::Snapshot;
pub use crate::state::runs::NewRun;

/// The records of all stages.
pub type Records = BTreeMap<StageName, Recorded>;

/// What a state is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read; whatever happens, nothing is written, and no lock is needed.
    Read,
    /// To write; the caller holds the run's lock.
    Write,
}

/// A state that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The state.
    pub store: Store,
    /// What is recorded of each stage.
    pub records: Records,
    /// What users should be told.
    pub notes: Vec<Note>,
}

/// Something about a state that users should be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file was damaged and is now elsewhere; the state starts anew.
    SetAside {
        /// Where the damaged file is now.
        to: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The file is damaged, and was left where it is because it was only to be read; nothing could be read from it.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The state was written elsewhere before, and is there no more.
    Moved {
        /// The place where it was.
        from: PathBuf,
    },
    /// The last changes of a run that was killed are gone with the `-wal` file: it is not known what is up.
    ChangesLost {
        /// The `-wal` file that is missing.
        path: PathBuf,
    },
    /// The state was adopted here, and the old place could not be told.
    NotTold {
        /// The old place.
        place: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { to, reason } => write!(
                f,
                "the state was damaged ({reason}) and is now `{}`; betterform starts with nothing recorded",
                to.display()
            ),
            Self::Damaged { path, reason } => write!(
                f,
                "the state `{}` is damaged ({reason}); nothing recorded can be read",
                path.display()
            ),
            Self::Moved { from } => write!(f, "the state was at `{}` before", from.display()),
            Self::ChangesLost { path } => write!(
                f,
                "`{}` is missing, and with it what the last run recorded: every stage counts as interrupted",
                path.display()
            ),
            Self::NotTold { place, reason } => write!(
                f,
                "the state at `{}` could not be told that it moved ({reason}); remove it",
                place.display()
            ),
        }
    }
}

/// Where changes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Into the file itself, when each is complete.
    AtRest,
    /// Into the `-wal` file, where the header says so; the file itself need not say it yet.
    AtWork,
    /// Into the `-wal` file, and the file itself says so.
    Marked,
}

/// An open state.
pub struct Store {
    /// Where it lies, as the user said.
    path: PathBuf,
    connection: Connection,
    access: Access,
    journal: Journal,
    identity: Identity,
    /// The next write also has to record the place.
    moved: bool,
    /// The next write also has to record that all statuses are unknown.
    lost: bool,
    mode: Mode,
    /// A run that has not written yet.
    pending: Option<Run>,
    /// Where the private copy lies, if that is what is open.
    copy: Option<TempDir>,
}

impl Store {
    /// The state's name: 32 hexadecimal digits, the same wherever it is moved.
    pub fn id(&self) -> String {
        use std::fmt::Write;
        self.identity
            .id
            .0
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// The key of the digests of environment values.
    pub fn secret(&self) -> &[u8; 32] {
        &self.identity.secret
    }

    /// Where the state lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
