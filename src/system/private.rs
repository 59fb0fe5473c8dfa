//! Directories of betterform's own: for their owner alone, and ignored by git.
//! Knows nothing of what is kept there.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{Error, Result};

/// The file that tells git what to ignore.
const IGNORE: &str = ".gitignore";

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
            if !is_unfinished(path) {
                return Ok(());
            }
        }
        Err(error) => return Err(refused(error)),
    }
    ignore_itself(path)
}

/// Whether a directory holds nothing, or nothing but a `.gitignore` without content: a run may have been killed right here, or the
/// disk was full.
fn is_unfinished(directory: &Path) -> bool {
    let is_nothing = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.ok().filter(|entry| entry.file_name() == IGNORE);
        let metadata = entry.and_then(|entry| entry.metadata().ok());
        metadata.is_some_and(|metadata| metadata.is_file() && metadata.len() == 0)
    };
    fs::read_dir(directory).is_ok_and(|mut entries| entries.all(is_nothing))
}

fn ignore_itself(directory: &Path) -> Result<()> {
    let path = directory.join(IGNORE);
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| match file.metadata()?.len() {
            0 => file.write_all(b"*\n"),
            _ => Ok(()),
        })
        .map_err(|error| Error::io("cannot write", &path, &error))
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
    fn one_that_was_not_finished_is_finished() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("a");
        fs::create_dir(&path).unwrap();
        fs::File::create(path.join(".gitignore")).unwrap();
        create_directory(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
        create_directory(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
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
