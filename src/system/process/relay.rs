//! Runs a command in the foreground, as a shell would: in our group, with our input. What it prints passes through our hands, where
//! that is not a terminal. Knows nothing of what is done with it.

use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::error::Error;
use crate::system::inherit;
use crate::system::process::timespec;
use crate::system::signal::Stop;

/// How long output may still come after the command has ended, while others hold its pipes open.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How often a command whose pipes are silent is asked whether it ended.
const LOOK: Duration = Duration::from_millis(50);

/// One of the two streams of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What it says.
    Out,
    /// What it complains about.
    Err,
}

/// Whether our own stream of that kind is something else than a terminal: a file, a pipe, the log of a pipeline.
pub fn is_recorded(stream: Stream) -> bool {
    match stream {
        Stream::Out => !std::io::stdout().is_terminal(),
        Stream::Err => !std::io::stderr().is_terminal(),
    }
}

/// Runs a command to its end and hands over what it prints to streams that are no terminal; the others are its own. Gives its exit
/// code, which for one that a signal ended is 128 + the signal's number, as in a shell. Where `on_output` says that nobody reads
/// that stream any more, the command is told by its next write to it.
///
/// # Errors
/// It cannot be started; the error is the system's.
pub fn relay(
    mut command: Command,
    stop: &Stop,
    on_output: &mut dyn FnMut(Stream, &[u8]) -> bool,
) -> std::io::Result<u8> {
    if is_recorded(Stream::Out) {
        command.stdout(Stdio::piped());
    }
    if is_recorded(Stream::Err) {
        command.stderr(Stdio::piped());
    }
    let mut child = inherit::spawn(&mut command, &[])?;
    let mut pipes: Vec<(Stream, OwnedFd)> = Vec::new();
    pipes.extend(child.stdout.take().map(|pipe| (Stream::Out, pipe.into())));
    pipes.extend(child.stderr.take().map(|pipe| (Stream::Err, pipe.into())));
    let mut level = 0;
    let mut ended = None;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        wait(&pipes, stop, level)?;
        pipes.retain(|(stream, pipe)| read(*stream, pipe, &mut buffer, on_output));
        pass_on(&child, stop, &mut level);
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| (status, Instant::now()));
        }
        if let Some((status, at)) = ended
            && (pipes.is_empty() || at.elapsed() >= AFTERMATH)
        {
            let code = status.code().or(status.signal().map(|signal| 128 + signal));
            return Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
        }
    }
}

/// Waits for output, for a wish to stop, or a moment.
fn wait(pipes: &[(Stream, OwnedFd)], stop: &Stop, level: u8) -> std::io::Result<()> {
    let asked = stop.above(level);
    let mut polled: Vec<_> = (pipes.iter())
        .map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN))
        .collect();
    polled.extend(asked.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
    match poll(&mut polled, Some(&timespec(LOOK))) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads what there is to read, without waiting; whether more may come.
fn read(
    stream: Stream,
    pipe: &OwnedFd,
    buffer: &mut [u8],
    on_output: &mut dyn FnMut(Stream, &[u8]) -> bool,
) -> bool {
    let mut polled = [PollFd::new(pipe, PollFlags::IN)];
    let now = timespec(Duration::ZERO);
    if !poll(&mut polled, Some(&now)).is_ok_and(|ready| ready > 0) {
        return true;
    }
    match rustix::io::read(pipe.as_fd(), &mut *buffer) {
        Ok(count) if count > 0 => on_output(stream, buffer.get(..count).unwrap_or_default()),
        Err(Errno::INTR | Errno::AGAIN) => true,
        _ => false,
    }
}

/// First the user's own signal, then SIGTERM, then SIGKILL. Ctrl-C went to all that share the terminal.
fn pass_on(child: &Child, stop: &Stop, level: &mut u8) {
    while *level < stop.level() {
        *level += 1;
        let first = stop.signal().and_then(Signal::from_named_raw);
        let signal = match *level {
            1 => first.unwrap_or(Signal::TERM),
            2 => Signal::TERM,
            _ => Signal::KILL,
        };
        if signal != Signal::INT || !std::io::stdin().is_terminal() {
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }
}

/// The error for a command that cannot be run.
pub fn refused(program: &std::ffi::OsStr, error: &std::io::Error) -> Error {
    Error::failed(format!(
        "cannot run `{}`: {error}",
        program.to_string_lossy()
    ))
}
