//! Runs one process to its end: output through one pipe, a group of its own, a time limit, an orderly way to end it.
//! Knows nothing of stages.

mod group;
pub mod relay;
mod start;
mod tool;
mod watch;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::error::Result;
use crate::system::environment::Environment;
use crate::system::process::watch::{Limits, Watch};
use crate::system::signal::Stop;

pub use tool::output;

/// The variable that tells a betterform inside a `ctl` how long it has once it is asked to stop, in milliseconds.
pub const GRACE: &str = "BETTERFORM_GRACE";

/// By how much a betterform inside a `ctl` has less grace than the one outside, so that it can still write down what happened.
const NESTED: Duration = Duration::from_secs(5);

/// What to run.
#[derive(Debug)]
pub struct Call<'a> {
    /// The program; if relative, to `cwd`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub environment: Environment,
    /// Open files that it inherits, besides its standard streams.
    pub inherit: Vec<BorrowedFd<'a>>,
    /// Whether it gets the terminal: its output is then not seen here.
    pub terminal: bool,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// How long it and all that it started have to end by themselves once they are asked to.
    pub grace: Duration,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With this exit code.
    Exited(i32),
    /// By this signal, which was not sent from here.
    Signalled(i32),
    /// It ran too long, and was ended.
    TimedOut,
    /// The user asked to stop, and it was ended, or not even started.
    Interrupted,
    /// It wanted to use the terminal, which it was not given, and would have waited for ever.
    WantedTerminal,
}

/// What is known of a process that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// Whether other processes still hold its output open, after it succeeded.
    pub held_open: bool,
    /// Its exit status, if it was started.
    pub status: Option<ExitStatus>,
}

/// Runs a process to its end, and hands over its output as it comes.
///
/// A success is believed only if nobody asked the process to end: one that catches the signal and exits with 0 was interrupted.
/// What a process that did not succeed leaves in its group is ended too; what one that did leaves is left alone.
///
/// # Errors
/// It cannot be started; the message says why, as far as that can be found out.
pub fn run(call: &Call<'_>, stop: &Stop, on_output: &mut dyn FnMut(&[u8])) -> Result<Ended> {
    if stop.is_asked() {
        return Ok(Ended {
            ending: Ending::Interrupted,
            held_open: false,
            status: None,
        });
    }
    let started = start::start(call)?;
    let limits = Limits {
        timeout: call.timeout,
        grace: call.grace,
        terminal: call.terminal,
    };
    Watch::new(started, limits, stop).run(on_output)
}

/// Sleeps, unless the user asks to stop; whether that happened.
pub fn sleep(time: Duration, stop: &Stop) -> bool {
    let end = Instant::now() + time;
    while let Some(asked) = stop.above(0).filter(|_| !stop.is_asked()) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let mut polled = [PollFd::new(&asked, PollFlags::IN)];
        let _ = poll(&mut polled, Some(&timespec(left)));
    }
    true
}

/// How long a process has to end, if its settings say `wanted`: no longer than what an outer betterform leaves to us.
pub fn grace(wanted: Duration, environment: &Environment) -> Duration {
    let left = environment.text(GRACE).and_then(|text| text.parse().ok());
    left.map_or(wanted, |ms| wanted.min(Duration::from_millis(ms)))
}

/// What to tell a betterform inside a process that has `grace`: 5 s less, or half of it where that is little.
pub fn nested_grace(grace: Duration) -> Duration {
    grace.saturating_sub(NESTED).max(grace / 2)
}

/// For `poll`, which takes no more than some hundred years.
fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).unwrap_or(Timespec {
        tv_sec: 3600,
        tv_nsec: 0,
    })
}
