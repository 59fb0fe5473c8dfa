//! What happens in a run, as values: the seam between doing and telling. Sinks print them, as lines, as blocks, as JSON; knows
//! nothing of terminals.

use std::ops::AddAssign;
use std::path::PathBuf;

use serde::Serialize;

use crate::core::record::RunResult;
use crate::core::stage::{Action, Outcome, StageName};

/// The version of the events' JSON form.
pub const VERSION: u32 = 1;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// [`VERSION`].
        version: u32,
        /// The run's name.
        run: String,
        /// The command.
        command: String,
        /// How many stages take part.
        stages: usize,
        /// How many may run at once.
        jobs: usize,
        /// Milliseconds since 1970.
        time_ms: i64,
    },
    /// A stage's `ctl` starts.
    StageStarted {
        /// The stage.
        stage: StageName,
        /// What is asked of it.
        action: Action,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// Why it runs.
        reasons: Vec<String>,
        /// Where its output goes.
        log: PathBuf,
    },
    /// A stage printed something.
    Output {
        /// The stage.
        stage: StageName,
        /// What was asked of it.
        action: Action,
        /// What it printed, without secrets; what is not UTF-8 is replaced. Need not be a whole line.
        text: String,
    },
    /// A stage has printed nothing for a while.
    StageSilent {
        /// The stage.
        stage: StageName,
        /// What was asked of it.
        action: Action,
        /// How long it has been running.
        running_ms: u64,
    },
    /// A stage will be tried again.
    StageRetrying {
        /// The stage.
        stage: StageName,
        /// Which attempt the next one is.
        attempt: u32,
        /// After how long.
        delay_ms: u64,
        /// How the last one ended.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A stage's `ctl` ended, or could not be started.
    StageFinished {
        /// The stage.
        stage: StageName,
        /// What was asked of it.
        action: Action,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// How long it took.
        duration_ms: u64,
        /// Where its output is; empty if it was never started.
        log: PathBuf,
        /// The last lines of its output, where it did not succeed.
        tail: Vec<String>,
    },
    /// Nothing had to be done for a stage.
    StageUpToDate {
        /// The stage.
        stage: StageName,
    },
    /// Nothing had to be done for a stage but to record anew what it is rendered from: the result is the same.
    StageRestamped {
        /// The stage.
        stage: StageName,
    },
    /// A stage was stamped by `stamp`.
    StageStamped {
        /// The stage.
        stage: StageName,
        /// How many files were written.
        written: usize,
        /// How many were removed.
        removed: usize,
        /// How many were as they should be.
        unchanged: usize,
    },
    /// A stage could not be stamped by `stamp`.
    StageNotStamped {
        /// The stage.
        stage: StageName,
        /// Why.
        message: String,
    },
    /// A stage cannot start, because others failed.
    StageBlocked {
        /// The stage.
        stage: StageName,
        /// Those that failed.
        by: Vec<StageName>,
    },
    /// A stage was not started, because the run was to stop, or something failed and `--fail-fast` was given.
    StageNotStarted {
        /// The stage.
        stage: StageName,
    },
    /// The user asked to stop.
    Stopping {
        /// By which signal.
        signal: i32,
        /// How often by now: once, the stages got the signal; twice, SIGTERM; three times, SIGKILL.
        level: u8,
        /// How long the stages that run have to end at most.
        grace_ms: u64,
    },
    /// Something that the user should know.
    Warning {
        /// The stage that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        stage: Option<StageName>,
        /// What.
        message: String,
        /// What to do about it.
        #[serde(skip_serializing_if = "Option::is_none")]
        help: Option<String>,
    },
    /// The run is over.
    RunFinished {
        /// How.
        result: RunResult,
        /// How many stages ended how.
        counts: Counts,
        /// How long it took.
        duration_ms: u64,
    },
}

/// How many stages ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Their `ctl` succeeded.
    pub ran: usize,
    /// Nothing had to be done.
    pub up_to_date: usize,
    /// Nothing had to be done but to record anew what they are rendered from.
    pub restamped: usize,
    /// They failed.
    pub failed: usize,
    /// They were ended because the user asked to stop.
    pub interrupted: usize,
    /// They could not start because others failed.
    pub blocked: usize,
    /// They were not started for another reason.
    pub not_started: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.ran += other.ran;
        self.up_to_date += other.up_to_date;
        self.restamped += other.restamped;
        self.failed += other.failed;
        self.blocked += other.blocked;
        self.not_started += other.not_started;
    }
}

/// Somebody who is told.
pub trait Sink {
    /// Something happened.
    fn event(&mut self, event: &Event);

    /// Time passed without an event.
    fn tick(&mut self) {}
}
