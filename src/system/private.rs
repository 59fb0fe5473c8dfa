//! Directories of betterform's own: for their owner alone, and ignored by git.
//! Knows nothing of what is kept there.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{Error, Result};

/// Creates a directory of mode 0700 that ignores itself for git, and what is missing above it.
///
/// One that is there already keeps its mode and, unless it is empty, gets no `.gitignore`: it may be the user's.
///
/// # Errors
/// If the system refuses.
pub fn create_directory(path: &Path) -> Result<()> {
    let refused = |error: std::io::Error| Error::io("cannot create the directory", path, &error);
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(refused)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {
            // Empty: a run may have been killed right here.
            let empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
            if !empty {
                return Ok(());
            }
        }
        Err(error) => return Err(refused(error)),
    }
    ignore_itself(path)
}

fn ignore_itself(directory: &Path) -> Result<()> {
    let path = directory.join(".gitignore");
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(b"*\n"));
    match written {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Error::io("cannot write", &path, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_private_and_ignores_itself() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("a/b");
        create_directory(&path).unwrap();
        create_directory(&path).unwrap();
        for directory in [scratch.path().join("a"), path.clone()] {
            assert_eq!(
                fs::metadata(directory).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
        assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
        assert!(!scratch.path().join("a/.gitignore").exists());
    }

    #[test]
    fn leaves_a_directory_of_the_user_alone() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("mine")).unwrap();
        create_directory(&scratch.path().join("mine/own")).unwrap();
        create_directory(&scratch.path().join("mine")).unwrap();
        assert!(!scratch.path().join("mine/.gitignore").exists());
        create_directory(&scratch.path().join("mine/own/.gitignore")).unwrap_err();
    }
}
