//! Files, written so that nobody ever sees half of one.
//! Does not know what is written, nor when a write is worth its cost.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::{Error, Result};

/// How the names of temporary files begin; one that a killed process left behind may be deleted.
pub const TEMPORARY_PREFIX: &str = ".betterform-tmp-";

/// Makes `path` a file with these bytes: it holds either what it held before or all of `bytes`, whatever happens.
///
/// The bytes go to a temporary file in the same directory, which must exist; that is synced and renamed to `path`, and
/// the directory is synced too. A symlink at `path` is replaced, not followed. The permission bits are exactly `mode`
/// (0o7777 of it), or, without one, those of a new file under the umask. If anything fails, nothing is left behind.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: Option<u32>) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    replace(path, directory, bytes, mode).map_err(|error| Error::io("cannot write", path, &error))
}

fn replace(path: &Path, directory: &Path, bytes: &[u8], mode: Option<u32>) -> std::io::Result<()> {
    // Private until it has its mode: what is written may be a secret.
    let mut temporary = create_temporary(directory, mode.map_or(0o666, |_| 0o600))?;
    temporary.as_file_mut().write_all(bytes)?;
    if let Some(mode) = mode {
        let permissions = Permissions::from_mode(mode & 0o7777);
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    File::open(directory)?.sync_all()
}

/// An empty file with a new name, which goes away when it is dropped.
fn create_temporary(directory: &Path, mode: u32) -> std::io::Result<tempfile::NamedTempFile> {
    // `tempfile` puts the file's random name into its errors and drops the system's error code: keep that here.
    let mut refusal = None;
    tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .make_in(directory, |path| {
            File::options()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(path)
                .inspect_err(|error| refusal = error.raw_os_error())
        })
        .map_err(|error| refusal.map_or(error, std::io::Error::from_raw_os_error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_and_sets_the_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for (bytes, mode) in [(&b"one"[..], 0o755), (b"", 0o600), (b"three", 0o400)] {
            write_atomically(&path, bytes, Some(mode)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            let got = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            assert_eq!(got, mode, "{mode:o}");
        }
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn without_a_mode_a_file_is_like_any_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let usual = directory.path().join("usual");
        File::create(&usual).unwrap();
        let path = directory.path().join("a");
        write_atomically(&path, b"x", None).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&usual));
    }

    #[test]
    fn a_symlink_is_replaced_and_its_target_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        write_atomically(&target, b"old", None).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_atomically(&link, b"new", None).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn an_error_names_the_file_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let taken = directory.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let missing = directory.path().join("no/such");
        for (path, reason) in [
            (&taken, "Is a directory (os error 21)"),
            (&missing, "No such file or directory (os error 2)"),
        ] {
            let error = write_atomically(path, b"x", None).unwrap_err();
            let expected = format!("cannot write `{}`: {reason}", path.display());
            assert_eq!(error.message(), expected);
        }
        assert_eq!(names(directory.path()), ["taken"]);
    }

    #[test]
    #[ignore = "`a_failing_write_leaves_the_old_file` runs it under a limit on the size of files"]
    fn under_a_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        write_atomically(&path, b"old", None).unwrap();
        let error = write_atomically(&path, &vec![b'x'; 1 << 20], None).unwrap_err();
        let reason = "File too large (os error 27)";
        let expected = format!("cannot write `{}`: {reason}", path.display());
        assert_eq!(error.message(), expected);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test starts itself again")]
    fn a_failing_write_leaves_the_old_file() {
        let done = std::process::Command::new("sh")
            .arg("-c")
            .arg("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "system::files::tests::under_a_limit"])
            .arg("--include-ignored")
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&done.stdout);
        assert!(stdout.contains("1 passed"), "{done:?}");
    }
}
