//! What `plan` and `apply` have in common: which stages take part, and what came of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cli::Selection;
use crate::commands::selection;
use crate::commands::session::Session;
use crate::core::event::{Event, Sink};
use crate::core::graph::Ix;
use crate::core::plan::{Decision, Entry, Orphan, Plan};
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::execute::reconcile::{Goal, Walked};
use crate::execute::site::Site;
use crate::state::Records;

/// Tells nobody.
pub(super) struct Silent;

impl Sink for Silent {
    fn event(&mut self, _: &Event) {}
}

/// Refuses names of stages that there are not, before anything is written.
pub(super) fn refuse_unknown(session: &Session, choice: &Selection) -> Result<()> {
    named(session, &choice.stages)?;
    named(session, &choice.exclude)?;
    Ok(())
}

/// The stages that patterns name.
fn named(session: &Session, patterns: &[String]) -> Result<BTreeSet<StageName>> {
    if patterns.is_empty() {
        return Ok(BTreeSet::new());
    }
    selection::resolve(patterns, &session.stages())
}

/// Which stages take part: all; or those named and what they depend on; or, with `--only`, just those named.
pub(super) fn goal(
    session: &Session,
    site: &Site<'_>,
    choice: &Selection,
    force: bool,
) -> Result<Goal> {
    let graph = &session.graph;
    let chosen = named(session, &choice.stages)?;
    let excluded = named(session, &choice.exclude)?;
    let places = |names: &BTreeSet<StageName>| -> BTreeSet<Ix> {
        let found = names.iter().filter_map(|stage| graph.find(stage.as_str()));
        found.collect()
    };
    let all = choice.stages.is_empty();
    let mut selected = vec![all; graph.len()];
    let mut taking_part = places(&chosen);
    if !choice.only {
        taking_part = graph.with_ancestors(taking_part);
    }
    for ix in taking_part {
        selected[ix.index()] = true;
    }
    for ix in places(&excluded) {
        selected[ix.index()] = false;
    }
    refuse_gaps(site, &selected)?;
    let is_named = |stage: usize| force && chosen.contains(site.name(stage));
    let stages = 0..graph.len();
    Ok(Goal {
        selected,
        forced: stages
            .clone()
            .map(|s| force && all || is_named(s))
            .collect(),
        named: stages.map(is_named).collect(),
        fail_fast: session.project.settings.file.fail_fast.unwrap_or(false),
        jobs: session.jobs(),
        verbose: false,
    })
}

/// A stage can take part only if what it depends on does too, or is up.
fn refuse_gaps(site: &Site<'_>, selected: &[bool]) -> Result<()> {
    let graph = site.graph;
    for stage in (0..graph.len()).filter(|stage| selected[*stage]) {
        for needed in graph.dependencies(graph.ix(stage)) {
            let is_up = || {
                let known = site.known(needed.index());
                known.is_some_and(|known| known.recorded.status.is_up())
            };
            if !selected[needed.index()] && !is_up() {
                let (stage, needed) = (site.name(stage), site.name(needed.index()));
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
