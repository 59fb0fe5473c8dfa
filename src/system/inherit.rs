//! Starting children so that each inherits just the open files that are meant for it.
//! Knows nothing of what the files are.
//!
//! All files are closed on exec. To pass one on, that flag must be off while its child is made, and a child that another
//! thread makes just then would inherit it as well. (Turning it off in the child, between fork and exec, is not possible
//! without unsafe code.) So one lock of the process is held while any child is made; that takes about a millisecond, in
//! which std waits for exec. Every child of the process must be started through [`spawn`].

use std::io::Result;
use std::os::fd::BorrowedFd;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

static SPAWNING: Mutex<()> = Mutex::new(());

/// Starts a child that inherits `files`, under the same numbers, besides its standard streams.
///
/// # Errors
/// If the system refuses.
pub fn spawn(command: &mut Command, files: &[BorrowedFd<'_>]) -> Result<Child> {
    // A panic elsewhere in the process does not make the lock less good.
    let _spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let _inherited: Vec<_> = files
        .iter()
        .map(|file| Inherited::new(*file))
        .collect::<Result<_>>()?;
    command.spawn()
}

/// A file that children inherit as long as this value lives.
struct Inherited<'fd> {
    file: BorrowedFd<'fd>,
    flags: FdFlags,
}

impl<'fd> Inherited<'fd> {
    fn new(file: BorrowedFd<'fd>) -> Result<Self> {
        let flags = fcntl_getfd(file)?;
        fcntl_setfd(file, flags.difference(FdFlags::CLOEXEC))?;
        Ok(Self { file, flags })
    }
}

impl Drop for Inherited<'_> {
    fn drop(&mut self) {
        // It cannot fail: the file is open.
        let _ = fcntl_setfd(self.file, self.flags);
    }
}
