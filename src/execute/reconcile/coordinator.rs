//! Hands out work and takes in reports until nothing is left to do. It alone holds the schedule, the state and the sink.
//! Knows nothing of what workers do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::core::event::{Event, Sink};
use crate::core::fingerprint::{Kind, Manifest};
use crate::core::graph::Ix;
use crate::core::lineage::{INHERITED, Lineage};
use crate::core::plan::{Decision, Demand};
use crate::core::record::RunId;
use crate::core::schedule::{Schedule, Step};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::execute::reconcile::ahead::Ahead;
use crate::execute::reconcile::durable::Pending;
use crate::execute::reconcile::{Goal, Message, Walked};
use crate::execute::site::Site;
use crate::execute::stopping::Stopping;
use crate::execute::worker::{Job, Report, Subject, Verdict};
use crate::observe::examine::{Inherited, Known};
use crate::observe::look::Look;
use crate::state::Store;

/// How many stages a worker looks at in one go, at most.
const CHUNK: usize = 64;

/// How often the sink hears that time passes.
const TICK: Duration = Duration::from_millis(500);

pub(super) struct Coordinator<'a> {
    pub(super) site: &'a Site<'a>,
    pub(super) store: &'a mut Store,
    pub(super) run: Option<&'a RunId>,
    pub(super) goal: &'a Goal,
    pub(super) sink: &'a mut dyn Sink,
    workers: Vec<Sender<Message>>,
    idle: BTreeSet<usize>,
    pub(super) schedule: Schedule,
    pub(super) lineage: Lineage,
    ahead: Ahead,
    /// Outputs of stages that take no part, where they are not as recorded.
    pub(super) edited: Vec<Arc<Manifest>>,
    /// Stages that need to be examined.
    pub(super) waiting: BTreeSet<(Reverse<u64>, usize)>,
    /// Stages that `plan` cannot be sure of, or that will run.
    pub(super) unsettled: Vec<bool>,
    pools: BTreeMap<String, usize>,
    pub(super) pending: Pending,
    pub(super) walked: Walked,
    pub(super) halted: bool,
    stopping: Stopping,
}

impl<'a> Coordinator<'a> {
    pub(super) fn new(
        site: &'a Site<'a>,
        store: &'a mut Store,
        run: Option<&'a RunId>,
        goal: &'a Goal,
        sink: &'a mut dyn Sink,
        workers: Vec<Sender<Message>>,
    ) -> Self {
        let graph = site.graph;
        let order: Vec<usize> = graph.order().iter().map(|ix| ix.index()).collect();
        let dependencies = site.dependencies();
        let weight = |stage: usize, chain: u64| site.expected_duration(stage).max(1) + chain;
        let taking_part = |stage: usize| goal.selected[stage];
        let schedule = Schedule::new(&order, &dependencies, &taking_part, &weight);
        let names: Vec<StageName> = (0..graph.len())
            .map(|stage| site.name(stage).clone())
            .collect();
        let mut coordinator = Self {
            idle: (0..workers.len()).collect(),
            unsettled: vec![false; names.len()],
            ahead: Ahead::new(names.len(), Vec::new()),
            edited: Vec::new(),
            lineage: Lineage::new(names, dependencies),
            site,
            store,
            run,
            goal,
            sink,
            workers,
            schedule,
            waiting: BTreeSet::new(),
            pools: BTreeMap::new(),
            pending: Pending::default(),
            walked: Walked::default(),
            halted: false,
            stopping: Stopping::default(),
        };
        let worth = order.iter().copied();
        let worth =
            worth.filter(|stage| goal.selected[*stage] && coordinator.is_worth_a_look(*stage));
        coordinator.ahead = Ahead::new(graph.len(), worth.collect());
        coordinator
    }

    /// What stages that take no part pass on: what is recorded, but their outputs as those will find them that take part.
    pub(super) fn inherit_from_others(&mut self) -> Result<()> {
        let graph = self.site.graph;
        let is_selected = |ix: &Ix| self.goal.selected[ix.index()];
        let order = graph.order().iter().copied();
        let others: Vec<Ix> = order.clone().filter(|ix| !is_selected(ix)).collect();
        if others.is_empty() {
            return Ok(());
        }
        let needed = graph.with_ancestors(order.filter(is_selected));
        for ix in others {
            let Some(known) = self.site.known(ix.index()) else {
                continue;
            };
            let mut own = known.own();
            if needed.contains(&ix) && known.recorded.status.is_up() {
                let observer = self.site.observer;
                let owned = known.detail().owned;
                if observer.outputs_digest(ix.index(), &owned)? != own.outputs {
                    let now = observer.outputs_now(ix.index(), &owned)?;
                    own.outputs = now.digest;
                    self.edited.extend(now.manifests);
                }
            }
            self.lineage.settle(ix.index(), own);
        }
        Ok(())
    }

    pub(super) fn go(&mut self, inbox: &Receiver<Report>) -> Result<Walked> {
        let mut fault = None;
        loop {
            self.dispatch();
            if self.idle.len() == self.workers.len() {
                break;
            }
            let first = match inbox.recv_timeout(TICK) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.stopping.tell(self.site, self.sink);
                    self.sink.tick();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.stopping.tell(self.site, self.sink);
            self.take(first);
            while let Ok(next) = inbox.try_recv() {
                self.take(next);
            }
            if let Err(error) = self.flush() {
                self.halted = true;
                fault.get_or_insert(error);
            }
        }
        self.workers.clear();
        if let Some(error) = fault {
            return Err(error);
        }
        self.finish();
        Ok(std::mem::take(&mut self.walked))
    }

    fn finish(&mut self) {
        let blocked = self.schedule.blocked();
        self.walked.blocked = blocked.into_iter().map(|(s, by)| (s, by.clone())).collect();
        let waiting = self.waiting.iter().map(|(_, stage)| *stage);
        let started: BTreeSet<usize> = waiting.chain(self.ahead.waiting()).collect();
        let unstarted = |stage: &usize| {
            matches!(self.schedule.step(*stage), Step::Waiting | Step::Ready)
                || started.contains(stage)
        };
        let selected = (0..self.goal.selected.len()).filter(|stage| self.goal.selected[*stage]);
        self.walked.left = selected.filter(unstarted).collect();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.halted || self.site.stop.level() > 0
    }

    // What goes out.

    fn dispatch(&mut self) {
        self.advance();
        while let Some(worker) = self.idle.first().copied() {
            if self.is_stopping() {
                return;
            }
            let Some(job) = self.next_job() else { return };
            self.hand_out(worker, job);
        }
    }

    fn hand_out_looks(&mut self) {
        while let Some(worker) = self.idle.first().copied() {
            if self.is_stopping() {
                return;
            }
            let Some(look) = self.next_look() else { return };
            self.hand_out(worker, look);
        }
    }

    fn hand_out(&mut self, worker: usize, job: Job) {
        self.idle.remove(&worker);
        // A worker that is gone has panicked; its stage is then never reported, and the scope passes the panic on.
        let _ = self.workers[worker].send(Message::Job(job));
    }

    /// Takes all stages whose turn has come.
    fn advance(&mut self) {
        while !self.is_stopping() {
            let Some(stage) = self.schedule.start(&mut |_| true) else {
                return;
            };
            if self.is_beyond_sight(stage) {
                self.foresee(stage);
            } else if !self.is_worth_a_look(stage) {
                self.await_examination(stage);
            } else if let Some(look) = self.ahead.turn(stage) {
                self.looked(stage, look);
            }
        }
    }

    /// Whether a look can tell that nothing need be done.
    fn is_worth_a_look(&self, stage: usize) -> bool {
        let known = self.site.known(stage);
        !self.goal.verbose
            && self.demand(stage) == Demand::default()
            && known.is_some_and(|known| known.recorded.status.is_up())
    }

    fn next_job(&mut self) -> Option<Job> {
        // Looks come first: they cost little, and only then it is known which stages are the heaviest that may start.
        self.next_look().or_else(|| {
            let stage = self.next_waiting()?;
            Some(Job::Examine(Box::new(self.subject(stage))))
        })
    }

    fn next_look(&mut self) -> Option<Job> {
        let share = self.ahead.len() / (self.workers.len() * 2);
        self.ahead.next(share.clamp(1, CHUNK)).map(Job::Look)
    }

    /// The first stage that needs to be examined and whose pool has room.
    fn next_waiting(&mut self) -> Option<usize> {
        let pools = &self.pools;
        let site = self.site;
        let has_room = |stage: usize| match site.pool(stage) {
            Some((pool, size)) => pools.get(pool).copied().unwrap_or(0) < size,
            None => true,
        };
        let entry = self
            .waiting
            .iter()
            .find(|(_, stage)| has_room(*stage))
            .copied()?;
        self.waiting.remove(&entry);
        let stage = entry.1;
        if let (Some((pool, _)), true) = (site.pool(stage), self.run.is_some()) {
            *self.pools.entry(pool.to_owned()).or_default() += 1;
        }
        Some(stage)
    }

    pub(super) fn leave_pool(&mut self, stage: usize) {
        if let (Some((pool, _)), true) = (self.site.pool(stage), self.run.is_some())
            && let Some(taken) = self.pools.get_mut(pool)
        {
            *taken = taken.saturating_sub(1);
        }
    }

    fn subject(&self, stage: usize) -> Subject {
        let inherited = self.inherited(stage);
        Subject { stage, inherited }
    }

    pub(super) fn inherited(&self, stage: usize) -> Inherited {
        let inherited = |kind| self.lineage.inherited(stage, kind);
        Inherited {
            outputs: inherited(Kind::Output),
            generated: inherited(Kind::Generated),
            ancestors: inherited(Kind::Ancestor),
        }
    }

    pub(super) fn dependencies(&self, stage: usize) -> impl Iterator<Item = usize> {
        let graph = self.site.graph;
        let dependencies = graph.dependencies(graph.ix(stage)).iter();
        dependencies.map(|ix| ix.index())
    }

    pub(super) fn answer(&mut self, worker: usize, verdict: Verdict) {
        if matches!(verdict, Verdict::Leave) {
            self.idle.insert(worker);
        }
        let _ = self.workers[worker].send(Message::Verdict(verdict));
    }

    // What comes in.

    fn take(&mut self, report: Report) {
        match report {
            Report::Event(event) => self.sink.event(&event),
            Report::Looked {
                worker,
                ahead,
                results,
            } => {
                self.idle.insert(worker);
                // It goes on looking while this is taken in.
                self.hand_out_looks();
                for (stage, look) in results {
                    if let Some(look) = self.ahead.looked(stage, ahead, look) {
                        self.looked(stage, look);
                    }
                }
            }
            Report::Examined {
                worker,
                stage,
                examined: Err(error),
            } => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                if error.is_interruption() {
                    self.waiting.insert((Reverse(0), stage));
                } else {
                    self.refuse(stage, &error);
                }
            }
            Report::Examined {
                worker,
                stage,
                examined: Ok(examined),
            } => self.examined(worker, stage, *examined),
            Report::Ran {
                worker,
                stage,
                token,
                result,
            } => {
                self.idle.insert(worker);
                self.leave_pool(stage);
                self.ahead.forget();
                self.pending.commits.push((stage, token, result));
            }
        }
    }

    fn looked(&mut self, stage: usize, look: Look) {
        if self.inherits_as_recorded(stage, look) {
            self.decided(stage, Decision::UpToDate, None);
            self.end_up_to_date(stage);
        } else {
            self.await_examination(stage);
        }
    }

    fn await_examination(&mut self, stage: usize) {
        let weight = self.schedule.weight(stage);
        self.waiting.insert((Reverse(weight), stage));
    }

    /// Whether a stage that looks as recorded also inherits what is recorded.
    fn inherits_as_recorded(&self, stage: usize, look: Look) -> bool {
        let Look::Same { generated } = look else {
            return false;
        };
        let recorded = self.site.known(stage).map(|known| &known.recorded);
        let Some(recorded) = recorded.and_then(|recorded| recorded.fingerprint.as_ref()) else {
            return false;
        };
        INHERITED.into_iter().all(|kind| {
            let counts = kind != Kind::Generated || generated;
            let now = counts.then(|| self.lineage.inherited_digest(stage, kind));
            recorded.run.get(&kind).copied() == now.flatten()
        })
    }

    pub(super) fn demand(&self, stage: usize) -> Demand {
        Demand {
            forced: self.goal.forced[stage],
            always: self.site.settings(stage).always,
        }
    }

    pub(super) fn end_up_to_date(&mut self, stage: usize) {
        let stage_name = self.site.name(stage).clone();
        self.sink.event(&Event::StageUpToDate { stage: stage_name });
        self.end_as_recorded(stage);
    }

    /// A stage is done that did not run: what it passes on is what is recorded of it.
    pub(super) fn end_as_recorded(&mut self, stage: usize) {
        self.inherit_recorded(stage);
        self.schedule.finish(stage);
    }

    fn inherit_recorded(&mut self, stage: usize) {
        if let Some(known) = self.site.known(stage).map(Known::own) {
            self.lineage.settle(stage, known);
        }
    }
}
