//! `apply`: brings every stage up to date.

use crate::cli::{Apply as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{prune, up};
use crate::core::event::{Counts, Event};
use crate::core::plan::{Decision, Orphan, Plan};
use crate::core::record::RunResult;
use crate::error::Result;
use crate::execute::reconcile::{self, Walked};
use crate::execute::{relocate, report, settle};
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
    let walked = reconcile::walk(&site, &mut store, Some(&run.id), &goal, teller)?;
    settle::outputs(&site, &mut store, &walked, teller)?;
    settle::protection(&site, &mut store, &walked)?;
    report::inputs(&site, &store)?;
    let mut counts = counts(&walked);
    for stage in &walked.left {
        teller.event(&Event::StageNotStarted {
            stage: site.name(*stage).clone(),
        });
    }
    if options.prune && walked.failed.is_empty() && !session.stop.is_asked() {
        let settled = session.is_settled(running.yes);
        counts += prune::take_down(&session, &site, &mut store, &run.id, settled, teller)?;
    } else {
        for orphan in &orphans {
            teller.event(&orphaned(orphan));
        }
    }
    let failed = counts.failed > 0;
    let result = session.end(&mut store, &run, counts, failed, teller)?;
    if !running.json && counts.ran == 0 && result == RunResult::Done {
        let plan = Plan {
            stages: up::entries(&session, &walked),
            ..Plan::default()
        };
        sink::print(&format!("{}\n", ui::plan::summary(&plan)))?;
    }
    show_places(&session, &walked);
    cache.save();
    store.gc_if_worth_it()?;
    store.close()?;
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
        blocked: walked.blocked.len(),
        not_started: walked.left.len(),
    }
}
