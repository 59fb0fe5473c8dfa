//! One run at a time: an operating system's lock that says who holds it. The kernel releases it when its holder dies.
//! Knows nothing of what it protects. On a network file system it may hold for one host only.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::system::{fault, private};

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Where it runs.
    pub host: String,
    /// What it does, such as `apply`.
    pub command: String,
    /// Since when.
    pub started_ms: i64,
}

/// A lock that is held. Dropping it releases it.
///
/// Its file is closed in every child ([`std::fs::OpenOptions`] sees to that), so no child holds it on.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The longest time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

impl Lock {
    /// Takes the lock whose file is `path`, for `holder`. If another process has it, waits at most for `timeout` and calls
    /// `waiting` once, with a sentence on who that is.
    ///
    /// # Errors
    /// If another process still has it ([`crate::error::Kind::Locked`]), or if the system refuses.
    pub fn acquire(
        path: &Path,
        holder: &Holder,
        timeout: Option<Duration>,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        if let Some(directory) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            private::create_directory(directory)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| Error::io("cannot open the lock", path, &error))?;
        wait(&mut file, path, timeout, waiting)?;
        write_holder(&mut file, holder)
            .map_err(|error| Error::io("cannot write the lock", path, &error))?;
        fault::point("lock.held");
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What stays in the file would be true of nobody; nobody reads it unless the lock is held.
        let _ = self.file.set_len(0);
    }
}

fn wait(
    file: &mut File,
    path: &Path,
    timeout: Option<Duration>,
    waiting: &mut dyn FnMut(&str),
) -> Result<()> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    let mut told = false;
    loop {
        match flock(&*file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(Error::io("cannot lock", path, &error.into())),
        }
        let left = timeout.unwrap_or_default().saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(held(file, timeout));
        }
        if !told {
            waiting(&format!("waiting for {}", describe(file)));
            told = true;
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSE);
    }
}

fn held(file: &mut File, timeout: Option<Duration>) -> Error {
    let holder = describe(file);
    match timeout {
        None => Error::locked(format!("locked by {holder}"))
            .hint("wait for it to end, or have betterform wait with `--lock-timeout 5m`"),
        Some(timeout) => Error::locked(format!("still locked by {holder}, after {timeout:?}"))
            .hint("wait for it to end"),
    }
}

/// Who holds the lock, for people. The holder may be just about to write who it is.
fn describe(file: &mut File) -> String {
    let Some(holder) = read_holder(file) else {
        return "another run of betterform".to_owned();
    };
    let since = jiff::Timestamp::from_millisecond(holder.started_ms).unwrap_or_default();
    format!(
        "`{}` (process {} on `{}`, since {})",
        holder.command.escape_debug(),
        holder.pid,
        holder.host.escape_debug(),
        since.strftime("%Y-%m-%d %H:%M:%S UTC")
    )
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(64 * 1024).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    let mut text = serde_json::to_string(holder)?;
    text.push('\n');
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn holder() -> Holder {
        Holder {
            pid: 123,
            host: "here".to_owned(),
            command: "apply".to_owned(),
            started_ms: 1_767_323_045_000,
        }
    }

    const DESCRIBED: &str = "`apply` (process 123 on `here`, since 2026-01-02 03:04:05 UTC)";

    fn acquire(path: &Path, timeout: Option<Duration>) -> (Result<Lock>, Vec<String>) {
        let mut told = Vec::new();
        let lock = Lock::acquire(path, &holder(), timeout, &mut |text| {
            told.push(text.to_owned());
        });
        (lock, told)
    }

    #[test]
    fn the_second_is_told_who_has_it() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("own/state.db.lock");
        let first = acquire(&path, None).0.unwrap();
        let (second, told) = acquire(&path, None);
        let error = second.unwrap_err();
        assert_eq!(error.kind(), Kind::Locked);
        assert_eq!(error.exit_code(), 75);
        assert_eq!(error.message(), format!("locked by {DESCRIBED}"));
        assert!(told.is_empty());
        drop(first);
        // A child that another test starts right now holds all open files until it is another program.
        acquire(&path, Some(Duration::from_secs(10))).0.unwrap();
    }

    #[test]
    fn waiting_is_told_once_and_ends() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("lock");
        let first = acquire(&path, None).0.unwrap();
        let (second, told) = acquire(&path, Some(Duration::from_millis(300)));
        assert_eq!(
            second.unwrap_err().message(),
            format!("still locked by {DESCRIBED}, after 300ms")
        );
        assert_eq!(told, [format!("waiting for {DESCRIBED}")]);
        let (lock, told) = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| acquire(&path, Some(Duration::from_secs(60))));
            std::thread::sleep(Duration::from_millis(100));
            drop(first);
            waiter.join().unwrap()
        });
        lock.unwrap();
        assert!(told.len() <= 1);
    }

    #[test]
    fn a_holder_that_has_not_said_who_it_is() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("lock");
        let file = File::create(&path).unwrap();
        flock(&file, FlockOperation::LockExclusive).unwrap();
        let error = acquire(&path, None).0.unwrap_err();
        assert_eq!(error.message(), "locked by another run of betterform");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a real child")]
    fn a_child_does_not_hold_it_on() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("lock");
        let lock = acquire(&path, None).0.unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        drop(lock);
        // A child that another test starts just now has the file too, until it becomes its own program; the sleep is longer.
        let again = acquire(&path, Some(Duration::from_secs(20))).0;
        child.kill().unwrap();
        child.wait().unwrap();
        again.unwrap();
    }
}
