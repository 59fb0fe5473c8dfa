//! Takes stages down: from what is recorded of them, in the reverse of the recorded order. Needs neither the library nor the
//! DAG for recorded stages. Like the walk of `apply`, one coordinator holds the schedule, the state and the sink.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use crate::core::event::{Counts, Event, Sink};
use crate::core::record::RunId;
use crate::core::schedule::{Schedule, Step};
use crate::core::stage::{Action, Outcome, StageName};
use crate::core::teardown;
use crate::error::{Error, Result};
use crate::execute::ctl::{self, Finished, Task};
use crate::execute::restore::{Recording, Restored, restore};
use crate::execute::site::Site;
use crate::execute::stopping::Stopping;
use crate::observe::examine::Known;
use crate::state::{Begin, Ended, Payload, RunToken, Store};
use crate::system::{fault, liveness};

/// How often the sink hears that time passes.
const TICK: Duration = Duration::from_millis(500);

/// A stage that goes down.
pub struct Subject {
    /// The stage.
    pub stage: StageName,
    /// What is recorded; `None` for one without a record, which is stamped from the library.
    pub recorded: Option<Known>,
    /// Its place in the graph of the library, if it is there.
    pub index: Option<usize>,
}

/// What goes down, and how.
pub struct Goal {
    /// The stages, those that came up first in front.
    pub subjects: Vec<Subject>,
    /// For each of them those that must be down before, by index.
    pub waits: Vec<Vec<u32>>,
    /// Start nothing new after a failure.
    pub fail_fast: bool,
    /// How many at once; at least 1.
    pub jobs: usize,
    /// Go on although a stage's environment differs from when it came up.
    pub accept_changed_env: bool,
    /// The stages that may go down although the state that their `ctl` kept is gone.
    pub forced: BTreeSet<StageName>,
}

/// How it ended, by index of the subjects.
#[derive(Debug, Default)]
pub struct Downed {
    /// Those that are down.
    pub done: Vec<usize>,
    /// Those that failed or were refused.
    pub failed: Vec<usize>,
    /// Those that were ended because the user asked to stop.
    pub interrupted: Vec<usize>,
    /// Those that stay up because these failed.
    pub blocked: BTreeMap<usize, BTreeSet<usize>>,
    /// Those that were never started.
    pub left: Vec<usize>,
}

impl Downed {
    /// In numbers.
    pub fn counts(&self) -> Counts {
        Counts {
            ran: self.done.len(),
            failed: self.failed.len(),
            interrupted: self.interrupted.len(),
            blocked: self.blocked.len(),
            not_started: self.left.len(),
            ..Counts::default()
        }
    }
}

enum Report {
    Event(Box<Event>),
    Ended {
        worker: usize,
        subject: usize,
        token: RunToken,
        finished: Box<Finished>,
    },
}

struct Job {
    subject: usize,
    token: RunToken,
    recording: Option<Recording>,
}

/// Takes stages down.
///
/// # Errors
/// Where the state cannot be read or written; stages that fail are no error but part of the result.
pub fn take_down(
    site: &Site<'_>,
    store: &mut Store,
    run: &RunId,
    goal: &Goal,
    sink: &mut dyn Sink,
) -> Result<Downed> {
    let (reports, inbox) = sync_channel(256);
    let downed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..goal.jobs.max(1))
            .map(|worker| {
                let (sender, jobs) = channel();
                let reports = reports.clone();
                scope.spawn(move || work(site, run, goal, worker, &jobs, &reports));
                sender
            })
            .collect();
        drop(reports);
        Coordinator::new(site, store, run, goal, sink, workers).go(&inbox)
    });
    liveness::sweep(&site.liveness_dir());
    downed
}

struct Coordinator<'a> {
    site: &'a Site<'a>,
    store: &'a mut Store,
    run: &'a RunId,
    goal: &'a Goal,
    sink: &'a mut dyn Sink,
    workers: Vec<Sender<Job>>,
    idle: BTreeSet<usize>,
    schedule: Schedule,
    downed: Downed,
    halted: bool,
    stopping: Stopping,
}

impl<'a> Coordinator<'a> {
    fn new(
        site: &'a Site<'a>,
        store: &'a mut Store,
        run: &'a RunId,
        goal: &'a Goal,
        sink: &'a mut dyn Sink,
        workers: Vec<Sender<Job>>,
    ) -> Self {
        let order = teardown::order(&goal.waits);
        // What came up last goes down first.
        let weight = |subject: usize, _| subject as u64;
        Self {
            idle: (0..workers.len()).collect(),
            schedule: Schedule::new(&order, &goal.waits, &|_| true, &weight),
            site,
            store,
            run,
            goal,
            sink,
            workers,
            downed: Downed::default(),
            halted: false,
            stopping: Stopping::default(),
        }
    }

    fn go(mut self, inbox: &Receiver<Report>) -> Result<Downed> {
        let mut fault = None;
        loop {
            if let Err(error) = self.dispatch() {
                self.halted = true;
                fault.get_or_insert(error);
            }
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
            let mut ended = Vec::new();
            self.take(first, &mut ended);
            while let Ok(next) = inbox.try_recv() {
                self.take(next, &mut ended);
            }
            if let Err(error) = self.commit(ended) {
                self.halted = true;
                fault.get_or_insert(error);
            }
        }
        self.workers.clear();
        if let Some(error) = fault {
            return Err(error);
        }
        let blocked = self.schedule.blocked().into_iter();
        self.downed.blocked = blocked.map(|(subject, by)| (subject, by.clone())).collect();
        let left = (0..self.goal.subjects.len())
            .filter(|subject| matches!(self.schedule.step(*subject), Step::Waiting | Step::Ready));
        self.downed.left = left.collect();
        for subject in &self.downed.left {
            self.sink.event(&Event::StageNotStarted {
                stage: self.goal.subjects[*subject].stage.clone(),
            });
        }
        Ok(self.downed)
    }

    /// Starts as many as there are idle workers, all in one transaction.
    fn dispatch(&mut self) -> Result<()> {
        let mut starts = Vec::new();
        while starts.len() < self.idle.len() && !self.halted && !self.site.stop.is_asked() {
            let Some(subject) = self.schedule.start(&mut |_| true) else {
                break;
            };
            match self.prepare(subject) {
                Ok(recording) => starts.push((subject, recording)),
                Err(error) => self.refuse(subject, &error),
            }
        }
        if starts.is_empty() {
            return Ok(());
        }
        let begins = starts.iter().map(|(subject, _)| Begin {
            stage: self.goal.subjects[*subject].stage.clone(),
            run: self.run.clone(),
            up: None,
            payload: Payload::default(),
        });
        fault::point("down.before-begin");
        let tokens = self.store.begin(begins.collect())?;
        fault::point("down.after-begin");
        for ((subject, recording), token) in starts.into_iter().zip(tokens) {
            let Some(worker) = self.idle.pop_first() else {
                break;
            };
            let job = Job {
                subject,
                token,
                recording,
            };
            let _ = self.workers[worker].send(job);
        }
        Ok(())
    }

    /// Refuses a stage that would not be taken down as it was brought up; else gives what it was brought up with.
    fn prepare(&self, subject: usize) -> Result<Option<Recording>> {
        let Subject {
            stage, recorded, ..
        } = &self.goal.subjects[subject];
        let Some(known) = recorded else {
            return Ok(None);
        };
        let detail = &known.detail();
        if !self.goal.forced.contains(stage) {
            self.site.refuse_without_state(stage, detail)?;
        }
        if !self.goal.accept_changed_env {
            let recorded = &known.recorded;
            self.site
                .refuse_other_environment(self.store, stage, recorded, detail)?;
        }
        Recording::load(self.store, stage).map(Some)
    }

    fn take(&mut self, report: Report, ended: &mut Vec<(usize, RunToken, Finished)>) {
        match report {
            Report::Event(event) => self.sink.event(&event),
            Report::Ended {
                worker,
                subject,
                token,
                finished,
            } => {
                self.idle.insert(worker);
                ended.push((subject, token, *finished));
            }
        }
    }

    fn commit(&mut self, ended: Vec<(usize, RunToken, Finished)>) -> Result<()> {
        if ended.is_empty() {
            return Ok(());
        }
        let mut outcomes = Vec::new();
        let mut ends = Vec::new();
        for (subject, token, finished) in ended {
            let duration = finished.duration;
            ends.push((
                token,
                match finished.outcome.clone() {
                    Outcome::Succeeded => Ended::Down { duration },
                    outcome => Ended::StopFailed { outcome, duration },
                },
            ));
            outcomes.push((subject, finished));
        }
        fault::point("down.before-commit");
        let result = self.store.commit(ends);
        fault::point("down.after-commit");
        for (subject, finished) in outcomes {
            let finished = match &result {
                Ok(()) => finished,
                Err(error) => finished.unrecorded(error),
            };
            let succeeded = finished.outcome == Outcome::Succeeded;
            let stage = self.goal.subjects[subject].stage.clone();
            self.sink.event(&finished.event(&stage, Action::Down));
            if succeeded {
                self.downed.done.push(subject);
                self.schedule.finish(subject);
            } else {
                match finished.outcome {
                    Outcome::Interrupted => self.downed.interrupted.push(subject),
                    _ => self.downed.failed.push(subject),
                }
                self.fail(subject);
            }
        }
        result
    }

    fn refuse(&mut self, subject: usize, error: &Error) {
        let error = &error.mapped(&|text| self.site.secrets.mask_text(text));
        let stage = self.goal.subjects[subject].stage.clone();
        self.sink
            .event(&Finished::broken(error).event(&stage, Action::Down));
        self.downed.failed.push(subject);
        self.fail(subject);
    }

    fn fail(&mut self, subject: usize) {
        self.halted |= self.goal.fail_fast;
        let by = vec![self.goal.subjects[subject].stage.clone()];
        for blocked in self.schedule.fail(subject) {
            self.sink.event(&Event::StageBlocked {
                stage: self.goal.subjects[blocked].stage.clone(),
                by: by.clone(),
            });
        }
    }
}

fn work(
    site: &Site<'_>,
    run: &RunId,
    goal: &Goal,
    worker: usize,
    jobs: &Receiver<Job>,
    reports: &SyncSender<Report>,
) {
    while let Ok(job) = jobs.recv() {
        let subject = &goal.subjects[job.subject];
        let say = |event| {
            let _ = reports.send(Report::Event(Box::new(event)));
        };
        let finished = bring_down(site, run, subject, job.recording.as_ref(), &say);
        let report = Report::Ended {
            worker,
            subject: job.subject,
            token: job.token,
            finished: Box::new(finished),
        };
        if reports.send(report).is_err() {
            return;
        }
    }
}

fn bring_down(
    site: &Site<'_>,
    run: &RunId,
    subject: &Subject,
    recording: Option<&Recording>,
    say: &dyn Fn(Event),
) -> Finished {
    fault::point("down.begun");
    let restored = match (recording, &subject.recorded, subject.index) {
        (Some(recording), Some(known), _) => {
            restore(site, &subject.stage, recording, &known.detail())
        }
        (_, _, Some(index)) => site.stamp_from_library(index),
        _ => Err(Error::failed(format!(
            "nothing is recorded of `{}`, and it is not in the library",
            subject.stage
        ))),
    };
    fault::point("down.restored");
    let Restored { config } = match restored {
        Ok(restored) => restored,
        Err(error) => return Finished::broken(&error),
    };
    let mut environment = site.project.ctl_environment(Some(&subject.stage));
    if let Some(config) = config {
        environment.set("CONFIG_JSON_FILE", config);
    }
    let settings = site.project.settings.stage(&subject.stage);
    let task = Task {
        stage: &subject.stage,
        action: Action::Down,
        settings: &settings,
        environment,
        run,
        reasons: Vec::new(),
    };
    let finished = ctl::run(site, &task, say);
    fault::point("down.ended");
    finished
}
