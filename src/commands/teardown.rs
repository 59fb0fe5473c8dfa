//! What `down` and `apply --prune` have in common: putting together what goes down, and asking.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, IsTerminal, Write};

use crate::commands::session::Session;
use crate::core::event::Event;
use crate::core::graph::Ix;
use crate::core::stage::StageName;
use crate::core::teardown::Standing;
use crate::error::{Error, Result};
use crate::execute::down::{Goal, Subject};
use crate::observe::examine::Known;
use crate::state::{Records, Store};

/// What is recorded of the stages that may be up.
pub(super) fn standing(store: &Store, records: &Records) -> Result<Standing> {
    let up = records
        .iter()
        .filter(|(_, recorded)| recorded.status.may_be_up());
    let stages = up.map(|(stage, recorded)| (stage.clone(), recorded.protect));
    Ok(Standing::new(stages, store.edges()?))
}

/// Puts together what goes down: in the order in which it came up, so that it goes down in reverse.
pub(super) fn goal(
    session: &Session,
    records: Records,
    standing: &Standing,
    stages: &BTreeSet<StageName>,
) -> Goal {
    let mut records = records;
    let place: BTreeMap<&StageName, usize> = (session.graph.order().iter().enumerate())
        .map(|(place, ix)| (session.graph.name(*ix), place))
        .collect();
    let mut ordered: Vec<StageName> = stages.iter().cloned().collect();
    let came_up = |stage: &StageName| {
        let started = records.get(stage).and_then(|recorded| recorded.started_ms);
        (started.unwrap_or(0), place.get(stage).copied().unwrap_or(0))
    };
    ordered.sort_by_cached_key(|stage| (came_up(stage), stage.clone()));
    let waits = standing.waits(&ordered);
    let subjects = ordered.into_iter().map(|stage| Subject {
        index: session.graph.find(stage.as_str()).map(Ix::index),
        recorded: (records.remove(&stage))
            .filter(|recorded| recorded.status.may_be_up())
            .map(Known::new),
        stage,
    });
    Goal {
        subjects: subjects.collect(),
        waits,
        fail_fast: session.project.settings.file.fail_fast.unwrap_or(false),
        jobs: session.jobs(),
        accept_changed_env: false,
        forced: BTreeSet::new(),
    }
}

/// Tells that a stage stays up.
pub(super) fn stays_up(stage: &StageName, why: &str) -> Event {
    Event::Warning {
        stage: Some(stage.clone()),
        message: format!("stays up: {why}"),
        help: None,
    }
}

/// Asks whether these stages may go down, unless that is settled.
///
/// # Errors
/// The answer is no, or nobody can be asked.
pub(super) fn ask(settled: bool, goal: &Goal) -> Result<()> {
    if settled {
        return Ok(());
    }
    let mut names: Vec<&str> = goal
        .subjects
        .iter()
        .map(|subject| subject.stage.as_str())
        .collect();
    names.reverse();
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "Goes down, in this order:");
    for name in &names {
        let _ = writeln!(err, "  {name}");
    }
    if !std::io::stdin().is_terminal() {
        return Err(
            Error::usage("nobody can be asked whether these stages may be taken down")
                .hint("`--yes` takes them down without asking, and so does `INTERACTIVE=false`"),
        );
    }
    let _ = write!(
        err,
        "Take {} down? [y/N] ",
        crate::ui::plan::stages(names.len())
    );
    let _ = err.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::failed("nothing was taken down")),
    }
}
