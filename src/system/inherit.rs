//! Starting children so that each inherits just the open files that are meant for it.
//! Knows nothing of what the files are.
//!
//! All files are closed on exec. To pass one on, that flag must be off while its child is made, and a child that another
//! thread makes just then would inherit it as well. (Turning it off in the child, between fork and exec, is not possible
//! without unsafe code.) So one lock of the process is held while any child is made; that takes about a millisecond, in
//! which std waits for exec. Every child of the process must be started through [`spawn`].

use std::io::Result;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

static SPAWNING: Mutex<()> = Mutex::new(());

/// The lowest number under which a child inherits a file: scripts take the small ones for themselves (`exec 3>file`), and would
/// close the file without knowing of it.
const FIRST: i32 = 100;

/// Starts a child that inherits `files`, under numbers of its own, besides its standard streams.
///
/// # Errors
/// If the system refuses.
pub fn spawn(command: &mut Command, files: &[BorrowedFd<'_>]) -> Result<Child> {
    // A panic elsewhere in the process does not make the lock less good.
    let _spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let _inherited = files
        .iter()
        .map(|file| inheritable(*file))
        .collect::<Result<Vec<OwnedFd>>>()?;
    command.spawn()
}

/// Another descriptor of the same open file, which children inherit as long as it lives. Locks belong to the open file.
fn inheritable(file: BorrowedFd<'_>) -> Result<OwnedFd> {
    // Where so few files may be open that there is no such number, any will do.
    let copy = fcntl_dupfd_cloexec(file, FIRST).or_else(|_| fcntl_dupfd_cloexec(file, 3))?;
    fcntl_setfd(&copy, FdFlags::empty())?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
    use std::path::Path;
    use std::process::Stdio;
    use std::thread;

    use super::*;

    /// A shell that says which of its open files is `path`, other than its standard streams.
    fn lister(path: &Path) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test of how children are started"
        )]
        let mut command = Command::new("sh");
        let script = "for f in /proc/self/fd/*; do [ \"$(readlink $f)\" = \"$0\" ] && echo ${f##*/}; done; sleep 0.02; true";
        command
            .arg("-c")
            .arg(script)
            .arg(path)
            .stdout(Stdio::piped());
        command
    }

    fn listed(mut command: Command, files: &[BorrowedFd<'_>]) -> String {
        let child = spawn(&mut command, files).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    #[test]
    fn a_child_inherits_its_own_file_under_a_high_number_and_no_other_child_does() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("locked");
        let file = File::create(&path).unwrap();
        thread::scope(|scope| {
            let with = || (0..20).map(|_| listed(lister(&path), &[file.as_fd()]));
            let without = || (0..20).map(|_| listed(lister(&path), &[]));
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    scope.spawn(move || match number % 2 {
                        0 => with().collect::<Vec<_>>(),
                        _ => without().collect(),
                    })
                })
                .collect();
            for (number, thread) in threads.into_iter().enumerate() {
                for listed in thread.join().unwrap() {
                    let number_of_file: Option<i32> = listed.trim().parse().ok();
                    match number % 2 {
                        0 => assert!(number_of_file.unwrap() >= FIRST, "{listed}"),
                        _ => assert_eq!(listed, ""),
                    }
                }
            }
        });
    }
}
