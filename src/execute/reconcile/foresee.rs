//! What a plan can say of a stage whose dependencies will or may change. Knows nothing of what can be said of the others.

use crate::core::plan::{self, Decision, InputChange, Reason};
use crate::error::Result;
use crate::execute::changes;
use crate::execute::reconcile::coordinator::Coordinator;
use crate::observe::examine::{Inherited, Known};

impl Coordinator<'_> {
    pub(super) fn is_beyond_sight(&self, stage: usize) -> bool {
        self.run.is_none() && self.after(stage).next().is_some()
    }

    /// The direct dependencies that will or may run.
    fn after(&self, stage: usize) -> impl Iterator<Item = usize> {
        let is_unsettled = |dependency: &usize| self.unsettled[*dependency];
        self.dependencies(stage).filter(is_unsettled)
    }

    pub(super) fn foresee(&mut self, stage: usize) {
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
        self.end_as_recorded(stage);
    }

    /// What certainly differs from the record of a stage that cannot be rendered yet.
    fn certain(&self, stage: usize, known: &Known) -> Result<Vec<InputChange>> {
        let inherited: Inherited = self.inherited(stage);
        let (run, payload) = self.site.observer.certain(stage, known, &inherited)?;
        changes::certain(&self.manifests(&payload), known, &run)
    }
}
