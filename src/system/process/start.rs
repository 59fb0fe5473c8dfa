//! Starts a process, and explains why one cannot be started.
//! Knows nothing of what becomes of it.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::{Error, Result};
use crate::system::inherit;
use crate::system::process::Call;

/// How often a program that somebody is writing is tried again.
const BUSY_TRIES: u32 = 20;

/// A process that was just started.
pub(super) struct Started {
    pub(super) child: Child,
    /// What it prints, unless that goes to the terminal.
    pub(super) output: Option<OwnedFd>,
    /// Whether it has a group of its own. One that has the terminal has not: Ctrl-C must reach it and us.
    pub(super) has_group: bool,
}

/// Starts a process.
pub(super) fn start(call: &Call<'_>) -> Result<Started> {
    #[expect(clippy::disallowed_methods, reason = "this is the home of processes")]
    let mut command = Command::new(&call.program);
    command.args(&call.args).current_dir(&call.cwd).env_clear();
    command.envs(call.environment.iter());
    let has_group = !call.terminal || !io::stdin().is_terminal();
    if has_group {
        command.process_group(0);
    }
    let mut output = None;
    if !call.terminal {
        let (reader, writer, other) = pipes().map_err(|error| pipeless(&error))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(other);
        output = Some(reader);
    }
    // Both ends that are ours to write to are closed with `command`.
    match spawn(&mut command, call) {
        Ok(child) => Ok(Started {
            child,
            output,
            has_group,
        }),
        Err(error) => Err(explain(call, &error)),
    }
}

/// The end to read from, and the one to write to twice: the order of both streams holds only in one pipe.
fn pipes() -> io::Result<(OwnedFd, OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let other = writer.try_clone()?;
    Ok((reader, writer, other))
}

fn pipeless(error: &io::Error) -> Error {
    Error::failed(format!("cannot make a pipe: {error}"))
        .hint("run fewer stages at once (`-j`), or raise the limit of open files (`ulimit -n`)")
}

fn spawn(command: &mut Command, call: &Call<'_>) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        match inherit::spawn(command, &call.inherit) {
            // An editor, or a sync of the library, may hold it open for a moment.
            Err(error) if is(&error, Errno::TXTBSY) && tries < BUSY_TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            result => return result,
        }
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Why a program could not be started.
fn explain(call: &Call<'_>, error: &io::Error) -> Error {
    if !call.cwd.is_dir() {
        return Error::failed(format!(
            "cannot run `{}`: there is no directory `{}` to run it in",
            call.program.display(),
            call.cwd.display()
        ));
    }
    let path = call.cwd.join(&call.program);
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => missing(call, &path, error),
        Some(Errno::NOEXEC) => no_program(call, &path),
        Some(Errno::ACCESS) => forbidden(call, &path, error),
        Some(Errno::TOOBIG) => too_big(call),
        Some(Errno::AGAIN | Errno::NOMEM) => cannot(call, error)
            .hint("run fewer stages at once (`-j`), or raise the limit of processes (`ulimit -u`)"),
        Some(Errno::TXTBSY) => cannot(call, error).hint("another program holds it open to write"),
        _ => cannot(call, error),
    }
}

fn cannot(call: &Call<'_>, why: impl std::fmt::Display) -> Error {
    Error::failed(format!("cannot run `{}`: {why}", call.program.display()))
}

/// It is not there; or it is, but the program is not that shall run it.
fn missing(call: &Call<'_>, path: &Path, error: &io::Error) -> Error {
    if !has_slash(&call.program) {
        return cannot(call, "there is no such program on `PATH`");
    }
    match interpreter(path) {
        Some(name) if name.as_os_str().as_bytes().ends_with(b"\r") => cannot(
            call,
            "its lines end as on Windows (CR LF), so that its interpreter is not found",
        )
        .hint("save it with LF line ends"),
        Some(name) if name.as_os_str().is_empty() => nameless(call),
        Some(name) => cannot(
            call,
            format!("its interpreter `{}` does not exist", name.display()),
        )
        .hint("correct its first line, as in `#!/usr/bin/env bash`, or install the interpreter"),
        None if path.is_file() => cannot(call, "the loader that it was built for does not exist")
            .hint("it may be meant for another system, such as one with another libc"),
        None => cannot(call, error),
    }
}

/// Kernels differ in whether such a script is no program or one whose interpreter is missing.
fn nameless(call: &Call<'_>) -> Error {
    cannot(call, "its first line `#!` names no interpreter")
        .hint("begin it with a line such as `#!/usr/bin/env bash`")
}

fn has_slash(program: &Path) -> bool {
    program.as_os_str().as_bytes().contains(&b'/')
}

/// It is neither a script nor a binary of this machine. A shell would take it for a script of its own; betterform guesses not.
fn no_program(call: &Call<'_>, path: &Path) -> Error {
    let begin = beginning(path).unwrap_or_default();
    if begin.is_empty() {
        cannot(call, "it is empty").hint("begin it with a line such as `#!/usr/bin/env bash`")
    } else if interpreter(path).is_some_and(|name| name.as_os_str().is_empty()) {
        nameless(call)
    } else if begin.starts_with(b"\x7fELF") {
        cannot(call, "it is a program for another kind of machine")
    } else if begin.starts_with(b"\xef\xbb\xbf#!") {
        cannot(call, "a byte order mark stands before its `#!` line").hint("save it without one")
    } else {
        cannot(
            call,
            "it is neither a program of this machine nor a script with a `#!` line",
        )
        .hint("begin it with a line such as `#!/bin/sh`")
    }
}

/// It, its interpreter or the directory may not be used so.
fn forbidden(call: &Call<'_>, path: &Path, error: &io::Error) -> Error {
    let Ok(metadata) = std::fs::metadata(path) else {
        return cannot(call, error);
    };
    if metadata.is_dir() {
        return cannot(call, "it is a directory");
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return cannot(call, "it is not executable")
            .hint("make it so where it comes from: `chmod +x`, in the library");
    }
    match interpreter(path) {
        Some(name) if is_file_not_executable(&call.cwd.join(&name)) => cannot(
            call,
            format!("its interpreter `{}` is not executable", name.display()),
        )
        .hint("correct its first line, as in `#!/usr/bin/env bash`"),
        _ => cannot(call, error)
            .hint("its file system may be mounted `noexec`, or its mode may not let you run it"),
    }
}

fn is_file_not_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_dir() || metadata.permissions().mode() & 0o111 == 0)
}

/// Arguments and environment do not fit; says which variable is the largest, but never its value.
fn too_big(call: &Call<'_>) -> Error {
    let sizes = call.environment.iter();
    let sizes: Vec<_> = sizes
        .map(|(name, value)| (name.len() + value.len() + 2, name))
        .collect();
    let all: usize = sizes.iter().map(|(size, _)| size).sum();
    let error = cannot(
        call,
        format!("its arguments and its environment ({all} bytes) are more than the system allows"),
    );
    match sizes.iter().max() {
        Some((size, name)) => error.hint(format!(
            "the largest variable is `{}` ({size} bytes): put what it holds in a file",
            name.display()
        )),
        None => error,
    }
}

/// The interpreter that a script names; `None` for anything that is no script.
fn interpreter(program: &Path) -> Option<PathBuf> {
    let begin = beginning(program)?;
    let line = begin
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    // The kernel takes blanks and tabs off both ends, but not a carriage return: that is a part of the name.
    let name = line
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .find(|word| !word.is_empty());
    Some(PathBuf::from(OsStr::from_bytes(name.unwrap_or_default())))
}

fn beginning(program: &Path) -> Option<Vec<u8>> {
    let mut begin = Vec::new();
    let file = std::fs::File::open(program).ok()?;
    // The kernel itself looks at no more than 256 bytes.
    file.take(4096).read_to_end(&mut begin).ok()?;
    Some(begin)
}
