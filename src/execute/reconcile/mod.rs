//! The walk that `plan` and `apply` share: what it starts from and how it ended. Knows nothing of how a stage is rendered or
//! run.
//!
//! [`coordinator`] hands out work and takes in reports; [`ahead`] remembers what was seen of stages before their turn;
//! [`foresee`] says what a plan can know of a stage whose dependencies will change; [`verdict`] decides; [`durable`] makes
//! attempts durable, in batches.

mod ahead;
mod coordinator;
mod durable;
mod foresee;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::{Builder, Scope};

use crate::core::event::Sink;
use crate::core::plan::Entry;
use crate::core::record::RunId;
use crate::error::{Error, Result};
use crate::execute::reconcile::coordinator::Coordinator;
use crate::execute::site::Site;
use crate::execute::worker::{self, Job, Report, Verdict};
use crate::state::Store;
use crate::system::liveness;

/// How many reports may wait for the coordinator, so that a loud stage cannot fill the memory.
const BACKLOG: usize = 256;

/// The stack of a worker, in bytes: templates may nest as deep as two megabytes allow, and what they call needs some too. Only
/// what is used costs memory.
const STACK: usize = 16 << 20;

/// Which stages, and what was asked for whatever changed.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The stages that take part, by index.
    pub selected: Vec<bool>,
    /// Those that `--force` names, by index.
    pub forced: Vec<bool>,
    /// Those that are named together with `--force`, by index: they go on even without what their `ctl` kept.
    pub named: Vec<bool>,
    /// Start nothing new after a failure.
    pub fail_fast: bool,
    /// How many stages run at once; at least 1.
    pub jobs: usize,
    /// Tell all inputs of every stage.
    pub verbose: bool,
}

/// How a walk ended.
#[derive(Debug, Default)]
pub struct Walked {
    /// What was decided of every stage that was reached, by index.
    pub decided: BTreeMap<usize, Entry>,
    /// The stages whose `ctl up` ran and succeeded.
    pub ran: Vec<usize>,
    /// The stages that failed.
    pub failed: Vec<usize>,
    /// The stages that were ended because the user asked to stop.
    pub interrupted: Vec<usize>,
    /// What was wrong with those that failed before their `ctl` was started.
    pub errors: BTreeMap<usize, Error>,
    /// The stages that could not start, and which failed ones kept them.
    pub blocked: BTreeMap<usize, BTreeSet<usize>>,
    /// The stages that were never started for another reason (a signal, `--fail-fast`).
    pub left: Vec<usize>,
}

/// Decides about every selected stage and, if `run` is given, runs those that need to.
///
/// # Errors
/// Where the state cannot be read or written; stages that fail are no error but part of the result.
pub fn walk(
    site: &Site<'_>,
    store: &mut Store,
    run: Option<&RunId>,
    goal: &Goal,
    sink: &mut dyn Sink,
) -> Result<Walked> {
    let (reports, inbox) = sync_channel(BACKLOG);
    let walked = std::thread::scope(|scope| {
        let workers = (0..goal.jobs.max(1))
            .map(|worker| spawn(scope, site, worker, run, reports.clone()))
            .collect::<Result<_>>()?;
        drop(reports);
        let mut coordinator = Coordinator::new(site, store, run, goal, sink, workers);
        coordinator.inherit_from_others()?;
        coordinator.go(&inbox)
    });
    if run.is_some() {
        liveness::sweep(&site.liveness_dir());
    }
    walked
}

fn spawn<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    site: &'env Site<'env>,
    worker: usize,
    run: Option<&'env RunId>,
    reports: std::sync::mpsc::SyncSender<Report>,
) -> Result<Sender<Message>> {
    let (sender, inbox) = channel();
    let spawned = Builder::new()
        .stack_size(STACK)
        .spawn_scoped(scope, move || {
            worker::work(site, run, worker, &inbox, &reports);
        });
    match spawned {
        Ok(_) => Ok(sender),
        Err(error) => Err(Error::failed(format!("cannot start a thread: {error}"))
            .hint("run fewer stages at once: `-j`")),
    }
}

/// What the coordinator sends to a worker.
pub(super) enum Message {
    /// Something to do.
    Job(Job),
    /// What becomes of the stage that the worker examined.
    Verdict(Verdict),
}
