//! The walk that `plan` and `apply` share. The coordinator alone holds the schedule, the state and the sink; it decides, makes
//! attempts durable in batches, and tells the user. Knows nothing of how a stage is rendered or run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Instant;

use crate::core::event::{Event, Sink};
use crate::core::fingerprint::{Digest, Kind};
use crate::core::lineage::{INHERITED, Lineage, Own};
use crate::core::plan::{self, Decision, Demand, Entry, InputChange, Observed, Reason};
use crate::core::schedule::{Schedule, Step};
use crate::error::{Error, Result};
use crate::execute::site::Site;
use crate::execute::worker::{self, Job, Report, Subject, Verdict};

/// How many stages a worker looks at in one go, at most.
const CHUNK: usize = 64;

/// What to do about the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Say what would happen.
    Plan,
    /// Make it happen.
    Apply,
}

/// Which stages, and what was asked for whatever changed.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The stages that take part, by index.
    pub selected: Vec<bool>,
    /// Those that `--force` names, by index.
    pub forced: Vec<bool>,
    /// Start nothing new after a failure.
    pub fail_fast: bool,
    /// How many stages run at once; at least 1.
    pub jobs: usize,
}
