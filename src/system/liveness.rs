//! Which processes of which stage still live, whatever became of the betterform that started them.
//! Knows nothing of what is recorded.
//!
//! Before a stage's `ctl` starts, a file named after run and stage is locked, and `ctl` inherits the open file: it, and all
//! that it starts, hold the lock until the last of them has ended or closed it. Nothing else in the system is needed to
//! see that one of them lives: the kernel keeps count. Which they are is then found by looking for who has the file open.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Command};

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use serde::{Deserialize, Serialize};

use crate::core::record::RunId;
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::system::{fault, inherit, private};

/// Scripts open files under low numbers (`exec 3>log`), and would close ours.
const HIGH: i32 = 100;

/// The sign that processes of a stage live. Once it is dropped they alone hold it; [`sweep`] removes those that nobody holds.
#[derive(Debug)]
pub struct Liveness {
    // Dropping closes it, and does not unlock it: the lock belongs to all who inherited it, and unlocking would take it from
    // them.
    file: File,
}

/// Processes that live on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The run that started them.
    pub run: RunId,
    /// The stage that they belong to.
    pub stage: StageName,
    /// Those that this user may see; empty where the system does not tell.
    pub pids: Vec<u32>,
}

/// What is written in such a file: its name may have to be shortened.
#[derive(Serialize, Deserialize)]
struct Owner {
    run: RunId,
    stage: StageName,
}

impl Liveness {
    /// Makes and locks the file in `directory`, which is made if need be, for one attempt of a stage.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn create(directory: &Path, run: &RunId, stage: &StageName) -> Result<Self> {
        private::create_directory(directory)?;
        let owner = Owner {
            run: run.clone(),
            stage: stage.clone(),
        };
        // An earlier attempt of the same run may have left processes behind.
        for attempt in 1..=u32::MAX {
            let path = directory.join(file_name(&owner, attempt));
            let created = create(&path, &owner)
                .map_err(|error| Error::io("cannot write the sign of life", &path, &error))?;
            if let Some(file) = created {
                fault::point("liveness.created");
                return Ok(Self { file });
            }
        }
        Err(Error::failed(format!("too many attempts of `{stage}`")))
    }

    /// Starts the stage's `ctl`, which inherits the lock. It is found from its first moment on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        inherit::spawn(command, &self.file())
    }

    /// The open file that a `ctl` must inherit, for whoever starts it through [`inherit::spawn`]; always one.
    pub fn file(&self) -> Vec<BorrowedFd<'_>> {
        vec![self.file.as_fd()]
    }
}

/// Removes the signs that nobody holds any more, as far as that is allowed: all at once at the end of a run, since some file
/// systems are slow to make a file after one was removed. What is left will be found by the next run.
pub fn sweep(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries
        .map(|entry| entry.path())
        .filter(|path| is_sign(path))
    {
        let _ = inspect(&path);
    }
}

fn is_sign(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name != ".gitignore")
}

/// Such as `20260102-030405-7kq2.network`, and with a number from the second attempt on.
fn file_name(owner: &Owner, attempt: u32) -> String {
    let stage: String = owner.stage.as_str().chars().take(200).collect();
    match attempt {
        1 => format!("{}.{stage}", owner.run),
        _ => format!("{}.{stage}.{attempt}", owner.run),
    }
}

/// The new file, locked; `None` if there is one already.
fn create(path: &Path, owner: &Owner) -> std::io::Result<Option<File>> {
    let low = match OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    // Where so many files may not be open, a low number must do.
    let mut file = match fcntl_dupfd_cloexec(&low, HIGH) {
        Ok(high) => File::from(high),
        Err(_) => low.try_clone()?,
    };
    drop(low);
    flock(&file, FlockOperation::LockExclusive)?;
    // Whoever looked for survivors between the two may have taken it for stale.
    if file.metadata()?.nlink() == 0 {
        return create(path, owner);
    }
    let mut text = serde_json::to_vec(owner)?;
    text.push(b'\n');
    file.write_all(&text)?;
    Ok(Some(file))
}

/// Whose processes live on, of all stages and runs, sorted by run and stage. Files of those that do not are removed, as
/// far as that is allowed.
///
/// A process that a successful `ctl up` left running is among them: whether that matters, the record says.
///
/// # Errors
/// If the directory cannot be read.
pub fn survivors(directory: &Path) -> Result<Vec<Survivor>> {
    let unreadable = |error: std::io::Error| Error::io("cannot read", directory, &error);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut held = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if !is_sign(&path) {
            continue;
        }
        let file = inspect(&path).map_err(|error| Error::io("cannot read", &path, &error))?;
        held.extend(file.and_then(|(identity, text)| Some((identity, owner_of(&path, &text)?))));
    }
    let open = if held.is_empty() {
        Vec::new()
    } else {
        open_files()
    };
    let mut survivors = join(held, &open);
    survivors.sort_by(|a, b| (&a.run, &a.stage, &a.pids).cmp(&(&b.run, &b.stage, &b.pids)));
    Ok(survivors)
}

/// The device and the inode of a file.
type Identity = (u64, u64);

/// What a locked file is and says. One that is not locked is removed.
fn inspect(path: &Path) -> std::io::Result<Option<(Identity, String)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Shared, so that those who look do not take each other for the living.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            // Removed while locked: whoever just made it will notice. Where that is not allowed, it may stay.
            let _ = fs::remove_file(path);
            Ok(None)
        }
        Err(Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            let metadata = file.metadata()?;
            Ok(Some(((metadata.dev(), metadata.ino()), text)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whose a locked file is. One that is just being made says so in its name only.
fn owner_of(path: &Path, text: &str) -> Option<Owner> {
    serde_json::from_str(text).ok().or_else(|| {
        let (run, stage) = path.file_name()?.to_str()?.split_once('.')?;
        Some(Owner {
            run: RunId::new(run)?,
            stage: StageName::new(stage).ok()?,
        })
    })
}

fn join(held: Vec<(Identity, Owner)>, open: &[(u32, Identity)]) -> Vec<Survivor> {
    held.into_iter()
        .map(|(identity, Owner { run, stage })| {
            let pids = open
                .iter()
                .filter(|(_, file)| *file == identity)
                .map(|(pid, _)| *pid);
            let mut pids: Vec<u32> = pids.collect();
            pids.sort_unstable();
            pids.dedup();
            Survivor { run, stage, pids }
        })
        .collect()
}

/// Every file that another process has open, as far as this user may see: `/proc` tells, on Linux.
fn open_files() -> Vec<(u32, Identity)> {
    let ourselves = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            (pid != ourselves).then_some((pid, entry.path().join("fd")))
        })
        .flat_map(|(pid, directory)| {
            let files = fs::read_dir(directory).into_iter().flatten().flatten();
            files.filter_map(move |file| {
                let metadata = fs::metadata(file.path()).ok()?;
                Some((pid, (metadata.dev(), metadata.ino())))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
