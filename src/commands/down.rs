//! `down`: tears stages down, in the reverse of the order in which they came up.

use std::collections::BTreeSet;

use crate::cli::{Down as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{selection, teardown};
use crate::core::event::{Counts, Event, Sink};
use crate::core::record::RunResult;
use crate::core::stage::StageName;
use crate::core::teardown::Standing;
use crate::error::{Error, Result};
use crate::execute::down::{self, Goal};
use crate::source::config::Config;
use crate::state::{Records, Store};
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
    let mut teller = session.sink(running.json);
    let teller = teller.as_mut();
    let protected = standing.protected();
    let mut exit_code = 0;
    for stage in chosen.intersection(&protected) {
        teller.event(&stays_up(&standing, stage));
        exit_code = 1;
    }
    let going: BTreeSet<StageName> = chosen.difference(&protected).cloned().collect();
    if going.is_empty() {
        return nothing_to_do(running.json, exit_code, teller);
    }
    let goal = goal(&session, records, &standing, &going, options);
    teardown::ask(session.is_settled(running.yes), &goal)?;
    session.make_directories()?;
    let config = config(&session)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let site = session.site(&observer, &mut Records::new());

    let size = (goal.subjects.len(), goal.jobs);
    let run = session.begin(&mut store, "down", size, teller)?;
    let counts = down::take_down(&site, &mut store, &run.id, &goal, teller)
        .inspect_err(|_| Session::break_off(&mut store, &run, teller))?
        .counts();
    let failed = counts.failed + counts.interrupted > 0;
    if failed {
        exit_code = 1;
    }
    session.end(store, &run, counts, exit_code != 0, teller)?;
    if !running.json && !failed {
        sink::print(&format!("{} taken down.\n", count(counts.ran)))?;
    }
    session.interrupted()?;
    Ok(exit_code)
}

/// Says so; to programs as the end of a run that did not begin.
fn nothing_to_do(json: bool, exit_code: u8, teller: &mut dyn Sink) -> Result<u8> {
    teller.event(&Event::RunFinished {
        result: match exit_code {
            0 => RunResult::Done,
            _ => RunResult::Failed,
        },
        counts: Counts::default(),
        duration_ms: 0,
    });
    if !json {
        sink::print("Nothing to do: no stage is up.\n")?;
    }
    Ok(exit_code)
}

fn stays_up(standing: &Standing, stage: &StageName) -> Event {
    let is_protected = standing.stages.get(stage).copied().unwrap_or(false);
    let why = if is_protected {
        format!("it is protected (`betterform state unprotect {stage}`)")
    } else {
        "a protected stage needs it".to_owned()
    };
    teardown::stays_up(stage, &why)
}

fn goal(
    session: &Session,
    records: Records,
    standing: &Standing,
    going: &BTreeSet<StageName>,
    options: &Options,
) -> Goal {
    let named = || selection::resolve(&options.selection.stages, going).unwrap_or_default();
    Goal {
        accept_changed_env: options.accept_changed_env,
        forced: if options.force {
            named()
        } else {
            BTreeSet::new()
        },
        ..teardown::goal(session, records, standing, going)
    }
}

/// The configuration, which stages that are recorded do not need.
fn config(session: &Session) -> Result<Config> {
    match session.config(false) {
        Err(error) if !error.is_interruption() => {
            let message = error.message();
            session.warn(
                &format!("the configuration cannot be evaluated: {message}"),
                None,
            );
            Ok(Config::nothing())
        }
        result => result,
    }
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
