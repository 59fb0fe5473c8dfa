//! Time and memory of one command. Knows nothing of what the command is.
//!
//! The peak memory that the kernel tells of a process's children is the largest of them all, ever, and a process starts
//! with the size of the one that started it. So each command gets a small parent of its own: this program again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Result;

/// The first argument of the process that measures.
pub(crate) const AS_CHILD: &str = "--measure";

/// What the commands print, in the directory of the library.
pub(crate) const LOG: &str = "last.log";

/// A command to measure.
#[derive(Debug)]
pub(crate) struct Call {
    /// Where it is started.
    pub(crate) directory: PathBuf,
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
}

impl Call {
    pub(crate) fn new(directory: &Path, program: impl Into<OsString>, arguments: &[&str]) -> Self {
        let mut words = vec![program.into()];
        words.extend(arguments.iter().map(OsString::from));
        Self {
            directory: directory.to_owned(),
            words,
        }
    }
}

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The most memory that it, or a process below it, had resident at a time, in KiB.
    pub(crate) peak: u64,
}

/// Runs a command that must succeed, and says what it took. What it prints goes to a file in `place`.
pub(crate) fn run(call: &Call, place: &Path) -> Result<Figure> {
    let log = place.join(LOG);
    let kept = ["PATH", "HOME", "TMPDIR", "GOMPLATE"];
    let kept = kept.map(|name| (name, std::env::var_os(name)));
    let set = kept
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let measured = Command::new(std::env::current_exe()?)
        .arg(AS_CHILD)
        .arg(&log)
        .args(&call.words)
        .current_dir(&call.directory)
        .env_clear()
        .envs(set)
        .env("INTERACTIVE", "false")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !measured.status.success() {
        let printed = fs::read(&log).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed);
        let lines: Vec<_> = printed.lines().rev().take(20).collect();
        let tail = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        return Err(format!("`{}` failed:\n{tail}", call.words[0].display()).into());
    }
    let text = String::from_utf8(measured.stdout)?;
    let (wall, peak) = text.trim().split_once(' ').ok_or("no figures")?;
    Ok(Figure {
        wall: Duration::from_nanos(wall.parse()?),
        peak: peak.parse()?,
    })
}

/// What the process that measures does: runs the command and prints nanoseconds and KiB.
pub(crate) fn child(mut arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let log = File::create(arguments.next().ok_or("no log")?)?;
    let program = arguments.next().ok_or("no program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(log.try_clone()?).stderr(log);
    let start = Instant::now();
    let status = command.status()?;
    let wall = start.elapsed();
    if !status.success() {
        return Err(status.to_string().into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // The kernel counts in KiB; macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
    println!("{} {}", wall.as_nanos(), usage.max_rss() / unit);
    Ok(())
}
