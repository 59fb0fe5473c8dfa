//! What `plan`, `apply` and `down` have in common: which stages take part, and what came of it.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};

use crate::cli::Selection;
use crate::commands::selection;
use crate::commands::session::Session;
use crate::core::event::{Counts, Event, RunEnd, Sink};
use crate::core::graph::Ix;
use crate::core::plan::{Decision, Entry, Orphan, Plan};
use crate::core::record::{RunId, RunResult};
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::execute::reconcile::{Goal, Walked};
use crate::execute::site::Site;
use crate::state::{Records, Store};
use crate::system::clock;

/// Tells nobody.
pub(super) struct Silent;

impl Sink for Silent {
    fn event(&mut self, _: &Event) {}
}

/// Refuses names of stages that there are not, before anything is written.
pub(super) fn refuse_unknown(session: &Session, choice: &Selection) -> Result<()> {
    let known = session.stages();
    selection::resolve(&choice.stages, &known)?;
    selection::resolve(&choice.exclude, &known)?;
    Ok(())
}

/// Records how a run ended, and leaves the state at rest.
///
/// # Errors
/// The state cannot be written; what was recorded of stages is durable all the same.
pub(super) fn finish(mut store: Store, run: &RunId, result: RunResult) -> Result<()> {
    store.finish_run(run, result)?;
    store.gc_if_worth_it()?;
    store.close()
}

/// Tells that a run ends before its end, as when the state cannot be written. What was wrong is told by whoever has the error.
pub(super) fn break_off(store: &mut Store, run: &RunId, start: Instant, teller: &mut dyn Sink) {
    teller.event(&Event::RunFinished {
        result: RunEnd::Failed,
        counts: Counts::default(),
        duration_ms: clock::millis(start.elapsed()),
    });
    // Where it cannot be recorded, the run has no result.
    let _ = store.finish_run(run, RunResult::Failed);
}

/// Which stages take part: all; or those named and what they depend on; or, with `--only`, just those named.
pub(super) fn goal(
    session: &Session,
    site: &Site<'_>,
    choice: &Selection,
    force: bool,
) -> Result<Goal> {
    let graph = &session.graph;
    let known = session.stages();
    let named = selection::resolve(&choice.stages, &known)?;
    let excluded = selection::resolve(&choice.exclude, &known)?;
    let ix = |stage: &StageName| graph.find(stage.as_str());
    let mut chosen: BTreeSet<Ix> = match (choice.stages.is_empty(), choice.only) {
        (true, _) => graph.order().iter().copied().collect(),
        (false, true) => named.iter().filter_map(ix).collect(),
        (false, false) => graph.with_ancestors(named.iter().filter_map(ix)),
    };
    chosen.retain(|ix| !excluded.contains(graph.name(*ix)));
    refuse_gaps(site, &chosen)?;
    let forced = |stage: usize| {
        let all = choice.stages.is_empty();
        force && (all || named.contains(site.name(stage)))
    };
    let stages = 0..graph.len();
    Ok(Goal {
        selected: stages
            .clone()
            .map(|stage| chosen.contains(&graph.ix(stage)))
            .collect(),
        forced: stages.clone().map(forced).collect(),
        named: stages
            .map(|stage| force && named.contains(site.name(stage)))
            .collect(),
        fail_fast: session.project.settings.file.fail_fast.unwrap_or(false),
        jobs: session.jobs(),
        verbose: false,
    })
}

/// A stage can take part only if what it depends on does too, or is up.
fn refuse_gaps(site: &Site<'_>, chosen: &BTreeSet<Ix>) -> Result<()> {
    for stage in chosen {
        for needed in site.graph.dependencies(*stage) {
            let is_up = site
                .known(needed.index())
                .is_some_and(|known| known.recorded.status.is_up());
            if !is_up && !chosen.contains(needed) {
                let (stage, needed) = (site.graph.name(*stage), site.graph.name(*needed));
                return Err(Error::failed(format!(
                    "`{stage}` depends on `{needed}`, which is not up and would not be brought up"
                ))
                .hint(format!(
                    "name `{needed}` too, or leave out `--only` or `--exclude`"
                )));
            }
        }
    }
    Ok(())
}

/// What was decided, dependencies first.
pub(super) fn entries(session: &Session, walked: &Walked) -> Vec<Entry> {
    let order = session.graph.order().iter();
    order
        .filter_map(|ix| walked.decided.get(&ix.index()).cloned())
        .collect()
}

/// The recorded stages that are no longer in the DAG; `records` are those that are not.
pub(super) fn orphans(records: &Records) -> Vec<Orphan> {
    let left = records
        .iter()
        .filter(|(_, recorded)| recorded.status.may_be_up());
    left.map(|(stage, recorded)| Orphan {
        stage: stage.clone(),
        status: recorded.status,
    })
    .collect()
}

/// A plan as a JSON document.
pub(super) fn document(plan: &Plan) -> Value {
    let stages = plan.stages.iter().map(|entry| {
        let mut value = serde_json::to_value(entry).unwrap_or_default();
        if let Decision::Run { reasons } = &entry.decision {
            let texts: Vec<_> = reasons.iter().map(ToString::to_string).collect();
            value["because"] = json!(texts);
        }
        value
    });
    json!({
        "version": 1,
        "stages": stages.collect::<Vec<_>>(),
        "orphans": plan.orphans,
        "failed": plan.failed,
        "blocked": plan.blocked,
        "summary": plan.counts(),
    })
}
