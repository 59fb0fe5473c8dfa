//! `apply`: brings every stage up to date.

use crate::cli::{Apply as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{prune, up};
use crate::core::event::{Counts, Event, Sink};
use crate::core::plan::{Decision, Orphan, Plan};
use crate::core::record::{RunId, RunResult};
use crate::error::Result;
use crate::execute::reconcile::{self, Goal, Walked};
use crate::execute::site::Site;
use crate::execute::{relocate, report, settle};
use crate::state::Store;
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

    let mut teller = session.sink(running.json);
    let teller = teller.as_mut();
    let selected = goal.selected.iter().filter(|selected| **selected).count();
    let run = session.begin(&mut store, "apply", (selected, goal.jobs), teller)?;
    let walked = bring_up(&site, &mut store, &run.id, &goal, teller)
        .inspect_err(|_| Session::break_off(&mut store, &run, teller))?;
    let mut counts = counts(&walked);
    for stage in &walked.left {
        teller.event(&Event::StageNotStarted {
            stage: site.name(*stage).clone(),
        });
    }
    let all_well = counts.failed + counts.interrupted == 0;
    if options.prune && all_well && !session.stop.is_asked() {
        let settled = session.is_settled(running.yes);
        counts += prune::take_down(&session, &site, &mut store, &run.id, settled, teller)
            .inspect_err(|_| Session::break_off(&mut store, &run, teller))?;
    } else {
        for orphan in &orphans {
            teller.event(&orphaned(orphan));
        }
    }
    let failed = counts.failed + counts.interrupted > 0;
    let result = session.end(store, &run, counts, failed, teller);
    if !running.json && counts.ran == 0 && matches!(result, Ok(RunResult::Done)) {
        let plan = Plan {
            stages: up::entries(&session, &walked),
            ..Plan::default()
        };
        sink::print(&format!("{}\n", ui::plan::summary(&plan)))?;
    }
    show_places(&session, &walked);
    cache.save();
    result?;
    session.interrupted()?;
    Ok(u8::from(failed))
}

/// Shows errors that are about places in files with these places, now that the run is over.
fn show_places(session: &Session, walked: &Walked) {
    let errors = walked.errors.values();
    for error in errors.filter(|error| !error.diagnostics().is_empty()) {
        let text = diagnostic::render(error, session.colors.stderr);
        sink::complain(&format!("\n{text}"));
    }
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
    settle::protection(site, store, &walked)?;
    report::inputs(site, store)?;
    Ok(walked)
}

fn orphaned(orphan: &Orphan) -> Event {
    Event::Warning {
        stage: Some(orphan.stage.clone()),
        message: format!("is {} but no longer in the DAG", orphan.status),
        help: Some("`betterform apply --prune` takes it down".into()),
    }
}

fn counts(walked: &Walked) -> Counts {
    let decided = |wanted: &Decision| {
        let decisions = walked.decided.values().map(|entry| &entry.decision);
        decisions.filter(|decision| *decision == wanted).count()
    };
    Counts {
        ran: walked.ran.len(),
        up_to_date: decided(&Decision::UpToDate),
        restamped: decided(&Decision::Restamp),
        failed: walked.failed.len(),
        interrupted: walked.interrupted.len(),
        blocked: walked.blocked.len(),
        not_started: walked.left.len(),
    }
}
