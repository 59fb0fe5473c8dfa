//! `apply`: brings every stage up to date.

use std::time::Instant;

use crate::cli::{Apply as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{prune, up};
use crate::core::event::{Counts, Event, RunEnd, Sink, VERSION};
use crate::core::plan::{Decision, Orphan, Plan};
use crate::core::record::{RunId, RunResult};
use crate::error::Result;
use crate::execute::reconcile::{self, Goal, Walked};
use crate::execute::site::Site;
use crate::execute::{relocate, report, settle};
use crate::state::Store;
use crate::system::clock;
use crate::ui::{self, diagnostic, sink};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let running = &options.running;
    let session = Session::load(call, global, Some(running), Library::Needed)?;
    up::refuse_unknown(&session, &options.selection)?;
    let (_lock, opened) = session.write("apply", running.lock_timeout.as_deref())?;
    let (mut store, mut records) = (opened.store, opened.records);
    session.warn_without_record(&records);
    let config = session.config(true)?;
    session.make_directories()?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let site = session.site(&observer, &mut records);
    let goal = up::goal(&session, &site, &options.selection, options.force)?;
    let orphans = up::orphans(&records);
    if options.prune {
        prune::refuse_if_all(&site, &orphans)?;
    }
    relocate::before_anything_runs(&site, &store)?;

    let start = Instant::now();
    let run = session.start_run(&mut store, "apply")?;
    let mut teller = session.sink(running.json);
    teller.event(&Event::RunStarted {
        version: VERSION,
        run: run.to_string(),
        command: "apply".into(),
        stages: goal.selected.iter().filter(|selected| **selected).count(),
        jobs: goal.jobs,
        time_ms: clock::now_ms(),
    });
    let brought_up = bring_up(&site, &mut store, &run, &goal, teller.as_mut());
    let walked =
        brought_up.inspect_err(|_| up::break_off(&mut store, &run, start, teller.as_mut()))?;
    let mut failed = !walked.failed.is_empty() || !walked.interrupted.is_empty();
    if options.prune && !failed && !session.stop.is_asked() {
        let settled = session.is_settled(running.yes);
        let pruned = prune::take_down(&session, &site, &mut store, &run, settled, teller.as_mut());
        failed |=
            pruned.inspect_err(|_| up::break_off(&mut store, &run, start, teller.as_mut()))?;
    } else {
        for orphan in &orphans {
            teller.event(&orphaned(orphan));
        }
    }
    let (result, end) = match (session.stop.is_asked(), failed) {
        (true, _) => (RunResult::Interrupted, RunEnd::Interrupted),
        (false, true) => (RunResult::Failed, RunEnd::Failed),
        (false, false) => (RunResult::Done, RunEnd::Done),
    };
    let recorded = up::finish(store, &run, result);
    teller.event(&Event::RunFinished {
        result: recorded.as_ref().map_or(RunEnd::Failed, |()| end),
        counts: counts(&walked),
        duration_ms: clock::millis(start.elapsed()),
    });
    if !running.json && walked.ran.is_empty() && end == RunEnd::Done {
        let plan = Plan {
            stages: up::entries(&session, &walked),
            ..Plan::default()
        };
        sink::print(&format!("{}\n", ui::plan::summary(&plan)))?;
    }
    for error in walked
        .errors
        .values()
        .filter(|error| !error.diagnostics().is_empty())
    {
        sink::complain(&format!(
            "\n{}",
            diagnostic::render(error, session.colors.stderr)
        ));
    }
    cache.save();
    recorded?;
    session.interrupted()?;
    Ok(u8::from(failed))
}

/// Runs what has to run, and records what it left.
fn bring_up(
    site: &Site<'_>,
    store: &mut Store,
    run: &RunId,
    goal: &Goal,
    teller: &mut dyn Sink,
) -> Result<Walked> {
    let walked = reconcile::walk(site, store, Some(run), goal, teller)?;
    settle::outputs(site, store, &walked, teller)?;
    report::inputs(site, store)?;
    Ok(walked)
}

fn orphaned(orphan: &Orphan) -> Event {
    Event::Warning {
        stage: None,
        message: format!(
            "`{}` is {} but no longer in the DAG",
            orphan.stage, orphan.status
        ),
        help: Some("`betterform apply --prune` takes it down".into()),
    }
}

fn counts(walked: &Walked) -> Counts {
    let current = |decision: &Decision| matches!(decision, Decision::UpToDate | Decision::Restamp);
    let decided = walked.decided.values();
    Counts {
        ran: walked.ran.len(),
        up_to_date: decided.filter(|entry| current(&entry.decision)).count(),
        failed: walked.failed.len(),
        interrupted: walked.interrupted.len(),
        blocked: walked.blocked.len(),
        left: walked.left.len(),
    }
}
