//! The walk that `plan` and `apply` share. The coordinator alone holds the schedule, the state and the sink; it decides, makes
//! attempts durable in batches, and tells the user. Knows nothing of how a stage is rendered or run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::Scope;
use std::time::Duration;

use crate::core::event::{Event, Sink};
use crate::core::fingerprint::{Kind, Manifest};
use crate::core::lineage::{INHERITED, Lineage};
use crate::core::plan::{self, Decision, Demand, Entry, InputChange, Observed, Reason};
use crate::core::record::RunId;
use crate::core::schedule::{Schedule, Step};
use crate::core::stage::{Action, StageName};
use crate::error::{Error, Result};
use crate::execute::changes::{self, Manifests};
use crate::execute::ctl::Finished;
use crate::execute::site::{Site, lost_state};
use crate::execute::stopping::Stopping;
use crate::execute::worker::{self, Go, Job, Ran, Report, Subject, Verdict};
use crate::observe::detail::Detail;
use crate::observe::examine::{Examined, Inherited, Known};
use crate::state::{Begin, Ended, Left, Payload, Restamp, RunToken, Store};
use crate::system::fault;

/// How many stages a worker looks at in one go, at most.
const CHUNK: usize = 64;

/// How often the sink hears that time passes.
const TICK: Duration = Duration::from_millis(500);

/// How many reports may wait for the coordinator, so that a loud stage cannot fill the memory.
const BACKLOG: usize = 256;

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
    std::thread::scope(|scope| {
        let workers = (0..goal.jobs.max(1))
            .map(|worker| spawn(scope, site, worker, run, reports.clone()))
            .collect();
        drop(reports);
        let mut coordinator = Coordinator::new(site, store, run, goal, sink, workers);
        coordinator.go(&inbox)
    })
}

fn spawn<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    site: &'env Site<'env>,
    worker: usize,
    run: Option<&'env RunId>,
    reports: std::sync::mpsc::SyncSender<Report>,
) -> Sender<Message> {
    let (sender, inbox) = channel();
    scope.spawn(move || worker::work(site, run, worker, &inbox, &reports));
    sender
}

/// What the coordinator sends to a worker.
pub(super) enum Message {
    /// Something to do.
    Job(Job),
    /// What becomes of the stage that the worker examined.
    Verdict(Verdict),
}

/// A stage that is to run, once that is recorded.
struct Start {
    worker: usize,
    stage: usize,
    begin: Begin,
    detail: Detail,
    files: Manifest,
    reasons: Vec<Reason>,
}

struct Coordinator<'a> {
    site: &'a Site<'a>,
    store: &'a mut Store,
    run: Option<&'a RunId>,
    goal: &'a Goal,
    sink: &'a mut dyn Sink,
    workers: Vec<Sender<Message>>,
    idle: BTreeSet<usize>,
    schedule: Schedule,
    lineage: Lineage,
    /// Stages that were looked at and need to be examined.
    waiting: BTreeSet<(Reverse<u64>, usize)>,
    /// What keeps each of the stages that `plan` cannot be sure of, or that will run.
    unsettled: Vec<bool>,
    pools: BTreeMap<String, usize>,
    begins: Vec<Start>,
    commits: Vec<(usize, RunToken, Box<Ran>)>,
    restamps: Vec<(usize, Restamp)>,
    walked: Walked,
    halted: bool,
    stopping: Stopping,
}

impl<'a> Coordinator<'a> {
    fn new(
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
            begins: Vec::new(),
            commits: Vec::new(),
            restamps: Vec::new(),
            walked: Walked::default(),
            halted: false,
            stopping: Stopping::default(),
        };
        for stage in order.into_iter().filter(|stage| !goal.selected[*stage]) {
            coordinator.inherit_recorded(stage);
        }
        coordinator
    }

    /// Hands out work and takes in reports until nothing is left to do.
    fn go(&mut self, inbox: &Receiver<Report>) -> Result<Walked> {
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
        let unstarted = |stage: &usize| {
            matches!(self.schedule.step(*stage), Step::Waiting | Step::Ready)
                || self.waiting.iter().any(|(_, waiting)| waiting == stage)
        };
        let selected = (0..self.goal.selected.len()).filter(|stage| self.goal.selected[*stage]);
        self.walked.left = selected.filter(unstarted).collect();
    }

    // What goes out.

    fn dispatch(&mut self) {
        while let Some(worker) = self.idle.first().copied() {
            if self.is_stopping() {
                return;
            }
            let Some(job) = self.next_job() else { return };
            self.idle.remove(&worker);
            // A worker that is gone has panicked; its stage is then never reported, and the scope passes the panic on.
            let _ = self.workers[worker].send(Message::Job(job));
        }
    }

    fn is_stopping(&self) -> bool {
        self.halted || self.site.stop.level() > 0
    }

    fn next_job(&mut self) -> Option<Job> {
        if let Some(stage) = self.next_waiting() {
            return Some(Job::Examine(Box::new(self.subject(stage))));
        }
        let share = self.schedule.ready() / (self.workers.len() * 2);
        let mut subjects = Vec::new();
        while subjects.len() < share.clamp(1, CHUNK) {
            let Some(stage) = self.schedule.start(&mut |_| true) else {
                break;
            };
            if self.is_beyond_sight(stage) {
                self.foresee(stage);
            } else {
                subjects.push(self.subject(stage));
            }
        }
        (!subjects.is_empty()).then_some(Job::Look(subjects))
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

    fn leave_pool(&mut self, stage: usize) {
        if let (Some((pool, _)), true) = (self.site.pool(stage), self.run.is_some())
            && let Some(taken) = self.pools.get_mut(pool)
        {
            *taken = taken.saturating_sub(1);
        }
    }

    fn subject(&self, stage: usize) -> Subject {
        let inherited = |kind| self.lineage.inherited(stage, kind);
        Subject {
            stage,
            inherited: Inherited {
                outputs: inherited(Kind::Output),
                generated: inherited(Kind::Generated),
                ancestors: inherited(Kind::Ancestor),
            },
        }
    }

    // What a plan can say of a stage whose dependencies will change.

    fn is_beyond_sight(&self, stage: usize) -> bool {
        self.run.is_none() && self.after(stage).next().is_some()
    }

    /// The direct dependencies that will or may run.
    fn after(&self, stage: usize) -> impl Iterator<Item = usize> {
        let dependencies = self
            .site
            .graph
            .dependencies(self.site.graph.ix(stage))
            .iter();
        dependencies
            .map(|ix| ix.index())
            .filter(|dependency| self.unsettled[*dependency])
    }

    fn foresee(&mut self, stage: usize) {
        let mut reasons = plan::standing(self.site.known(stage).map(Known::standing));
        let known = self.site.known(stage);
        if let (true, Some(known)) = (reasons.is_empty(), known) {
            match self.certain(stage, known) {
                Ok(changes) => reasons.extend(changes.into_iter().map(Reason::Input)),
                Err(error) => return self.refuse(stage, &error),
            }
        }
        let demand = self.demand(stage);
        reasons.extend(demand.always.then_some(Reason::Always));
        reasons.extend(demand.forced.then_some(Reason::Forced));
        let decision = if reasons.is_empty() {
            let after = self.after(stage).map(|s| self.site.name(s).clone());
            Decision::Undetermined {
                after: after.collect(),
            }
        } else {
            Decision::Run { reasons }
        };
        self.unsettled[stage] = true;
        self.decided(stage, decision, None);
        self.inherit_recorded(stage);
        self.schedule.finish(stage);
    }

    /// What certainly differs from the record of a stage that cannot be rendered yet.
    fn certain(&self, stage: usize, known: &Known) -> Result<Vec<InputChange>> {
        let subject = self.subject(stage);
        let (run, payload) = self
            .site
            .observer
            .certain(stage, known, &subject.inherited)?;
        let nodes = self.lineage.nodes(stage);
        let fresh = payload
            .manifests
            .iter()
            .map(|(_, manifest)| manifest.as_ref())
            .chain(&nodes);
        changes::certain(&Manifests::new(self.store, fresh), known, &run)
    }

    fn demand(&self, stage: usize) -> Demand {
        Demand {
            forced: self.goal.forced[stage],
            always: self.site.settings(stage).always,
        }
    }

    fn decided(&mut self, stage: usize, decision: Decision, examined: Option<&Examined>) {
        let nodes = if self.goal.verbose {
            self.lineage.nodes(stage)
        } else {
            Vec::new()
        };
        let inputs = examined.filter(|_| self.goal.verbose).and_then(|examined| {
            let fresh = examined
                .payload
                .manifests
                .iter()
                .map(|(_, manifest)| manifest.as_ref());
            let manifests = Manifests::new(self.store, fresh.chain(&nodes));
            changes::named(&manifests, examined).ok()
        });
        let entry = Entry {
            stage: self.site.name(stage).clone(),
            decision,
            stamper: examined.map(|examined| examined.detail.renderer.clone()),
            inputs,
            unrepeatable: examined
                .filter(|_| self.goal.verbose)
                .map(|examined| examined.detail.reads.unrepeatable.clone())
                .unwrap_or_default(),
            warnings: examined.map_or_else(Vec::new, |examined| examined.warnings.clone()),
        };
        self.walked.decided.insert(stage, entry);
    }

    // What comes in.

    fn take(&mut self, report: Report) {
        match report {
            Report::Event(event) => self.sink.event(&event),
            Report::Looked { worker, results } => {
                self.idle.insert(worker);
                for (stage, is_current) in results {
                    self.looked(stage, is_current);
                }
            }
            Report::Examined {
                worker,
                stage,
                examined: Err(error),
            } => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                self.refuse(stage, &error);
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
                self.commits.push((stage, token, result));
            }
        }
    }

    fn looked(&mut self, stage: usize, is_current: bool) {
        let demand = self.demand(stage);
        if is_current && demand == Demand::default() && !self.goal.verbose {
            self.decided(stage, Decision::UpToDate, None);
            self.inherit_recorded(stage);
            self.schedule.finish(stage);
        } else {
            let weight = self.schedule.weight(stage);
            self.waiting.insert((Reverse(weight), stage));
        }
    }

    fn examined(&mut self, worker: usize, stage: usize, examined: Examined) {
        let decision = match self.decide(stage, &examined) {
            Ok(decision) => decision,
            Err(error) => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                return self.refuse(stage, &error);
            }
        };
        self.decided(stage, decision.clone(), Some(&examined));
        match decision {
            Decision::Run { reasons } if self.run.is_some() => {
                if self.is_stopping() {
                    self.answer(worker, Verdict::Leave);
                    self.leave_pool(stage);
                    self.walked.decided.remove(&stage);
                    self.waiting.insert((Reverse(0), stage));
                    return;
                }
                let start = self.start(worker, stage, examined, reasons);
                self.begins.extend(start);
            }
            Decision::Run { .. } => {
                self.answer(worker, Verdict::Leave);
                self.unsettled[stage] = true;
                self.inherit_recorded(stage);
                self.schedule.finish(stage);
            }
            Decision::Restamp if self.run.is_some() => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                let restamp = self.restamp(stage, examined);
                self.restamps.push((stage, restamp));
            }
            _ => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                self.inherit_recorded(stage);
                self.schedule.finish(stage);
            }
        }
    }

    fn decide(&mut self, stage: usize, examined: &Examined) -> Result<Decision> {
        let known = self.site.known(stage);
        let mut seen = Observed::default();
        if let Some(known) = known {
            let nodes = self.lineage.nodes(stage);
            let fresh = examined
                .payload
                .manifests
                .iter()
                .map(|(_, manifest)| manifest.as_ref());
            let manifests = Manifests::new(self.store, fresh.chain(&nodes));
            seen = changes::observed(&manifests, known, examined)?;
        }
        let decision = plan::decide(known.map(Known::standing), &seen, self.demand(stage));
        if self.run.is_some()
            && !self.goal.named[stage]
            && let Some(gone) = seen.kept.first()
        {
            return Err(lost_state(self.site.name(stage), gone, "apply"));
        }
        Ok(decision)
    }

    /// A stage failed before its `ctl` was started; what is recorded of it stays as it was.
    fn refuse(&mut self, stage: usize, error: &Error) {
        let error = &error.mapped(&|text| self.site.secrets.mask_text(text));
        let name = self.site.name(stage).clone();
        self.sink
            .event(&Finished::broken(error).event(&name, Action::Up));
        self.walked.errors.insert(stage, error.clone());
        self.fail(stage);
    }

    fn fail(&mut self, stage: usize) {
        self.walked.failed.push(stage);
        self.halted |= self.goal.fail_fast;
        let blocked = self.schedule.fail(stage);
        for blocked in blocked {
            let by = vec![self.site.name(stage).clone()];
            self.sink.event(&Event::StageBlocked {
                stage: self.site.name(blocked).clone(),
                by,
            });
        }
    }

    fn answer(&mut self, worker: usize, verdict: Verdict) {
        if matches!(verdict, Verdict::Leave) {
            self.idle.insert(worker);
        }
        let _ = self.workers[worker].send(Message::Verdict(verdict));
    }

    fn inherit_recorded(&mut self, stage: usize) {
        if let Some(known) = self.site.known(stage) {
            self.lineage.settle(stage, known.own());
        }
    }
}

// What becomes durable.

impl Coordinator<'_> {
    /// Makes everything durable that came in: first how attempts ended, then those about to start.
    fn flush(&mut self) -> Result<()> {
        self.flush_commits()?;
        self.flush_restamps()?;
        self.flush_begins()
    }

    fn flush_commits(&mut self) -> Result<()> {
        if self.commits.is_empty() {
            return Ok(());
        }
        let mut ends = Vec::new();
        let mut settled = Vec::new();
        for (stage, token, ran) in std::mem::take(&mut self.commits) {
            let Ran { finished, left } = *ran;
            let event = finished.event(self.site.name(stage), Action::Up);
            let duration = finished.duration;
            let (end, own) = if let Some((left, own)) = left {
                (Ended::Up(Box::new(Left { duration, ..left })), Some(own))
            } else {
                let outcome = finished.outcome;
                (Ended::Failed { outcome, duration }, None)
            };
            ends.push((token, end));
            settled.push((stage, own, event));
        }
        fault::point("apply.before-commit");
        let result = self.store.commit(ends);
        fault::point("apply.after-commit");
        for (stage, own, event) in settled {
            self.sink.event(&event);
            match own.filter(|_| result.is_ok()) {
                Some(own) => {
                    self.lineage.settle(stage, own);
                    self.walked.ran.push(stage);
                    self.schedule.finish(stage);
                }
                None => self.fail(stage),
            }
        }
        result
    }

    fn flush_restamps(&mut self) -> Result<()> {
        let restamps = std::mem::take(&mut self.restamps);
        if restamps.is_empty() {
            return Ok(());
        }
        let (stages, records): (Vec<_>, Vec<_>) = restamps.into_iter().unzip();
        fault::point("apply.before-restamp");
        let result = self.store.record_restamp(records);
        fault::point("apply.after-restamp");
        for stage in stages {
            // What was recorded before still holds: only what it is rendered from changed.
            self.inherit_recorded(stage);
            self.schedule.finish(stage);
        }
        result
    }

    fn flush_begins(&mut self) -> Result<()> {
        let begins = std::mem::take(&mut self.begins);
        if begins.is_empty() {
            return Ok(());
        }
        if self.is_stopping() {
            self.put_back(begins);
            return Ok(());
        }
        let records = begins.iter().map(|start| start.begin.clone()).collect();
        fault::point("apply.before-begin");
        let tokens = match self.store.begin(records) {
            Ok(tokens) => tokens,
            Err(error) => {
                for start in begins {
                    self.answer(start.worker, Verdict::Leave);
                    self.leave_pool(start.stage);
                    self.refuse(start.stage, &error);
                }
                return Err(error);
            }
        };
        fault::point("apply.after-begin");
        for (start, token) in begins.into_iter().zip(tokens) {
            let Some(attempt) = start.begin.up else {
                continue;
            };
            let go = Go {
                token,
                attempt,
                detail: start.detail,
                files: start.files,
                reasons: start.reasons.iter().map(ToString::to_string).collect(),
            };
            self.answer(start.worker, Verdict::Run(Box::new(go)));
        }
        Ok(())
    }

    /// Gives back what is not to be started after all.
    fn put_back(&mut self, begins: Vec<Start>) {
        for start in begins {
            self.answer(start.worker, Verdict::Leave);
            self.leave_pool(start.stage);
            self.walked.decided.remove(&start.stage);
            self.waiting.insert((Reverse(0), start.stage));
        }
    }

    fn start(
        &mut self,
        worker: usize,
        stage: usize,
        examined: Examined,
        reasons: Vec<Reason>,
    ) -> Option<Start> {
        let mut payload = examined.payload;
        self.add_nodes(stage, &mut payload);
        Some(Start {
            worker,
            stage,
            begin: Begin {
                stage: self.site.name(stage).clone(),
                run: self.run?.clone(),
                up: Some(examined.attempt),
                payload,
            },
            detail: examined.detail,
            files: examined.files,
            reasons,
        })
    }

    fn add_nodes(&mut self, stage: usize, payload: &mut Payload) {
        let nodes = self.lineage.new_nodes(stage).into_iter();
        let inherited = INHERITED.map(|kind| self.lineage.inherited(stage, kind));
        let all = nodes
            .chain(inherited)
            .filter(|manifest| !manifest.is_empty());
        payload
            .manifests
            .extend(all.map(|manifest| (manifest.digest(), Arc::new(manifest))));
    }

    fn restamp(&mut self, stage: usize, examined: Examined) -> Restamp {
        let mut payload = examined.payload;
        self.add_nodes(stage, &mut payload);
        Restamp {
            stage: self.site.name(stage).clone(),
            fingerprint: examined.attempt.fingerprint,
            detail: examined.attempt.detail,
            stamped: examined.attempt.stamped,
            payload,
        }
    }
}
