//! Watches a process until it and what must end with it have ended. One loop waits for whatever comes first: output, the end of
//! the process, the user's wish to stop, a deadline. Knows nothing of how processes are started.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open,
    waitid,
};

use crate::error::{Error, Result};
use crate::system::process::group::{Member, members};
use crate::system::process::start::Started;
use crate::system::process::{Ended, Ending, timespec};
use crate::system::signal::Stop;

/// How long output may still come after the process itself has ended, while others hold the pipe open.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How long what a failed process left has to end after SIGTERM, before SIGKILL.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// How often a running process is asked whether it waits for the terminal.
const GLANCE: Duration = Duration::from_secs(1);

/// How often a process is asked whether it ended, on systems that cannot say so by themselves (without pidfds).
const BLIND: Duration = Duration::from_millis(20);

/// How long to wait at first, and at most, before looking again whether a group is gone.
const LOOKS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// Why a process is being ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Timeout,
    Stop,
    Terminal,
}

/// How long a process may run, and what it may use.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// How long it may run.
    pub(super) timeout: Option<Duration>,
    /// How long it has to end once it is asked to.
    pub(super) grace: Duration,
    /// Whether it has the terminal.
    pub(super) terminal: bool,
}

/// A process that is being watched.
pub(super) struct Watch<'a> {
    limits: Limits,
    stop: &'a Stop,
    child: Child,
    pid: Pid,
    has_group: bool,
    pidfd: Option<OwnedFd>,
    output: Option<OwnedFd>,
    started: Instant,
    /// How far the wish to stop was passed on.
    level: u8,
    cause: Option<Cause>,
    /// The last signal that was sent.
    sent: Option<Signal>,
    kill_at: Option<Instant>,
    killed_at: Option<Instant>,
    exited: Option<(ExitStatus, Instant)>,
    /// Who is left in the group, and when and after how long to look again.
    left: Option<Vec<Member>>,
    look_at: Option<Instant>,
    pause: Duration,
    buffer: Vec<u8>,
}

impl<'a> Watch<'a> {
    /// Begins to watch a process that was just started.
    pub(super) fn new(started: Started, limits: Limits, stop: &'a Stop) -> Self {
        let pid = Pid::from_child(&started.child);
        Self {
            limits,
            stop,
            child: started.child,
            pid,
            has_group: started.has_group,
            // Where the system has none (or a container forbids it), we ask from time to time.
            pidfd: pidfd_open(pid, PidfdFlags::empty()).ok(),
            buffer: vec![0; started.output.as_ref().map_or(0, |_| 64 * 1024)],
            output: started.output,
            started: Instant::now(),
            level: 0,
            cause: None,
            sent: None,
            kill_at: None,
            killed_at: None,
            exited: None,
            left: None,
            look_at: None,
            pause: LOOKS.0,
        }
    }

    /// Watches it to its end.
    pub(super) fn run(mut self, on_output: &mut dyn FnMut(&[u8])) -> Result<Ended> {
        while !self.is_over() {
            self.wait(on_output)?;
            self.note_exit();
            if self.exited.is_none() {
                self.pass_on_stop();
                self.heed_timeout();
                self.heed_terminal();
            } else if self.must_end_group() {
                self.end_group();
            }
            self.heed_grace();
        }
        Ok(self.end())
    }

    fn is_over(&self) -> bool {
        if self.exited.is_none() {
            return false;
        }
        if !self.must_end_group() {
            return self.is_silent();
        }
        let is_beyond_us = self.killed_at.is_some_and(|at| at.elapsed() >= AFTERMATH);
        self.is_gone() && self.is_silent() || is_beyond_us
    }

    /// Whether no more output is to be waited for, now that the process itself has ended.
    fn is_silent(&self) -> bool {
        let is_late = self.exited.is_some_and(|(_, at)| at.elapsed() >= AFTERMATH);
        self.output.is_none() || is_late
    }

    fn succeeded(&self) -> bool {
        let success = self.exited.is_some_and(|(status, _)| status.success());
        success && self.cause.is_none()
    }

    fn must_end_group(&self) -> bool {
        self.has_group && !self.succeeded()
    }

    /// Waits for whatever comes first, and reads what there is to read.
    fn wait(&mut self, on_output: &mut dyn FnMut(&[u8])) -> Result<()> {
        let pause = self
            .next_deadline()
            .map(|at| timespec(at.saturating_duration_since(Instant::now())));
        let running = self.exited.is_none();
        let asked = self.stop.above(self.level);
        let mut polled = Vec::with_capacity(3);
        // The output is the first, if there is one.
        polled.extend(self.output.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        if running {
            polled.extend(self.pidfd.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        if running || self.cause.is_some() {
            polled.extend(asked.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        match poll(&mut polled, pause.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::failed(format!("cannot wait for a process: {error}"))),
        }
        let first = polled.first().map(PollFd::revents);
        drop(polled);
        if self.output.is_some() && first.is_some_and(|events| !events.is_empty()) {
            self.read(on_output);
        }
        Ok(())
    }

    /// When there is something to do though nothing happens. One that passed just now must be among them, or nobody would ever
    /// do it; one that stays passed must not, or waiting would be no waiting.
    fn next_deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let deadlines = if let Some((_, at)) = self.exited {
            let aftermath = Some(at + AFTERMATH).filter(|at| self.succeeded() || *at > now);
            let look = self.look_at.filter(|_| !self.is_gone());
            let dead = self.killed_at.map(|at| at + AFTERMATH);
            [aftermath, look, dead, self.kill_at]
        } else {
            let limit = self.limits.timeout.filter(|_| self.cause.is_none());
            let timeout = limit.and_then(|limit| self.started.checked_add(limit));
            let blind = self.pidfd.is_none().then_some(now + BLIND);
            let glance = self.watches_for_terminal().then_some(now + GLANCE);
            [timeout, blind, glance, self.kill_at]
        };
        deadlines.into_iter().flatten().min()
    }

    fn is_gone(&self) -> bool {
        self.left.as_ref().is_some_and(Vec::is_empty)
    }

    fn read(&mut self, on_output: &mut dyn FnMut(&[u8])) {
        let Some(output) = &self.output else { return };
        match rustix::io::read(output.as_fd(), &mut self.buffer) {
            Ok(read) if read > 0 => on_output(self.buffer.get(..read).unwrap_or_default()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => self.output = None,
        }
    }

    fn note_exit(&mut self) {
        if self.exited.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.exited = Some((status, Instant::now()));
        }
    }

    /// First the user's own signal, then SIGTERM, then SIGKILL.
    fn pass_on_stop(&mut self) {
        while self.level < self.stop.level() {
            self.level += 1;
            match self.level {
                1 => {
                    let signal = self.stop.signal().and_then(Signal::from_named_raw);
                    let signal = signal.unwrap_or(Signal::TERM);
                    // Ctrl-C went to all that share the terminal. Many programs take a second signal as an order to
                    // drop everything, so neither those nor one that ran out of time must get it twice.
                    let is_known = !self.has_group && signal != Signal::TERM;
                    self.ask_to_end(Cause::Stop, Some(signal).filter(|_| !is_known));
                }
                2 => self.send(Signal::TERM),
                _ => self.kill_at = Some(Instant::now()),
            }
        }
    }

    fn heed_timeout(&mut self) {
        if self
            .limits
            .timeout
            .is_some_and(|limit| self.started.elapsed() >= limit)
        {
            self.ask_to_end(Cause::Timeout, Some(Signal::TERM));
        }
    }

    /// Asks it once to end, and starts the grace.
    fn ask_to_end(&mut self, cause: Cause, signal: Option<Signal>) {
        if self.cause.is_some() {
            return;
        }
        self.cause = Some(cause);
        self.kill_at = Instant::now().checked_add(self.limits.grace);
        if let Some(signal) = signal {
            self.send(signal);
        }
    }

    fn watches_for_terminal(&self) -> bool {
        !self.limits.terminal && self.cause.is_none()
    }

    /// A process that opens `/dev/tty` to ask for a password is stopped by the kernel, since its group is not the one that
    /// has the terminal, and nobody would ever let it go on.
    fn heed_terminal(&mut self) {
        if !self.watches_for_terminal() {
            return;
        }
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let stopped = waitid(WaitId::Pid(self.pid), options).ok().flatten();
        let by = stopped.and_then(|status| status.stopping_signal());
        if [Signal::TTIN, Signal::TTOU]
            .iter()
            .any(|signal| by == Some(signal.as_raw()))
        {
            self.ask_to_end(Cause::Terminal, Some(Signal::TERM));
            self.kill_at = Instant::now().checked_add(LEFTOVERS.min(self.limits.grace));
            self.send(Signal::CONT);
        }
    }

    /// Ends what is left of the group of a process that did not succeed.
    ///
    /// Where the group was asked to end, all of it has the grace: a shell dies of SIGTERM at once while the `terraform` that it
    /// started still saves its state. Only what ignores the signal (as background jobs of scripts ignore SIGINT) would never
    /// end, and gets another.
    fn end_group(&mut self) {
        let now = Instant::now();
        if self.is_gone() || self.look_at.is_some_and(|at| now < at) {
            self.pass_on_stop_to_rest();
            return;
        }
        self.pause = (self.pause * 2).min(LOOKS.1);
        self.look_at = Some(now + self.pause);
        self.left = members(self.pid);
        if self.is_gone() || !self.is_silent() {
            return;
        }
        let is_deaf = match (self.cause, self.sent, &self.left) {
            (None, sent, _) => sent.is_none(),
            (Some(_), Some(sent), Some(left)) => {
                sent != Signal::TERM && left.iter().all(|member| member.ignores(sent))
            }
            _ => false,
        };
        if is_deaf {
            self.send(Signal::TERM);
            let end = now + LEFTOVERS.min(self.limits.grace);
            self.kill_at = Some(self.kill_at.map_or(end, |at| at.min(end)));
        }
        self.pass_on_stop_to_rest();
    }

    /// The user may lose patience with what is left, too.
    fn pass_on_stop_to_rest(&mut self) {
        if self.cause.is_some() {
            self.pass_on_stop();
        } else if self.stop.level() >= 3 && self.killed_at.is_none() {
            self.kill_at = Some(Instant::now());
        }
    }

    fn heed_grace(&mut self) {
        if self.kill_at.is_some_and(|at| Instant::now() >= at) && !self.succeeded_already() {
            self.kill_at = None;
            self.killed_at = Some(Instant::now());
            self.send(Signal::KILL);
            self.look_at = self.look_at.map(|_| Instant::now());
            self.pause = LOOKS.0;
        }
    }

    fn succeeded_already(&self) -> bool {
        self.exited.is_some() && self.succeeded()
    }

    fn send(&mut self, signal: Signal) {
        // It may just have ended.
        if self.has_group {
            let _ = kill_process_group(self.pid, signal);
        } else if self.exited.is_none() {
            let _ = kill_process(self.pid, signal);
        }
        if signal != Signal::CONT {
            self.sent = Some(signal);
        }
    }

    fn end(self) -> Ended {
        let held_open = self.output.is_some() && self.succeeded();
        let status = self.exited.map(|(status, _)| status);
        let ending = match (self.cause, status) {
            (Some(Cause::Timeout), _) => Ending::TimedOut,
            (Some(Cause::Terminal), _) => Ending::WantedTerminal,
            (Some(Cause::Stop), _) | (None, None) => Ending::Interrupted,
            (None, Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => Ending::Exited(code),
                (None, Some(signal)) => Ending::Signalled(signal),
                (None, None) => Ending::Interrupted,
            },
        };
        Ended {
            ending,
            held_open,
            status,
        }
    }
}
