//! The files that make up a database: it and what SQLite keeps beside it. Setting them aside and copying them.
//! Knows nothing of what is in them.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::system::fault;

/// What SQLite keeps beside a database. `-journal` and `-wal` hold changes; `-shm` is made anew where it is missing.
const BESIDE: [&str; 3] = ["-wal", "-journal", "-shm"];

/// The path with a suffix to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether there is a `-wal` file that holds something.
pub(super) fn has_wal(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0)
}

/// Renames the database at `path` and what lies beside it to `state.db.corrupt-TIME`, and says what that is.
///
/// The files beside it go first: were the database gone and they still there, a new database would take them for its own.
pub(super) fn set_aside(path: &Path, now_ms: i64) -> Result<Option<PathBuf>> {
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let time = time.strftime("%Y%m%dT%H%M%S");
    let target = (0..1000)
        .map(|n| {
            if n == 0 {
                String::new()
            } else {
                format!("-{n}")
            }
        })
        .map(|n| beside(path, &format!(".corrupt-{time}{n}")))
        .find(|target| free(target))
        .ok_or_else(|| {
            Error::failed(format!(
                "too many damaged files beside `{}`",
                path.display()
            ))
        })?;
    let mut any = false;
    for suffix in BESIDE.into_iter().chain([""]) {
        any |= rename(&beside(path, suffix), &beside(&target, suffix))?;
        fault::point("state.set-aside.between");
    }
    sync_directory(path)?;
    Ok(any.then_some(target))
}

fn free(target: &Path) -> bool {
    let taken = |suffix| fs::symlink_metadata(beside(target, suffix)).is_ok();
    !taken("") && !BESIDE.into_iter().any(taken)
}

/// Renames a file; whether there was one.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite, not `system::files`, wrote these files"
)]
pub(super) fn rename(from: &Path, to: &Path) -> Result<bool> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("cannot move away", from, &error)),
    }
}

/// Removes a database that was never finished.
pub(super) fn remove(path: &Path) -> Result<()> {
    for suffix in BESIDE.into_iter().chain([""]) {
        let path = beside(path, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("cannot remove", &path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes what was renamed in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Error::io("cannot write", directory, &error))
}

/// Copies the database at `path` and the changes beside it into a private directory; says where it is there.
pub(super) fn copy(path: &Path) -> Result<(TempDir, PathBuf)> {
    let directory = tempfile::Builder::new()
        .prefix("betterform-state-")
        .tempdir()
        .map_err(|error| Error::failed(format!("cannot make a temporary directory: {error}")))?;
    let target = directory.path().join("state.db");
    // A run may write meanwhile; it writes in bursts, so a calm moment comes soon.
    for attempt in 1.. {
        let before = look(path);
        remove(&target)?;
        for suffix in ["", "-wal", "-journal"] {
            copy_file(&beside(path, suffix), &beside(&target, suffix))?;
        }
        if before == look(path) {
            break;
        }
        if attempt == 20 {
            let message = format!(
                "cannot copy the state `{}`: it keeps changing",
                path.display()
            );
            return Err(
                Error::failed(message).hint("try again when the run that writes it has ended")
            );
        }
        std::thread::sleep(Duration::from_millis(10 * attempt));
    }
    Ok((directory, target))
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    match fs::copy(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("cannot copy", from, &error)),
        Ok(_) => {
            // The copy of a file that nobody may write must be writable.
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(to, fs::Permissions::from_mode(0o600))
                .map_err(|error| Error::io("cannot write", to, &error))
        }
    }
}

fn look(path: &Path) -> Vec<Option<(u64, u64, i64, i64)>> {
    let facts = |file: Metadata| (file.ino(), file.len(), file.mtime(), file.mtime_nsec());
    ["", "-wal", "-journal"]
        .into_iter()
        .map(|suffix| fs::metadata(beside(path, suffix)).ok().map(facts))
        .collect()
}
