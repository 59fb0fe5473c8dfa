//! `apply --prune`: takes down stages that are no longer in the DAG, each only when nothing that is up needs it.

use std::collections::BTreeSet;

use crate::commands::session::Session;
use crate::commands::teardown;
use crate::core::event::{Event, Sink};
use crate::core::plan::Orphan;
use crate::core::record::{Edge, RunId};
use crate::core::stage::StageName;
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

/// Takes down what can go. Gives whether something failed.
pub(super) fn take_down(
    session: &Session,
    site: &Site<'_>,
    store: &mut Store,
    run: &RunId,
    settled: bool,
    teller: &mut dyn Sink,
) -> Result<bool> {
    let records = store.records()?;
    let edges = store.edges()?;
    let mut going: BTreeSet<StageName> = (records.iter())
        .filter(|(stage, recorded)| {
            recorded.status.may_be_up() && session.graph.find(stage.as_str()).is_none()
        })
        .map(|(stage, _)| stage.clone())
        .collect();
    let standing = teardown::standing(store, &records)?;
    let protected = standing.protected();
    keep(
        &mut going,
        |stage| protected.contains(stage),
        |stage| {
            teller.event(&kept(
                stage,
                "it is protected, or something protected depends on it",
            ));
        },
    );
    loop {
        let before = going.len();
        let needed: BTreeSet<StageName> = (going.iter())
            .filter(|stage| is_needed(stage, &edges, &records, &going))
            .cloned()
            .collect();
        keep(
            &mut going,
            |stage| needed.contains(stage),
            |stage| {
                teller.event(&kept(stage, "a stage that is up was brought up with it"));
            },
        );
        if going.len() == before {
            break;
        }
    }
    if going.is_empty() {
        return Ok(false);
    }
    let goal = teardown::goal(session, records, &standing, &going);
    teardown::ask(settled, &goal)?;
    let downed = down::take_down(site, store, run, &goal, teller)?;
    Ok(!downed.failed.is_empty() || !downed.interrupted.is_empty())
}

fn keep(
    going: &mut BTreeSet<StageName>,
    stays: impl Fn(&StageName) -> bool,
    mut tell: impl FnMut(&StageName),
) {
    going.retain(|stage| {
        let stays = stays(stage);
        if stays {
            tell(stage);
        }
        !stays
    });
}

fn kept(stage: &StageName, why: &str) -> Event {
    Event::Warning {
        stage: Some(stage.clone()),
        message: format!("stays up: {why}"),
        help: None,
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
            let may_be_up = status.is_some_and(super::super::core::stage::Status::may_be_up);
            let came_up_without =
                !edge.last && status.is_some_and(super::super::core::stage::Status::is_up);
            may_be_up && !came_up_without && !going.contains(&edge.stage)
        })
}
