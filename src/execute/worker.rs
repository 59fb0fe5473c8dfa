//! The work of one stage at a time, on a thread of its own: look, examine, and run `ctl up` once the coordinator has made the
//! attempt durable. Knows nothing of the graph, the schedule or the state's tables.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::core::event::Event;
use crate::core::fingerprint::Manifest;
use crate::core::lineage::Own;
use crate::core::record::{Attempt, RunId};
use crate::core::stage::{Action, Outcome};
use crate::error::Result;
use crate::execute::ctl::{self, Finished, Task};
use crate::execute::reconcile::Message;
use crate::execute::site::Site;
use crate::observe::detail::Detail;
use crate::observe::examine::{Examined, Inherited};
use crate::observe::left::Before;
use crate::observe::look::Look;
use crate::stamp::Rendered;
use crate::state::{Left, RunToken};
use crate::system::{clock, fault};

/// What a worker is asked to do.
pub(super) enum Job {
    /// Say which of these stages look as recorded.
    Look(Batch),
    /// Render a stage, say what it depends on, and await the verdict.
    Examine(Box<Subject>),
}

/// Stages to look at.
pub(super) struct Batch {
    pub(super) stages: Vec<usize>,
    /// Whether it is not their turn yet.
    pub(super) ahead: bool,
}

/// A stage, with what it inherits.
pub(super) struct Subject {
    pub(super) stage: usize,
    pub(super) inherited: Inherited,
}

/// What becomes of a stage that was examined.
pub(super) enum Verdict {
    /// Nothing more.
    Leave,
    /// The attempt is recorded: run it.
    Run(Box<Go>),
}

/// An attempt that is recorded.
pub(super) struct Go {
    pub(super) token: RunToken,
    pub(super) attempt: Attempt,
    pub(super) detail: Detail,
    pub(super) files: Manifest,
    pub(super) reasons: Vec<String>,
}

/// How an attempt ended.
pub(super) struct Ran {
    pub(super) finished: Finished,
    /// What `ctl up` left, where it succeeded.
    pub(super) left: Option<(Left, Own)>,
}

/// What a worker has to say.
pub(super) enum Report {
    /// What a look at stages said, and whether it was before their turn.
    Looked {
        worker: usize,
        ahead: bool,
        results: Vec<(usize, Look)>,
    },
    /// What a stage depends on now; the worker waits for the verdict.
    Examined {
        worker: usize,
        stage: usize,
        examined: Result<Box<Examined>>,
    },
    /// Something happened that the user should see.
    Event(Box<Event>),
    /// The attempt is over.
    Ran {
        worker: usize,
        stage: usize,
        token: RunToken,
        result: Box<Ran>,
    },
}

/// Does jobs until the coordinator hangs up.
pub(super) fn work(
    site: &Site<'_>,
    run: Option<&RunId>,
    worker: usize,
    inbox: &Receiver<Message>,
    reports: &SyncSender<Report>,
) {
    while let Ok(message) = inbox.recv() {
        let report = match message {
            Message::Job(Job::Look(Batch { stages, ahead })) => Report::Looked {
                worker,
                ahead,
                results: stages
                    .iter()
                    .map(|stage| (*stage, site.look(*stage)))
                    .collect(),
            },
            Message::Job(Job::Examine(subject)) => {
                let stage = subject.stage;
                let (examined, rendered) = match site.examine(stage, &subject.inherited) {
                    Ok((examined, rendered)) => (Ok(Box::new(examined)), Some(rendered)),
                    Err(error) => (Err(error), None),
                };
                let examined = Report::Examined {
                    worker,
                    stage,
                    examined,
                };
                if reports.send(examined).is_err() {
                    return;
                }
                let Ok(Message::Verdict(Verdict::Run(go))) = inbox.recv() else {
                    continue;
                };
                let (Some(run), Some(rendered)) = (run, rendered) else {
                    continue;
                };
                bring_up(site, run, stage, &rendered, *go, worker, reports)
            }
            Message::Verdict(_) => continue,
        };
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Brings the stamped directory to what was rendered, runs `ctl up`, and sees what it left.
fn bring_up(
    site: &Site<'_>,
    run: &RunId,
    stage: usize,
    rendered: &Rendered,
    go: Go,
    worker: usize,
    reports: &SyncSender<Report>,
) -> Report {
    let say = |event| {
        let _ = reports.send(Report::Event(Box::new(event)));
    };
    let Go {
        token,
        attempt,
        detail,
        files,
        reasons,
    } = go;
    let before = prepare(site, stage, rendered, &token, (attempt, detail, files));
    let mut left = None;
    let finished = match before {
        Ok(before) => {
            let mut finished = ctl::run(site, &task(site, run, stage, reasons), &say);
            fault::point("up.ended");
            if finished.outcome == Outcome::Succeeded {
                match site.observer.left(stage, &before, &finished.reported) {
                    Ok(found) => left = Some(found),
                    Err(error) => finished = Finished::broken(&error),
                }
            }
            finished
        }
        Err(error) => Finished::broken(&error),
    };
    fault::point("up.hashed");
    Report::Ran {
        worker,
        stage,
        token,
        result: Box::new(Ran { finished, left }),
    }
}

fn prepare(
    site: &Site<'_>,
    stage: usize,
    rendered: &Rendered,
    token: &RunToken,
    (attempt, detail, files): (Attempt, Detail, Manifest),
) -> Result<Before> {
    fault::point("up.begun");
    site.sync(stage, rendered)?;
    fault::point("up.synced");
    Ok(Before {
        watch: site.observer.watch(stage, &detail)?,
        attempt,
        detail,
        files,
        incarnation: token.incarnation(),
        started: clock::now_ns(),
    })
}

fn task<'a>(site: &'a Site<'_>, run: &'a RunId, stage: usize, reasons: Vec<String>) -> Task<'a> {
    Task {
        stage: site.name(stage),
        action: Action::Up,
        settings: site.settings(stage),
        environment: site.project.ctl_environment(Some(site.name(stage))),
        run,
        reasons,
    }
}
