//! Runs one process to its end: output through one pipe, a group of its own, a time limit, an orderly way to end it.
//! Knows nothing of stages.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open, test_kill_process_group,
};

use crate::error::{Error, Result};
use crate::system::environment::Environment;
use crate::system::inherit;
use crate::system::signal::Stop;

/// How long output may still come after the process itself has ended, while others hold the pipe open.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How long what is left of a group has to end after SIGTERM, before SIGKILL.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// What to run.
#[derive(Debug)]
pub struct Call<'a> {
    /// The program.
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
    /// How long it has to end by itself once it is asked to.
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
    /// The user asked to stop, and it was ended.
    Interrupted,
}

/// What is known of a process that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// Whether other processes still hold its output open.
    pub held_open: bool,
}

/// Runs a process to its end, and hands over its output as it comes.
///
/// # Errors
/// It cannot be started; the message says why, as far as that can be found out.
pub fn run(call: &Call<'_>, stop: &Stop, on_output: &mut dyn FnMut(&[u8])) -> Result<Ended> {
    let (child, output) = start(call)?;
    let mut running = Running::new(child, output, call, stop)?;
    while !running.is_over() {
        running.wait(on_output)?;
    }
    Ok(running.end())
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

fn start(call: &Call<'_>) -> Result<(Child, Option<OwnedFd>)> {
    let cannot = |error: std::io::Error| Error::failed(format!("cannot make a pipe: {error}"));
    #[expect(clippy::disallowed_methods, reason = "this is the home of processes")]
    let mut command = Command::new(&call.program);
    command.args(&call.args).current_dir(&call.cwd).env_clear();
    command.envs(call.environment.iter());
    let mut output = None;
    if !call.terminal {
        let (reader, writer) =
            pipe_with(PipeFlags::CLOEXEC).map_err(|error| cannot(error.into()))?;
        let other = writer.try_clone().map_err(cannot)?;
        command
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(other)
            .process_group(0);
        output = Some(reader);
    }
    // Both ends that are ours to write to are closed with `command`.
    match inherit::spawn(&mut command, &call.inherit) {
        Ok(child) => Ok((child, output)),
        Err(error) => Err(explain(call, &error)),
    }
}

/// Why a program could not be started.
fn explain(call: &Call<'_>, error: &std::io::Error) -> Error {
    let program = call.program.display();
    if !call.cwd.is_dir() {
        return Error::failed(format!(
            "there is no directory `{}` to run `{program}` in",
            call.cwd.display()
        ));
    }
    let failed = Error::failed(format!("cannot run `{program}`: {error}"));
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::NOENT) => match interpreter(&call.program) {
            Some(interpreter) => Error::failed(format!(
                "cannot run `{program}`: its interpreter `{interpreter}` does not exist"
            ))
            .hint("correct its first line, as in `#!/usr/bin/env bash`"),
            None => failed,
        },
        Some(rustix::io::Errno::NOEXEC) => Error::failed(format!(
            "cannot run `{program}`: it is neither a program of this machine nor a script with a `#!` line"
        ))
        .hint("begin it with a line such as `#!/usr/bin/env bash`"),
        Some(rustix::io::Errno::ACCESS) => failed.hint("make it executable: `chmod +x`, in the library"),
        Some(rustix::io::Errno::TOOBIG) => failed.hint("its environment is too large"),
        _ => failed,
    }
}

/// The interpreter that a script names.
fn interpreter(program: &Path) -> Option<String> {
    let text = std::fs::read(program).ok()?;
    let line = text
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    line.split_whitespace().next().map(str::to_owned)
}

/// Why a process is being ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Timeout,
    Stop,
}

struct Running<'a> {
    child: Child,
    pid: Pid,
    pidfd: OwnedFd,
    output: Option<OwnedFd>,
    call: &'a Call<'a>,
    stop: &'a Stop,
    started: Instant,
    /// How far the wish to stop was passed on.
    level: u8,
    cause: Option<Cause>,
    kill_at: Option<Instant>,
    exited: Option<(ExitStatus, Instant)>,
    buffer: Vec<u8>,
}

impl<'a> Running<'a> {
    fn new(
        child: Child,
        output: Option<OwnedFd>,
        call: &'a Call<'a>,
        stop: &'a Stop,
    ) -> Result<Self> {
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty())
            .map_err(|error| Error::failed(format!("cannot watch a process: {error}")))?;
        Ok(Self {
            child,
            pid,
            pidfd,
            output,
            call,
            stop,
            started: Instant::now(),
            level: 0,
            cause: None,
            kill_at: None,
            exited: None,
            buffer: vec![0; 64 * 1024],
        })
    }

    fn is_over(&self) -> bool {
        match self.exited {
            Some((_, at)) => self.output.is_none() || at.elapsed() >= AFTERMATH,
            None => false,
        }
    }

    /// Waits for whatever comes first, and deals with it.
    fn wait(&mut self, on_output: &mut dyn FnMut(&[u8])) -> Result<()> {
        let asked = self.stop.above(self.level);
        let mut polled = Vec::with_capacity(3);
        let output = self.output.as_ref().map(|output| {
            polled.push(PollFd::new(output, PollFlags::IN));
            polled.len() - 1
        });
        if self.exited.is_none() {
            polled.push(PollFd::new(&self.pidfd, PollFlags::IN));
        }
        if let (Some(asked), None) = (&asked, self.exited) {
            polled.push(PollFd::new(asked, PollFlags::IN));
        }
        let timeout = self
            .next_deadline()
            .map(|at| at.saturating_duration_since(Instant::now()));
        match poll(&mut polled, timeout.map(timespec).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::failed(format!("cannot wait for a process: {error}"))),
        }
        let has_output = output.is_some_and(|at| !polled[at].revents().is_empty());
        drop(polled);
        if has_output {
            self.read(on_output);
        }
        if self.exited.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.exited = Some((status, Instant::now()));
        }
        self.pass_on_stop();
        self.heed_deadlines();
        Ok(())
    }

    fn next_deadline(&self) -> Option<Instant> {
        if let Some((_, at)) = self.exited {
            return Some(at + AFTERMATH);
        }
        let timeout = self.call.timeout.filter(|_| self.cause.is_none());
        let timeout = timeout.map(|timeout| self.started + timeout);
        timeout.into_iter().chain(self.kill_at).min()
    }

    fn read(&mut self, on_output: &mut dyn FnMut(&[u8])) {
        let Some(output) = &self.output else { return };
        match rustix::io::read(output.as_fd(), &mut self.buffer) {
            Ok(read) if read > 0 => on_output(self.buffer.get(..read).unwrap_or_default()),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            _ => self.output = None,
        }
    }

    /// First the user's own signal, then SIGTERM, then SIGKILL.
    fn pass_on_stop(&mut self) {
        while self.exited.is_none() && self.level < self.stop.level() {
            self.level += 1;
            match self.level {
                1 => {
                    self.cause.get_or_insert(Cause::Stop);
                    self.kill_at.get_or_insert(Instant::now() + self.call.grace);
                    let signal = self.stop.signal().and_then(Signal::from_named_raw);
                    self.send(signal.unwrap_or(Signal::TERM));
                }
                2 => self.send(Signal::TERM),
                _ => self.send(Signal::KILL),
            }
        }
    }

    fn heed_deadlines(&mut self) {
        if self.exited.is_some() {
            return;
        }
        let now = Instant::now();
        if let Some(timeout) = self.call.timeout
            && self.cause.is_none()
            && now >= self.started + timeout
        {
            self.cause = Some(Cause::Timeout);
            self.kill_at = Some(now + self.call.grace);
            self.send(Signal::TERM);
        }
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = None;
            self.send(Signal::KILL);
        }
    }

    fn send(&self, signal: Signal) {
        // It may just have ended.
        let _ = if self.call.terminal {
            kill_process(self.pid, signal)
        } else {
            kill_process_group(self.pid, signal)
        };
    }

    fn end(self) -> Ended {
        let succeeded = self.exited.is_some_and(|(status, _)| status.success());
        if (self.cause.is_some() || !succeeded) && !self.call.terminal {
            end_group(self.pid);
        }
        let status = self.exited.map(|(status, _)| status);
        let ending = match (self.cause, status) {
            (Some(Cause::Timeout), _) => Ending::TimedOut,
            (Some(Cause::Stop), _) | (None, None) => Ending::Interrupted,
            (None, Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => Ending::Exited(code),
                (None, Some(signal)) => Ending::Signalled(signal),
                (None, None) => Ending::Interrupted,
            },
        };
        Ended {
            ending,
            held_open: self.output.is_some() && succeeded,
        }
    }
}

/// Ends what is left of a group.
fn end_group(group: Pid) {
    if kill_process_group(group, Signal::TERM).is_err() {
        return;
    }
    let end = Instant::now() + LEFTOVERS;
    while Instant::now() < end {
        if test_kill_process_group(group).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = kill_process_group(group, Signal::KILL);
}

fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).unwrap_or(Timespec {
        tv_sec: 3600,
        tv_nsec: 0,
    })
}
