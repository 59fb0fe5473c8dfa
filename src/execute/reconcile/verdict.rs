//! Decides about stages that were examined. Knows nothing of how decisions become durable.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::core::event::Event;
use crate::core::plan::{self, Decision, Entry, Observed, Reason};
use crate::core::stage::Action;
use crate::error::{Error, Result};
use crate::execute::changes::{self, Manifests};
use crate::execute::ctl::Finished;
use crate::execute::reconcile::coordinator::Coordinator;
use crate::execute::site::lost_state;
use crate::execute::worker::Verdict;
use crate::observe::examine::{Examined, Known};
use crate::state::Payload;

impl Coordinator<'_> {
    pub(super) fn examined(&mut self, worker: usize, stage: usize, examined: Examined) {
        let decision = match self.decide(stage, &examined) {
            Ok(decision) => decision,
            Err(error) => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                return self.refuse(stage, &error);
            }
        };
        self.decided(stage, decision.clone(), Some(&examined));
        match (decision, self.run.is_some()) {
            (Decision::Run { reasons }, true) => self.start(worker, stage, examined, reasons),
            (decision, runs) => {
                self.answer(worker, Verdict::Leave);
                self.leave_pool(stage);
                match decision {
                    Decision::Restamp if runs => self.restamp(stage, examined),
                    Decision::Run { .. } => {
                        self.unsettled[stage] = true;
                        self.end_as_recorded(stage);
                    }
                    _ => self.end_up_to_date(stage),
                }
            }
        }
    }

    fn start(&mut self, worker: usize, stage: usize, examined: Examined, reasons: Vec<Reason>) {
        if self.is_stopping() {
            self.give_back(worker, stage);
        } else {
            self.begin(worker, stage, examined, reasons);
        }
    }

    /// A stage is not to be started after all.
    pub(super) fn give_back(&mut self, worker: usize, stage: usize) {
        self.answer(worker, Verdict::Leave);
        self.leave_pool(stage);
        self.walked.decided.remove(&stage);
        self.waiting.insert((Reverse(0), stage));
    }

    fn decide(&mut self, stage: usize, examined: &Examined) -> Result<Decision> {
        let known = self.site.known(stage);
        let mut seen = Observed::default();
        if let Some(known) = known {
            let manifests = self.manifests(&examined.payload);
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

    /// The manifests that can be looked up: these, those of other stages in this walk, and those that are recorded.
    pub(super) fn manifests<'m>(&'m self, payload: &'m Payload) -> Manifests<'m> {
        let own = payload.manifests.iter();
        let fresh = own.map(|(_, manifest)| manifest).chain(&self.edited);
        Manifests::new(self.store, Some(&self.lineage), fresh.map(Arc::as_ref))
    }

    pub(super) fn decided(
        &mut self,
        stage: usize,
        decision: Decision,
        examined: Option<&Examined>,
    ) {
        let inputs = examined
            .filter(|_| self.goal.verbose)
            .and_then(|examined| changes::named(&self.manifests(&examined.payload), examined).ok());
        let entry = Entry {
            stage: self.site.name(stage).clone(),
            decision,
            stamper: examined.map(|examined| examined.detail.renderer.clone()),
            stamper_because: examined.map_or_else(Vec::new, |examined| examined.because.clone()),
            inputs,
            warnings: examined.map_or_else(Vec::new, |examined| examined.warnings.clone()),
        };
        self.walked.decided.insert(stage, entry);
    }

    /// A stage failed before its `ctl` was started; what is recorded of it stays as it was.
    pub(super) fn refuse(&mut self, stage: usize, error: &Error) {
        let error = &error.mapped(&|text| self.site.secrets.mask_text(text));
        let name = self.site.name(stage).clone();
        self.sink
            .event(&Finished::broken(error).event(&name, Action::Up));
        self.walked.errors.insert(stage, error.clone());
        self.walked.failed.push(stage);
        self.fail(stage);
    }

    pub(super) fn fail(&mut self, stage: usize) {
        self.halted |= self.goal.fail_fast;
        for blocked in self.schedule.fail(stage) {
            let by = vec![self.site.name(stage).clone()];
            self.sink.event(&Event::StageBlocked {
                stage: self.site.name(blocked).clone(),
                by,
            });
        }
    }
}
