//! `down`: tears stages down, in the reverse of the order in which they came up.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::cli::{Down as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{selection, teardown, up};
use crate::core::event::{Counts, Event, RunEnd, VERSION};
use crate::core::record::RunResult;
use crate::core::stage::StageName;
use crate::core::teardown::Standing;
use crate::error::{Error, Result};
use crate::execute::down;
use crate::source::config::Config;
use crate::state::{Records, Store};
use crate::system::clock;
use crate::ui::plan::stages as count;
use crate::ui::sink;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let running = &options.running;
    let session = Session::load(call, global, Some(running), Library::Optional)?;
    let (_lock, opened) = session.write("down", running.lock_timeout.as_deref())?;
    let (mut store, records) = (opened.store, opened.records);
    if session.warn_without_record(&records) && !options.force {
        return Err(Error::failed("nothing is recorded, so nothing is taken down")
            .hint("`betterform mark up STAGE…` records what is up; `down --force` takes down all stages of the DAG"));
    }
    let standing = standing(&session, &store, &records, options.force)?;
    let chosen = chosen(&session, &records, &standing, options)?;
    let protected = standing.protected();
    let kept: Vec<StageName> = chosen.intersection(&protected).cloned().collect();
    for stage in &kept {
        let own = standing.stages.get(stage).copied().unwrap_or(false);
        let why = if own {
            "is protected"
        } else {
            "is needed by a protected stage"
        };
        session.warn(
            &format!("`{stage}` {why} and stays up"),
            Some(&format!("`betterform state unprotect {stage}`")),
        );
    }
    let going: BTreeSet<StageName> = chosen.difference(&protected).cloned().collect();
    if going.is_empty() {
        if !running.json {
            sink::print("Nothing to do: no stage is up.\n")?;
        }
        return Ok(u8::from(!kept.is_empty()));
    }
    let mut goal = teardown::goal(&session, records, &standing, &going);
    goal.accept_changed_env = options.accept_changed_env;
    if options.force {
        goal.forced = selection::resolve(&options.selection.stages, &going).unwrap_or_default();
    }
    teardown::ask(session.is_settled(running.yes), &goal)?;
    session.make_directories()?;
    let config = session.config(false).unwrap_or_else(|error| {
        session.warn(
            &format!("the configuration cannot be evaluated: {}", error.message()),
            None,
        );
        Config::nothing()
    });
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let site = session.site(&observer, &mut Records::new());

    let start = Instant::now();
    let run = session.start_run(&mut store, "down")?;
    let mut teller = session.sink(running.json);
    teller.event(&Event::RunStarted {
        version: VERSION,
        run: run.to_string(),
        command: "down".into(),
        stages: goal.subjects.len(),
        jobs: goal.jobs,
        time_ms: clock::now_ms(),
    });
    let downed = down::take_down(&site, &mut store, &run, &goal, teller.as_mut())
        .inspect_err(|_| up::break_off(&mut store, &run, start, teller.as_mut()))?;
    let failed = !downed.failed.is_empty() || !downed.interrupted.is_empty();
    let (result, end) = match (session.stop.is_asked(), failed) {
        (true, _) => (RunResult::Interrupted, RunEnd::Interrupted),
        (false, true) => (RunResult::Failed, RunEnd::Failed),
        (false, false) => (RunResult::Done, RunEnd::Done),
    };
    let recorded = up::finish(store, &run, result);
    teller.event(&Event::RunFinished {
        result: recorded.as_ref().map_or(RunEnd::Failed, |()| end),
        counts: Counts {
            ran: downed.done.len(),
            up_to_date: 0,
            failed: downed.failed.len(),
            interrupted: downed.interrupted.len(),
            blocked: downed.blocked.len(),
            left: downed.left.len(),
        },
        duration_ms: clock::millis(start.elapsed()),
    });
    recorded?;
    if !running.json && !failed {
        sink::print(&format!("{} taken down.\n", count(downed.done.len())))?;
    }
    session.interrupted()?;
    Ok(u8::from(failed || !kept.is_empty()))
}

/// What is recorded; with `--force` also the stages of the DAG that have no record.
fn standing(session: &Session, store: &Store, records: &Records, force: bool) -> Result<Standing> {
    let mut standing = teardown::standing(store, records)?;
    if !force {
        return Ok(standing);
    }
    for ix in session.graph.order() {
        let stage = session.graph.name(*ix);
        if records.contains_key(stage) {
            continue;
        }
        standing.stages.insert(stage.clone(), false);
        for needed in session.graph.dependencies(*ix) {
            let edge = (stage.clone(), session.graph.name(*needed).clone());
            standing.edges.insert(edge.clone());
            standing.last.insert(edge);
        }
    }
    Ok(standing)
}

/// The stages that are meant: all that may be up; or those named and what depends on them; or, with `--only`, just those named.
fn chosen(
    session: &Session,
    records: &Records,
    standing: &Standing,
    options: &Options,
) -> Result<BTreeSet<StageName>> {
    let all: BTreeSet<StageName> = standing.stages.keys().cloned().collect();
    let known = session.all_stages(records);
    let choice = &options.selection;
    let named = selection::resolve(&choice.stages, &known)?;
    let mut chosen = if choice.stages.is_empty() {
        all.clone()
    } else if choice.only {
        named.intersection(&all).cloned().collect()
    } else {
        standing.with_dependents(&with_dag_dependents(session, named))
    };
    let excluded = selection::resolve(&choice.exclude, &known)?;
    chosen.retain(|stage| !excluded.contains(stage));
    refuse_gaps(standing, &chosen)?;
    Ok(chosen)
}

fn with_dag_dependents(session: &Session, named: BTreeSet<StageName>) -> BTreeSet<StageName> {
    let graph = &session.graph;
    let indices: Vec<_> = named
        .iter()
        .filter_map(|stage| graph.find(stage.as_str()))
        .collect();
    let reached = graph.with_descendants(indices);
    let mut stages = named;
    stages.extend(reached.into_iter().map(|ix| graph.name(ix).clone()));
    stages
}

/// Refuses to take a stage down from under one that stays.
fn refuse_gaps(standing: &Standing, chosen: &BTreeSet<StageName>) -> Result<()> {
    let stays = |stage: &StageName| standing.stages.contains_key(stage) && !chosen.contains(stage);
    for (dependent, dependency) in &standing.edges {
        if chosen.contains(dependency) && stays(dependent) {
            return Err(Error::failed(format!(
                "`{dependent}` depends on `{dependency}` and would stay up"
            ))
            .hint(format!(
                "name `{dependent}` too, or leave out `--only` or `--exclude`"
            )));
        }
    }
    Ok(())
}
