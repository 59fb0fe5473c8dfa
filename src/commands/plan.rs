//! `plan`: what `apply` would do, and why.

use crate::cli::{Global, Plan as Options, Running};
use crate::commands::session::{Call, Library, Session};
use crate::commands::up;
use crate::core::plan::Plan;
use crate::error::Result;
use crate::execute::reconcile;
use crate::execute::site::Site;
use crate::ui::{self, diagnostic, sink};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let running = Running {
        jobs: options.jobs,
        ..Running::default()
    };
    let session = Session::load(call, global, Some(&running), Library::Needed)?;
    let opened = session.read()?;
    let (mut store, mut records) = (opened.store, opened.records);
    session.warn_without_record(&records);
    let config = session.config(false)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let mut site = session.site(&observer, &mut records);
    site.advises = global.verbose > 0;
    let mut goal = up::goal(&session, &site, &options.selection, options.force)?;
    goal.verbose = global.verbose > 0;
    let mut silent = up::Silent;
    let walked = reconcile::walk(&site, &mut store, None, &goal, &mut silent)?;
    cache.save();
    session.interrupted()?;
    let mut plan = Plan {
        stages: up::entries(&session, &walked),
        orphans: up::orphans(&records),
        failed: walked.failed.len(),
        blocked: walked.blocked.len(),
    };
    add_leftovers(&site, &mut plan, goal.verbose);
    for error in walked.errors.values() {
        sink::complain(&diagnostic::render(error, session.colors.stderr));
    }
    if options.json {
        sink::print(&format!("{:#}\n", up::document(&plan)))?;
    } else {
        sink::print(&ui::plan::render(&plan, goal.verbose))?;
    }
    if !walked.errors.is_empty() {
        return Ok(1);
    }
    let has_changes = plan.has_changes() || !plan.orphans.is_empty();
    Ok(if options.detailed_exitcode && has_changes {
        2
    } else {
        0
    })
}

/// Adds warnings of what terraform left in template directories, for the stages that are shown.
fn add_leftovers(site: &Site<'_>, plan: &mut Plan, verbose: bool) {
    for entry in &mut plan.stages {
        let is_shown = verbose || entry.decision.may_run();
        let found = site.graph.find(entry.stage.as_str()).filter(|_| is_shown);
        // What cannot be read was said when the stage was examined.
        let told = found.map(|ix| site.observer.leftovers(ix.index()).unwrap_or_default());
        entry.warnings.extend(told.into_iter().flatten());
    }
}
