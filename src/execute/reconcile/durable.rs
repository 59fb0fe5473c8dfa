//! Makes durable what the walk decided and what came of it, many stages in one transaction. Knows nothing of how it was
//! decided.

use std::sync::Arc;

use crate::core::event::Event;
use crate::core::fingerprint::{Kind, Manifest};
use crate::core::lineage::{INHERITED, Own};
use crate::core::plan::Reason;
use crate::core::stage::{Action, Outcome};
use crate::error::Result;
use crate::execute::ctl::Finished;
use crate::execute::reconcile::coordinator::Coordinator;
use crate::execute::worker::{Go, Ran, Verdict};
use crate::observe::detail::Detail;
use crate::observe::examine::Examined;
use crate::state::{Begin, Ended, Left, Payload, Restamp, RunToken};
use crate::system::fault;

/// What is to be made durable.
#[derive(Default)]
pub(super) struct Pending {
    begins: Vec<Start>,
    pub(super) commits: Vec<(usize, RunToken, Box<Ran>)>,
    restamps: Vec<(usize, Restamp)>,
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

impl Coordinator<'_> {
    /// Makes everything durable that came in: first how attempts ended, then those about to start.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.flush_commits()?;
        self.flush_restamps()?;
        self.flush_begins()
    }

    fn flush_commits(&mut self) -> Result<()> {
        let commits = std::mem::take(&mut self.pending.commits);
        if commits.is_empty() {
            return Ok(());
        }
        let (ends, settled): (Vec<_>, Vec<_>) = commits
            .into_iter()
            .map(|(stage, token, ran)| {
                let (ended, own, finished) = ended(*ran);
                ((token, ended), (stage, own, finished))
            })
            .unzip();
        fault::point("apply.before-commit");
        let result = self.store.commit(ends);
        fault::point("apply.after-commit");
        for (stage, own, finished) in settled {
            let finished = match &result {
                Ok(()) => finished,
                Err(error) => finished.unrecorded(error),
            };
            self.settle(stage, own.filter(|_| result.is_ok()), &finished);
        }
        result
    }

    /// How an attempt ended is recorded, or cannot be; `own` is there if it succeeded and is recorded.
    fn settle(&mut self, stage: usize, own: Option<Own>, finished: &Finished) {
        let event = finished.event(self.site.name(stage), Action::Up);
        self.sink.event(&event);
        if let Some(own) = own {
            self.lineage.settle(stage, own);
            self.walked.ran.push(stage);
            self.schedule.finish(stage);
            return;
        }
        match finished.outcome {
            Outcome::Interrupted => self.walked.interrupted.push(stage),
            _ => self.walked.failed.push(stage),
        }
        self.fail(stage);
    }

    fn flush_restamps(&mut self) -> Result<()> {
        let restamps = std::mem::take(&mut self.pending.restamps);
        if restamps.is_empty() {
            return Ok(());
        }
        let (stages, records): (Vec<_>, Vec<_>) = restamps.into_iter().unzip();
        fault::point("apply.before-restamp");
        let result = self.store.record_restamp(records);
        fault::point("apply.after-restamp");
        for stage in stages {
            let name = self.site.name(stage).clone();
            self.sink.event(&Event::StageRestamped { stage: name });
            // What was recorded before still holds: only what it is rendered from changed.
            self.end_as_recorded(stage);
        }
        result
    }

    fn flush_begins(&mut self) -> Result<()> {
        let begins = std::mem::take(&mut self.pending.begins);
        if begins.is_empty() {
            return Ok(());
        }
        if self.is_stopping() {
            for start in begins {
                self.give_back(start.worker, start.stage);
            }
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

    /// Leaves a stage to be begun with the others.
    pub(super) fn begin(
        &mut self,
        worker: usize,
        stage: usize,
        examined: Examined,
        reasons: Vec<Reason>,
    ) {
        let Some(run) = self.run.cloned() else { return };
        let mut payload = examined.payload;
        self.add_nodes(stage, &mut payload);
        self.pending.begins.push(Start {
            worker,
            stage,
            begin: Begin {
                stage: self.site.name(stage).clone(),
                run,
                up: Some(examined.attempt),
                payload,
            },
            detail: examined.detail,
            files: examined.files,
            reasons,
        });
    }

    /// Leaves a new stamp key to be recorded with the others.
    pub(super) fn restamp(&mut self, stage: usize, examined: Examined) {
        let mut payload = examined.payload;
        self.add_nodes(stage, &mut payload);
        let mut fingerprint = examined.attempt.fingerprint;
        // What `ctl` last ran with stays recorded: of a stage that is rendered to something else each time, this render was not run.
        let recorded = self.site.known(stage).map(|known| &known.recorded);
        let ran_with = recorded.and_then(|recorded| recorded.fingerprint.as_ref());
        if let Some(stamped) = ran_with.and_then(|ran_with| ran_with.run.get(&Kind::Stamped)) {
            fingerprint.run.insert(Kind::Stamped, *stamped);
        }
        let restamp = Restamp {
            stage: self.site.name(stage).clone(),
            fingerprint,
            detail: examined.attempt.detail,
            stamped: examined.attempt.stamped,
            payload,
        };
        self.pending.restamps.push((stage, restamp));
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
        let edited = self.edited.iter();
        payload
            .manifests
            .extend(edited.map(|manifest| (manifest.digest(), Arc::clone(manifest))));
    }
}

/// How an attempt ended, as it is recorded, what its stage passes on if it succeeded, and as it is told.
fn ended(ran: Ran) -> (Ended, Option<Own>, Finished) {
    let Ran { finished, left } = ran;
    let duration = finished.duration;
    if let Some((left, own)) = left {
        let left = Left { duration, ..left };
        (Ended::Up(Box::new(left)), Some(own), finished)
    } else {
        let outcome = finished.outcome.clone();
        (Ended::Failed { outcome, duration }, None, finished)
    }
}
