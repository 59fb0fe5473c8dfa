//! The work of one stage at a time, on a thread of its own: look, examine, and run `ctl up` once the coordinator has made the
//! attempt durable. Knows nothing of the graph, the schedule or the state's tables.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::core::event::Event;
use crate::core::stage::{Action, Outcome};
use crate::error::Result;
use crate::execute::ctl::{self, Finished};
use crate::execute::reconcile::Message;
use crate::execute::site::Site;
use crate::observe::examine::{Examined, Inherited, Left};
use crate::state::{RunId, RunToken};
use crate::stamp::Rendered;
use crate::system::fault;

/// What a worker is asked to do.
pub(super) enum Job {
    /// Say which of these stages are surely as recorded.
    Look(Vec<Subject>),
    /// Render a stage, say what it depends on, and await the verdict.
    Examine(Box<Subject>),
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
    Run {
        token: RunToken,
        reasons: Vec<String>,
    },
}

/// How an attempt ended.
pub(super) struct Ran {
    pub(super) finished: Finished,
    /// What `ctl up` left, where it succeeded.
    pub(super) left: Option<Left>,
}

/// What a worker has to say.
pub(super) enum Report {
    /// Which of the stages are surely as recorded.
    Looked {
        worker: usize,
        results: Vec<(usize, bool)>,
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
            Message::Job(Job::Look(subjects)) => Report::Looked {
                worker,
                results: subjects.iter().map(|subject| look(site, subject)).collect(),
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
                let Ok(Message::Verdict(Verdict::Run { token, reasons })) = inbox.recv() else {
                    continue;
                };
                let (Some(run), Some(rendered)) = (run, rendered) else {
                    continue;
                };
                let result = Box::new(bring_up(site, run, stage, &rendered, reasons, reports));
                Report::Ran {
                    worker,
                    stage,
                    token,
                    result,
                }
            }
            Message::Verdict(_) => continue,
        };
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Whether a stage is surely as recorded; whatever goes wrong here is said when it is examined.
fn look(site: &Site<'_>, subject: &Subject) -> (usize, bool) {
    let is_current = site.is_current(subject.stage, &subject.inherited);
    (subject.stage, is_current.unwrap_or(false))
}

/// Brings the stamped directory to what was rendered, runs `ctl up`, and sees what it left.
fn bring_up(
    site: &Site<'_>,
    run: &RunId,
    stage: usize,
    rendered: &Rendered,
    reasons: Vec<String>,
    reports: &SyncSender<Report>,
) -> Ran {
    let say = |event| {
        let _ = reports.send(Report::Event(Box::new(event)));
    };
    fault::point("up.begun");
    let prepared = site.sync(stage, rendered);
    fault::point("up.synced");
    let watched = site.observer.watch(stage, rendered);
    let finished = match prepared {
        Ok(()) => ctl::run(site, run, stage, Action::Up, reasons, &say),
        Err(error) => Finished::broken(&error),
    };
    fault::point("up.ended");
    let mut ran = Ran {
        finished,
        left: None,
    };
    if ran.finished.outcome == Outcome::Succeeded {
        match site.observer.left(stage, rendered, &watched, &ran.finished) {
            Ok(left) => ran.left = Some(left),
            Err(error) => ran.finished = Finished::broken(&error),
        }
    }
    fault::point("up.hashed");
    ran
}
