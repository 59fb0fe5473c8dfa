//! The files of a directory: as signature, made of what the file system says of them, and as manifest, made of their contents.
//!
//! Equal signatures mean equal contents, except for files that changed so lately that another change could bear the same
//! time. Knows nothing of what the files are for.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::core::fingerprint::{ContentHasher, Digest, Hasher, Manifest};
use crate::core::location::Locations;
use crate::core::name::escape;
use crate::error::{Error, Result};
use crate::system::clock;
use crate::system::tree::{Files, Follow, Kind, Stat, Walk, list, listing, select};

/// Files below one directory, as they were when it was listed.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    exists: bool,
    files: Files,
    /// Nanoseconds since 1970, from before the first look.
    listed: i64,
    /// Whether directories were read for it.
    read: bool,
}

/// How contents become digests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashing<'a> {
    /// Stands before the names in the manifest, such as `parallel_a/`.
    pub prefix: &'a str,
    /// Whether it counts that a file is executable.
    pub executable: bool,
    /// Paths that are replaced by their names, in the targets of links that are not followed, and in contents if
    /// `contents` says so.
    pub locations: Option<&'a Locations>,
    /// Whether `locations` are replaced in the files' contents too.
    pub contents: bool,
}

impl Tree {
    /// Lists a directory; one that is not there has no files.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn list(root: &Path, walk: Walk<'_>) -> Result<Self> {
        let listed = clock::now_ns();
        let files = list(root, walk)?;
        Ok(Self {
            root: root.to_owned(),
            exists: files.is_some(),
            files: files.unwrap_or_default(),
            listed,
            read: true,
        })
    }

    /// Lists a directory again of which [`Self::memory`] was remembered; `None` if names may have come or gone since.
    ///
    /// # Errors
    /// A file or directory of which nothing can be said, though it may be there.
    pub fn again(root: &Path, memory: &[u8]) -> Result<Option<Self>> {
        let listed = clock::now_ns();
        Ok(listing::again(root, memory)?.map(|files| Self {
            root: root.to_owned(),
            exists: true,
            files,
            listed,
            read: false,
        }))
    }

    /// What is to be remembered of a listing that followed links to files, so that the directory need not be read again;
    /// nothing where names could come or go unnoticed.
    pub fn memory(&self) -> Option<Vec<u8>> {
        let settled = |stat: &Stat| stat.newest() < self.listed.saturating_sub(margin(stat));
        if !self.files.directories().all(settled) {
            return None;
        }
        listing::remember(&self.root, &self.files)
    }

    /// Whether directories were read for it, not only files looked at.
    pub fn was_read(&self) -> bool {
        self.read
    }

    /// Looks at the files of the given names alone, relative to a directory, whether they are there or not.
    ///
    /// # Errors
    /// A file of which nothing can be said, though it may be there.
    pub fn select<'a>(root: &Path, names: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let listed = clock::now_ns();
        Ok(Self {
            root: root.to_owned(),
            exists: true,
            files: select(root, names)?,
            listed,
            read: false,
        })
    }

    /// The files of a directory, or one file, as that of the directory that it lies in.
    ///
    /// # Errors
    /// Those of [`Self::list`] and [`Self::select`].
    pub fn at(path: &Path, follow: Follow) -> Result<Self> {
        if path.is_dir() {
            return Self::list(path, Walk::all(follow));
        }
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Self::select(parent, [name.as_bytes()]),
            _ => Self::select(path, []),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is such a directory.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The files, by relative name, sorted by the names' bytes.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&[u8], &Stat)> {
        self.files.iter()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether links that are not followed are among the files.
    pub fn has_links(&self) -> bool {
        self.files
            .iter()
            .any(|(_, stat)| stat.kind == Kind::Symlink)
    }

    /// Adds what the file system says of all files to a signature. No file is opened for it.
    pub(super) fn sign(&self, hasher: &mut Hasher) {
        hasher
            .number(self.exists.into())
            .number(self.files.len() as u64);
        for (name, stat) in self.files.iter() {
            hasher.field(name).field(&packed(stat));
        }
    }

    /// Whether a later change of any file is certain to change the signature: no file has a time so near to that of the
    /// listing, or after it, that the next change could bear the same.
    pub fn is_settled(&self) -> bool {
        !self.was_written_since(self.listed)
    }

    /// Whether a file may have been written, or put in its place, at this time or later, in nanoseconds since 1970. Times
    /// are taken for as fine as each file's own look.
    pub fn was_written_since(&self, time: i64) -> bool {
        let there = |stat: &Stat| stat.kind != Kind::Missing;
        self.files
            .iter()
            .any(|(_, stat)| there(stat) && stat.newest() >= time.saturating_sub(margin(stat)))
    }

    /// The digests of all files' contents, by name. Names are escaped.
    ///
    /// # Errors
    /// A file that cannot be read. One that vanished since the listing is left out.
    pub fn manifest(&self, hashing: Hashing<'_>) -> Result<Manifest> {
        let mut manifest = Manifest::default();
        for (name, stat) in self.files.iter() {
            if let Some(digest) = self.digest(name, stat, hashing)? {
                manifest
                    .entries
                    .insert(hashing.prefix.to_owned() + &escape(name), digest);
            }
        }
        Ok(manifest)
    }

    /// The path of a file of this tree.
    pub fn path(&self, name: &[u8]) -> PathBuf {
        self.root.join(OsStr::from_bytes(name))
    }

    fn digest(&self, name: &[u8], stat: &Stat, hashing: Hashing<'_>) -> Result<Option<Digest>> {
        match stat.kind {
            Kind::File => self.content(name, stat, hashing),
            Kind::Symlink => self.target(name, hashing),
            Kind::Missing => Ok(None),
            Kind::Directory => Ok(Some(Hasher::new("directory").finish())),
            Kind::Other => Ok(Some(Hasher::new("special").finish())),
        }
    }

    fn content(&self, name: &[u8], stat: &Stat, hashing: Hashing<'_>) -> Result<Option<Digest>> {
        let path = self.path(name);
        let locations = hashing.locations.filter(|_| hashing.contents);
        let content = match locations {
            Some(locations) => {
                std::fs::read(&path).map(|text| Digest::of(&locations.normalise(&text)))
            }
            None => stream(&path, stat.size),
        };
        let content = match content {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot read", &path, &error)),
        };
        let executable = hashing.executable && stat.executable;
        Ok(Some(if executable {
            mark_executable(content)
        } else {
            content
        }))
    }

    fn target(&self, name: &[u8], hashing: Hashing<'_>) -> Result<Option<Digest>> {
        let path = self.path(name);
        match std::fs::read_link(&path) {
            Ok(target) => {
                let target = target.into_os_string().into_vec();
                let text = hashing
                    .locations
                    .map(|locations| locations.normalise(&target).into_owned());
                Ok(Some(
                    Hasher::new("link").field(&text.unwrap_or(target)).finish(),
                ))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // A link to a directory that lies in itself is listed under a name that need not be the link's own.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                Ok(Some(Hasher::new("circle").finish()))
            }
            Err(error) => Err(Error::io("cannot read the link", &path, &error)),
        }
    }
}

/// The digest of a file that is executable, where that counts.
pub fn mark_executable(content: Digest) -> Digest {
    Hasher::new("executable").digest(&content).finish()
}

const SECOND: i64 = 1_000_000_000;

/// Where times are as fine as nanoseconds, the kernel still sets them by a clock that ticks every few milliseconds.
const FINE: i64 = 20_000_000;

/// Where times are whole seconds, or every second one.
const COARSE: i64 = 2 * SECOND + FINE;

/// How much later than a file's times say it may have changed. Some file systems keep one of the two times finer than the other.
fn margin(stat: &Stat) -> i64 {
    let coarse = stat.modified % SECOND == 0 || stat.changed % SECOND == 0;
    if coarse { COARSE } else { FINE }
}

/// The parts of a stat that a change of the file changes, in a fixed form.
fn packed(stat: &Stat) -> [u8; 42] {
    let mut packed = [0; 42];
    let (kind, executable) = (stat.kind as u8, u8::from(stat.executable));
    packed[0] = kind;
    packed[1] = executable;
    packed[2..10].copy_from_slice(&stat.size.to_le_bytes());
    packed[10..18].copy_from_slice(&stat.modified.to_le_bytes());
    packed[18..26].copy_from_slice(&stat.changed.to_le_bytes());
    packed[26..34].copy_from_slice(&stat.inode.to_le_bytes());
    packed[34..].copy_from_slice(&stat.device.to_le_bytes());
    packed
}

/// The digest of a file's content, read piece by piece.
fn stream(path: &Path, size: u64) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = ContentHasher::default();
    let length = usize::try_from(size)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let mut buffer = vec![0; length.clamp(512, 128 * 1024)];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
