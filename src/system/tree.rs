//! The files below a directory and what the file system says of them, without opening any.
//!
//! Made for thousands of small directories: one open directory at a time, everything else by names relative to it, no
//! allocation a file. Knows nothing of what is in the files.

pub mod listing;

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, or a symbolic link to one where links are followed.
    File,
    /// A symbolic link that is not followed, or leads nowhere or in a circle.
    Symlink,
    /// A directory. Listings leave directories out.
    Directory,
    /// A socket, a pipe, a device: must not be opened.
    Other,
    /// No file at all, where one was asked for by name.
    Missing,
}

/// What the file system says of a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Bytes.
    pub size: u64,
    /// When its content changed.
    pub modified: i64,
    /// When its content or anything else of it changed.
    pub changed: i64,
    /// Its number on its device.
    pub inode: u64,
    /// The device.
    pub device: u64,
}

impl Stat {
    /// No file.
    pub const MISSING: Self = Self {
        kind: Kind::Missing,
        executable: false,
        size: 0,
        modified: 0,
        changed: 0,
        inode: 0,
        device: 0,
    };

    /// The later of its two times.
    pub fn newest(&self) -> i64 {
        self.modified.max(self.changed)
    }
}

/// Which symbolic links are followed. The listed directory itself may always be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// None.
    Nothing,
    /// Those to files; a link to a directory is listed as a link.
    Files,
    /// All. A link to a directory that it lies in is listed as a link.
    All,
}

/// How to list a directory.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// Which symbolic links are followed.
    pub follow: Follow,
    /// Leaves a file, or a directory and all in it (`true`), out; it is given the relative name.
    pub skip: &'a dyn Fn(&[u8], bool) -> bool,
}

impl Walk<'_> {
    /// Everything, with links followed as said.
    pub fn all(follow: Follow) -> Self {
        Self {
            follow,
            skip: &|_, _| false,
        }
    }
}

/// Files by relative name, sorted by the names' bytes.
#[derive(Clone, Debug, Default)]
pub struct Files {
    names: Vec<u8>,
    entries: Vec<(u32, u32, Stat)>,
    /// The directories that were read, each with a `/` behind and as it was before; the root has no name.
    directories: Vec<(Vec<u8>, Stat)>,
}

impl Files {
    /// The files, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Stat)> {
        self.entries
            .iter()
            .map(|entry| (self.name(entry), &entry.2))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The directories that were read, as they were before.
    pub fn directories(&self) -> impl Iterator<Item = &Stat> {
        self.directories.iter().map(|(_, stat)| stat)
    }

    fn name(&self, (start, length, _): &(u32, u32, Stat)) -> &[u8] {
        let start = *start as usize;
        self.names
            .get(start..start + *length as usize)
            .unwrap_or_default()
    }

    /// Adds a file; nothing is sorted yet.
    fn push(&mut self, directory: &[u8], name: &[u8], stat: Stat) {
        let start = self.names.len();
        self.names.extend_from_slice(directory);
        self.names.extend_from_slice(name);
        let length = self.names.len() - start;
        // More than 4 GiB of names is more than there is memory for.
        if let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(length)) {
            self.entries.push((start, length, stat));
        }
    }

    fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|a, b| self.name(a).cmp(self.name(b)));
        entries.dedup_by(|a, b| self.name(a) == self.name(b));
        self.entries = entries;
    }
}

/// A directory that is still to be read.
struct Pending {
    /// Its name with a `/` behind, or nothing for the root.
    name: Vec<u8>,
    /// Where in the list of directories it lies that led here.
    parent: usize,
    /// How many links to directories led here.
    links: u32,
}

/// More links to directories inside each other are not followed: without a limit a few directories that link to each
/// other make millions of names.
const MOST_LINKS: u32 = 8;

struct Lister<'a> {
    root: &'a Path,
    walk: Walk<'a>,
    files: Files,
    pending: Vec<Pending>,
    /// Device, inode and parent of each directory that was entered; only where links to directories are followed.
    entered: Vec<(u64, u64, usize)>,
}

/// Lists the files below a directory; `None` if there is no such directory. What vanishes meanwhile is left out.
///
/// # Errors
/// A directory that cannot be read.
pub fn list(root: &Path, walk: Walk<'_>) -> Result<Option<Files>> {
    let mut top = match open(CWD, root.as_os_str().as_bytes()) {
        Ok(top) => top,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(refused(root, b"", error)),
    };
    let mut lister = Lister {
        root,
        walk,
        files: Files::default(),
        pending: Vec::new(),
        entered: Vec::new(),
    };
    let first = Pending {
        name: Vec::new(),
        parent: usize::MAX,
        links: 0,
    };
    lister.read(&mut top, &first)?;
    while let Some(next) = lister.pending.pop() {
        let opened = top.fd().and_then(|top| open(top, &next.name));
        match opened {
            Ok(mut directory) => lister.read(&mut directory, &next)?,
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => return Err(refused(root, &next.name, error)),
        }
    }
    lister.files.sort();
    Ok(Some(lister.files))
}

/// What the file system says of the files of the given names, relative to a directory, whether they exist or not.
/// Links to files are followed.
///
/// # Errors
/// A file of which nothing can be said, though it may be there.
pub fn select<'a>(root: &Path, names: impl IntoIterator<Item = &'a [u8]>) -> Result<Files> {
    // It is not read: a path will do, which costs less than an open directory.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = match openat(CWD, root, flags, Mode::empty()) {
        Ok(top) => Some(top),
        Err(Errno::NOENT | Errno::NOTDIR) => None,
        Err(error) => return Err(refused(root, b"", error)),
    };
    let mut files = Files::default();
    for name in names {
        let found = match &top {
            Some(top) => look(top.as_fd(), name, Follow::Files),
            None => Ok(None),
        };
        let stat = found.map_err(|error| refused(root, name, error))?;
        files.push(b"", name, stat.map_or(Stat::MISSING, |(stat, _)| stat));
    }
    files.sort();
    Ok(files)
}

impl Lister<'_> {
    /// Reads one directory: its files are listed, its directories are left to do.
    fn read(&mut self, directory: &mut Dir, this: &Pending) -> Result<()> {
        let refused = |root, error| refused(root, &this.name, error);
        let found = directory.fd().and_then(fstat);
        let found = found.map_err(|error| refused(self.root, error))?;
        let Some(place) = self.enter(&found, this) else {
            return Ok(());
        };
        let stat = from_system(&found, Kind::Directory);
        self.files.directories.push((this.name.clone(), stat));
        while let Some(entry) = directory.read() {
            let entry = entry.map_err(|error| refused(self.root, error))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let directory = directory.fd();
                directory
                    .and_then(|directory| {
                        self.entry(directory, this, place, name, entry.file_type())
                    })
                    .map_err(|error| refused(self.root, error))?;
            }
        }
        Ok(())
    }

    /// Notes that a directory is entered, and where; `None` if it lies in itself.
    fn enter(&mut self, found: &rustix::fs::Stat, this: &Pending) -> Option<usize> {
        if self.walk.follow != Follow::All {
            return Some(0);
        }
        let (device, inode) = (found.st_dev, found.st_ino);
        let mut above = this.parent;
        while let Some((device2, inode2, parent)) = self.entered.get(above) {
            if (device, inode) == (*device2, *inode2) {
                self.files
                    .push(b"", name_of(&this.name), from_system(found, Kind::Symlink));
                return None;
            }
            above = *parent;
        }
        self.entered.push((device, inode, this.parent));
        Some(self.entered.len() - 1)
    }

    /// One entry of a directory.
    fn entry(
        &mut self,
        directory: BorrowedFd<'_>,
        this: &Pending,
        place: usize,
        name: &[u8],
        known: FileType,
    ) -> Result<(), Errno> {
        let follow = if this.links < MOST_LINKS {
            self.walk.follow
        } else {
            Follow::Files
        };
        let (stat, link) = if known == FileType::Directory {
            (None, false)
        } else {
            match look(directory, name, follow)? {
                Some((stat, link)) => (Some(stat), link),
                None => return Ok(()),
            }
        };
        let below = stat.is_none_or(|stat| stat.kind == Kind::Directory);
        let relative = [&this.name, name].concat();
        if (self.walk.skip)(&relative, below) {
            return Ok(());
        }
        match stat {
            Some(stat) if !below => self.files.push(&this.name, name, stat),
            _ => self.pending.push(Pending {
                name: [relative.as_slice(), b"/"].concat(),
                parent: place,
                links: this.links + u32::from(link),
            }),
        }
        Ok(())
    }
}

/// The name of a directory without the `/` behind.
fn name_of(directory: &[u8]) -> &[u8] {
    directory.strip_suffix(b"/").unwrap_or(directory)
}

fn open(at: impl AsFd, path: &[u8]) -> Result<Dir, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(at, path, flags, Mode::empty()).and_then(Dir::new)
}

/// What a name stands for, and whether it is a link that was followed; `None` if there is no such file.
fn look(
    directory: BorrowedFd<'_>,
    name: &[u8],
    follow: Follow,
) -> Result<Option<(Stat, bool)>, Errno> {
    let found = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => found,
        // Names may come from a text: one that cannot be a file's is no file's.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP) => return Ok(None),
        Err(error) => return Err(error),
    };
    let kind = kind_of(&found);
    if kind != Kind::Symlink || follow == Follow::Nothing {
        return Ok(Some((from_system(&found, kind), false)));
    }
    // A link that leads nowhere, in a circle or where nobody may look is what it is: a link.
    let target = statat(directory, name, AtFlags::empty()).ok();
    let followed =
        target.filter(|target| kind_of(target) != Kind::Directory || follow == Follow::All);
    Ok(Some(followed.map_or_else(
        || (from_system(&found, kind), false),
        |target| (from_system(&target, kind_of(&target)), true),
    )))
}

fn kind_of(found: &rustix::fs::Stat) -> Kind {
    match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

fn from_system(found: &rustix::fs::Stat, kind: Kind) -> Stat {
    Stat {
        kind,
        executable: found.st_mode & 0o100 != 0,
        size: u64::try_from(found.st_size).unwrap_or(0),
        modified: time(found.st_mtime, found.st_mtime_nsec),
        changed: time(found.st_ctime, found.st_ctime_nsec),
        inode: found.st_ino,
        device: found.st_dev,
    }
}

/// Nanoseconds since 1970. The system's own type differs from machine to machine.
fn time(seconds: i64, nanoseconds: impl TryInto<i64>) -> i64 {
    let nanoseconds = nanoseconds.try_into().unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

fn refused(root: &Path, name: &[u8], error: Errno) -> Error {
    Error::io(
        "cannot read",
        &root.join(OsStr::from_bytes(name)),
        &error.into(),
    )
}

#[cfg(test)]
mod tests;
