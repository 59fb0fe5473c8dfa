//! Runs a stage's `ctl`, as often as its settings allow, and logs what it prints. Knows nothing of what is recorded.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::core::event::Event;
use crate::core::record::RunId;
use crate::core::stage::{Action, Outcome, StageName};
use crate::error::{Error, Result};
use crate::execute::site::Site;
use crate::source::settings::{CtlCwd, StageSettings};
use crate::system::environment::Environment;
use crate::system::liveness::Liveness;
use crate::system::log::Log;
use crate::system::process::{self, Call, Ending};
use crate::system::{clock, fault};

/// The variable that names the file to which `ctl` may report its inputs.
const INPUTS_FILE: &str = "BETTERFORM_INPUTS_FILE";

/// What is run.
pub struct Task<'a> {
    /// The stage.
    pub stage: &'a StageName,
    /// What is asked of it.
    pub action: Action,
    /// How.
    pub settings: &'a StageSettings,
    /// The environment, without what is added here.
    pub environment: Environment,
    /// The run that it is part of.
    pub run: &'a RunId,
    /// Why it runs.
    pub reasons: Vec<String>,
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    /// How the last attempt ended.
    pub outcome: Outcome,
    /// How long all attempts took.
    pub duration: Duration,
    /// When the first attempt started.
    pub started_ms: i64,
    /// What `ctl` wrote to `$BETTERFORM_INPUTS_FILE`, a line each.
    pub reported: Vec<String>,
    /// The last lines that it printed.
    pub tail: Vec<String>,
    /// Where all of it is.
    pub log: PathBuf,
}

impl Finished {
    /// It never started, or something around it failed.
    pub fn broken(error: &Error) -> Self {
        let mut tail: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        tail.dedup();
        Self {
            outcome: Outcome::Broken {
                message: error.message().to_owned(),
            },
            duration: Duration::ZERO,
            started_ms: clock::now_ms(),
            reported: Vec::new(),
            tail,
            log: PathBuf::new(),
        }
    }
}

/// Runs a task to its end. Failures are outcomes.
pub fn run(site: &Site<'_>, task: Task<'_>, say: &dyn Fn(Event)) -> Finished {
    let start = Instant::now();
    let started_ms = clock::now_ms();
    match attempt_all(site, &task, say) {
        Ok((outcome, log, reported)) => Finished {
            outcome,
            duration: start.elapsed(),
            started_ms,
            reported,
            tail: log.tail(),
            log: log.path().to_owned(),
        },
        Err(error) => Finished {
            duration: start.elapsed(),
            started_ms,
            ..Finished::broken(&error)
        },
    }
}
