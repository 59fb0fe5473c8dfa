//! The work of one stage at a time, on a thread of its own: look, examine, and run `ctl up` when the coordinator has made the
//! attempt durable. Knows nothing of the graph, the schedule or the state's tables.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::core::event::Event;
use crate::core::fingerprint::{Digest, Kind, Manifest};
use crate::core::stage::Outcome;
use crate::error::{Error, Result};
use crate::execute::ctl::{self, Attempt};
use crate::execute::site::Site;
use crate::observe::examine::{Examined, Inherited, Known};
use crate::state::store::RunToken;
use crate::system::fault;

/// What a worker is asked to do.
pub(super) enum Job {
    /// Say which of these stages are surely as recorded.
    Look(Vec<Subject>),
    /// Render a stage, say what it depends on, and await the verdict.
    Examine(Box<Subject>),
}

/// A stage, with what the coordinator knows of it.
pub(super) struct Subject {
    pub(super) stage: usize,
    pub(super) known: Option<std::sync::Arc<Known>>,
    pub(super) inherited: Inherited,
}

/// What becomes of a stage that was examined.
pub(super) enum Verdict {
    /// Nothing more.
    Leave,
    /// The attempt is recorded: run it.
    Run {
        token: RunToken,
        reasons: Vec<String>,
    },
}

/// What a worker has to say.
pub(super) enum Report {
    /// Which of the stages are surely as recorded (`true`), in the order in which they were asked about.
    Looked {
        worker: usize,
        results: Vec<(usize, bool)>,
    },
    /// What a stage depends on now; the worker waits for the verdict.
    Examined {
        worker: usize,
        stage: usize,
        examined: Result<Box<Examined>>,
    },
    /// Something happened that the user should see.
    Event(Box<Event>),
    /// The attempt is over.
    Ran {
        worker: usize,
        stage: usize,
        token: RunToken,
        result: Box<Ran>,
    },
}
