//! `apply --prune`: takes down stages that are no longer in the DAG, each only when nothing that is up needs it.

use std::collections::BTreeSet;

use crate::commands::session::Session;
use crate::commands::teardown;
use crate::core::event::{Counts, Sink};
use crate::core::plan::Orphan;
use crate::core::record::{Edge, RunId};
use crate::core::stage::{StageName, Status};
use crate::core::teardown::Standing;
use crate::error::{Error, Result};
use crate::execute::down;
use crate::execute::site::Site;
use crate::state::{Records, Store};

/// Refuses when no recorded stage is left in the DAG: that is rather a wrong library than an empty one.
pub(super) fn refuse_if_all(site: &Site<'_>, orphans: &[Orphan]) -> Result<()> {
    if orphans.is_empty() || site.known.iter().any(Option::is_some) {
        return Ok(());
    }
    Err(
        Error::failed("none of the recorded stages is in the DAG: nothing is pruned")
            .hint("is this the right library? `betterform down` takes everything down"),
    )
}

/// Takes down what can go, and says how many that were.
pub(super) fn take_down(
    session: &Session,
    site: &Site<'_>,
    store: &mut Store,
    run: &RunId,
    settled: bool,
    teller: &mut dyn Sink,
) -> Result<Counts> {
    let records = store.records()?;
    let standing = teardown::standing(store, &records)?;
    let (going, kept) = divided(session, &records, &standing, &store.edges()?);
    for (stage, why) in &kept {
        teller.event(&teardown::stays_up(stage, why));
    }
    if going.is_empty() {
        return Ok(Counts::default());
    }
    let goal = teardown::goal(session, records, &standing, &going);
    teardown::ask(settled, &goal)?;
    Ok(down::take_down(site, store, run, &goal, teller)?.counts())
}

/// The orphans that go, and those that stay, with the reason.
fn divided(
    session: &Session,
    records: &Records,
    standing: &Standing,
    edges: &[Edge],
) -> (BTreeSet<StageName>, Vec<(StageName, &'static str)>) {
    let orphans = records.iter().filter(|(stage, recorded)| {
        recorded.status.may_be_up() && session.graph.find(stage.as_str()).is_none()
    });
    let mut going: BTreeSet<StageName> = orphans.map(|(stage, _)| stage.clone()).collect();
    let mut kept = Vec::new();
    let protected: Vec<_> = going.intersection(&standing.protected()).cloned().collect();
    keep(
        &mut going,
        &mut kept,
        protected,
        "it is protected, or something protected depends on it",
    );
    loop {
        let needed = going.iter();
        let needed = needed.filter(|stage| is_needed(stage, edges, records, &going));
        let needed: Vec<_> = needed.cloned().collect();
        if needed.is_empty() {
            return (going, kept);
        }
        keep(
            &mut going,
            &mut kept,
            needed,
            "a stage that is up was brought up with it",
        );
    }
}

fn keep(
    going: &mut BTreeSet<StageName>,
    kept: &mut Vec<(StageName, &'static str)>,
    stages: Vec<StageName>,
    why: &'static str,
) {
    for stage in stages {
        going.remove(&stage);
        kept.push((stage, why));
    }
}

/// Whether a stage that stays may still need it: one that may be up and did not since come up without it.
fn is_needed(
    stage: &StageName,
    edges: &[Edge],
    records: &Records,
    going: &BTreeSet<StageName>,
) -> bool {
    edges
        .iter()
        .filter(|edge| edge.dependency == *stage && (edge.since_down || edge.last))
        .any(|edge| {
            let status = records.get(&edge.stage).map(|recorded| recorded.status);
            let may_be_up = status.is_some_and(Status::may_be_up);
            let came_up_without = !edge.last && status.is_some_and(Status::is_up);
            may_be_up && !came_up_without && !going.contains(&edge.stage)
        })
}
