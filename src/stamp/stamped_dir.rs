//! A stamped directory, entered without following a symlink: whatever is done in it stays in it.
//!
//! Knows nothing of which files belong there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::stamp::RenderedFile;

/// How the names of files that are being written begin.
const TEMPORARY: &str = ".betterform-tmp-";

/// A stamped directory.
pub(crate) struct StampedDir {
    path: PathBuf,
    handle: OwnedFd,
    fresh: bool,
}

/// A directory that was entered.
enum Entered<'a> {
    /// The stamped directory itself.
    Root(BorrowedFd<'a>),
    Below(OwnedFd),
}

impl AsFd for Entered<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(handle) => *handle,
            Self::Below(handle) => handle.as_fd(),
        }
    }
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    Directory,
    Symlink,
    /// A regular file, or something stranger.
    File,
}

impl StampedDir {
    /// Opens the directory, and makes it if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let fresh = std::fs::create_dir(path).is_ok();
        if !fresh {
            std::fs::create_dir_all(path).map_err(|e| Error::io("cannot make", path, &e))?;
        }
        let handle = rustix::fs::open(path, DIRECTORY, Mode::empty());
        let handle = handle.map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR => refused(path),
            errno => Error::io("cannot open", path, &errno.into()),
        })?;
        Ok(Self {
            path: path.to_owned(),
            handle,
            fresh,
        })
    }

    /// Whether it was made when it was opened, and so is empty.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The path of a file in it as users see it.
    pub(crate) fn full(&self, inside: &Path) -> PathBuf {
        self.path.join(inside)
    }

    fn failed(&self, what: &str, inside: &Path, errno: Errno) -> Error {
        let path = self.full(inside);
        let error = std::io::Error::from(errno);
        if matches!(errno, Errno::ACCESS | Errno::PERM) {
            let directory = inside
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let directory = directory.map_or(self.path.clone(), |parent| self.full(parent));
            return Error::failed(format!("{what} `{}`: {error}", path.display()))
                .hint(format!("make `{}` writable", directory.display()));
        }
        Error::io(what, &path, &error)
    }

    /// Opens a directory in it; `None` if there is none, or a symlink is on the way to it.
    fn enter(&self, inside: &Path) -> Result<Option<Entered<'_>>> {
        let mut handle = Entered::Root(self.handle.as_fd());
        for name in names(inside)? {
            handle = match rustix::fs::openat(&handle, name, DIRECTORY, Mode::empty()) {
                Ok(next) => Entered::Below(next),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                Err(errno) => return Err(self.failed("cannot open", inside, errno)),
            };
        }
        Ok(Some(handle))
    }

    /// The open directory in which `inside` lies, and its name there.
    fn parent<'a>(&self, inside: &'a Path) -> Result<Option<(Entered<'_>, &'a OsStr)>> {
        let directory = inside.parent().unwrap_or(Path::new(""));
        let name = inside.file_name().ok_or_else(|| outside(inside))?;
        Ok(self.enter(directory)?.map(|handle| (handle, name)))
    }

    /// As [`StampedDir::parent`], for a directory that has to be there.
    fn existing_parent<'a>(&self, inside: &'a Path) -> Result<(Entered<'_>, &'a OsStr)> {
        let found = self.parent(inside)?;
        found.ok_or_else(|| self.failed("cannot reach", inside, Errno::NOENT))
    }

    /// What lies at a path; a path behind a symlink counts as one to nothing.
    pub(crate) fn look(&self, inside: &Path) -> Result<Found> {
        let Some((directory, name)) = self.parent(inside)? else {
            return Ok(Found::Nothing);
        };
        match rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => Found::Directory,
                FileType::Symlink => Found::Symlink,
                _ => Found::File,
            }),
            Err(Errno::NOENT) => Ok(Found::Nothing),
            Err(errno) => Err(self.failed("cannot look at", inside, errno)),
        }
    }

    /// The names in a directory; none if it is not there.
    pub(crate) fn list(&self, inside: &Path) -> Result<Vec<OsString>> {
        let Some(handle) = self.enter(inside)? else {
            return Ok(Vec::new());
        };
        let failed = |errno| self.failed("cannot list", inside, errno);
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(handle).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Whether the file at a path has the wanted content and may be executed by its owner as wanted. If it is open to more
    /// people than a private one should be, that is put right, which leaves its mtime as it is.
    pub(crate) fn has(&self, inside: &Path, wanted: &RenderedFile) -> Result<bool> {
        let Some((directory, name)) = self.parent(inside)? else {
            return Ok(false);
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(handle) = rustix::fs::openat(&directory, name, flags, Mode::empty()) else {
            return Ok(false);
        };
        let failed = |errno| self.failed("cannot read", inside, errno);
        let found = rustix::fs::fstat(&handle).map_err(failed)?;
        let size = u64::try_from(found.st_size).unwrap_or_default();
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile
            || (found.st_mode ^ wanted.mode) & 0o100 != 0
            || size != wanted.content.len() as u64
        {
            return Ok(false);
        }
        let mut content = Vec::with_capacity(wanted.content.len());
        let mut file = File::from(handle);
        file.read_to_end(&mut content)
            .map_err(|error| Error::io("cannot read", &self.full(inside), &error))?;
        let same = content[..] == wanted.content[..];
        if same && wanted.is_private() && found.st_mode & 0o077 != 0 {
            let mode = Mode::from_raw_mode(wanted.mode);
            rustix::fs::fchmod(&file, mode)
                .map_err(|errno| self.failed("cannot change the mode of", inside, errno))?;
        }
        Ok(same)
    }

    /// Makes a directory, and those it lies in.
    pub(crate) fn make(&self, inside: &Path) -> Result<()> {
        let mut so_far = PathBuf::new();
        for name in names(inside)? {
            so_far.push(name);
            let (directory, name) = self.existing_parent(&so_far)?;
            match rustix::fs::mkdirat(&directory, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.failed("cannot make", &so_far, errno)),
            }
        }
        Ok(())
    }

    /// Writes a file under a temporary name beside `inside`, and says which. On an error nothing is left.
    pub(crate) fn write_beside(
        &self,
        inside: &Path,
        number: usize,
        file: &RenderedFile,
    ) -> Result<PathBuf> {
        let name = format!("{TEMPORARY}{}-{number}", std::process::id());
        let temporary = inside.with_file_name(name);
        let (directory, name) = self.existing_parent(&temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        // Nobody else may read it before its mode is what it should be.
        let handle = rustix::fs::openat(&directory, name, flags, Mode::from_raw_mode(0o600));
        let handle = handle.map_err(|errno| self.failed("cannot write", inside, errno))?;
        let mut writer = File::from(handle);
        let written = writer.write_all(&file.content).and_then(|()| {
            let mode = Mode::from_raw_mode(file.mode);
            rustix::fs::fchmod(&writer, mode).map_err(std::io::Error::from)
        });
        // Not made durable: after a power failure the file's digest tells that it is not what was stamped.
        match written {
            Ok(()) => Ok(temporary),
            Err(error) => {
                let _ = rustix::fs::unlinkat(&directory, name, AtFlags::empty());
                Err(Error::io("cannot write", &self.full(inside), &error))
            }
        }
    }

    /// Gives a temporary file its name, in place of whatever file or symlink had it.
    pub(crate) fn rename(&self, temporary: &Path, inside: &Path) -> Result<()> {
        let (directory, name) = self.existing_parent(inside)?;
        let temporary = temporary.file_name().unwrap_or_default();
        rustix::fs::renameat(&directory, temporary, &directory, name)
            .map_err(|errno| self.failed("cannot replace", inside, errno))
    }

    /// Removes a file or symlink; whether there was one.
    pub(crate) fn remove_file(&self, inside: &Path) -> Result<bool> {
        match self.look(inside)? {
            Found::Nothing | Found::Directory => return Ok(false),
            Found::Symlink | Found::File => {}
        }
        let (directory, name) = self.existing_parent(inside)?;
        rustix::fs::unlinkat(&directory, name, AtFlags::empty())
            .map(|()| true)
            .map_err(|errno| self.failed("cannot remove", inside, errno))
    }

    /// Removes a directory if it is there and empty; whether it did.
    pub(crate) fn remove_empty(&self, inside: &Path) -> Result<bool> {
        let Some((directory, name)) = self.parent(inside)? else {
            return Ok(false);
        };
        match rustix::fs::unlinkat(&directory, name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(self.failed("cannot remove", inside, errno)),
        }
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Whether this is the name of a file that was being written when betterform was killed.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let rest = name.as_bytes().strip_prefix(TEMPORARY.as_bytes());
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    rest.is_some_and(|rest| {
        let mut parts = rest.split(|byte| *byte == b'-');
        parts.clone().count() == 2 && parts.all(number)
    })
}

/// The names that a path consists of.
///
/// # Errors
/// It would leave the directory that it is relative to.
pub(crate) fn names(inside: &Path) -> Result<Vec<&OsStr>> {
    let name = |component| match component {
        Component::Normal(name) => Ok(name),
        _ => Err(outside(inside)),
    };
    inside.components().map(name).collect()
}

fn outside(inside: &Path) -> Error {
    let path = inside.display();
    Error::failed(format!("`{path}` would not lie in the stamped directory"))
}

/// The error for a symlink where a directory should be.
pub(crate) fn refused(path: &Path) -> Error {
    let path = path.display();
    Error::failed(format!(
        "`{path}` is no directory of its own, so stamping would write somewhere else"
    ))
    .hint("remove it; stamped files are not written through symlinks")
}
