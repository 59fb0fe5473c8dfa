//! Brings a stamped directory to what was rendered: changed files are replaced, others left alone.
//!
//! Files that no stamp made are never touched. All new content is on disk under temporary names before the first file
//! changes, so a full disk changes nothing. Knows nothing of how files are rendered, nor of what is recorded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::stamp::stamped_dir::{Found, StampedDir, is_temporary, names, refused};
use crate::stamp::{RenderedFile, RenderedFiles};
use crate::system::fault;

/// What [`sync`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Files that are new or were replaced.
    pub written: BTreeSet<PathBuf>,
    /// Files of an earlier stamp that are gone now.
    pub removed: BTreeSet<PathBuf>,
    /// How many files were as rendered, and were not touched.
    pub unchanged: usize,
}

/// Brings `stamped_dir` to `files`. `previous` are the files that earlier stamps may have made, those of attempts that were
/// interrupted included: whichever of them is not in `files` is removed, and so is a directory that this leaves empty.
///
/// A killed `sync` leaves each file either as it was or as it should be; the next one removes its temporary files.
///
/// # Errors
/// The directory or a part of it cannot be written; a symlink, or a file or directory that no stamp made, is in the way. If it
/// is the content that cannot be written (a full disk), no file has changed.
pub fn sync(
    stamped_dir: &Path,
    files: &RenderedFiles,
    previous: &BTreeSet<PathBuf>,
) -> Result<Synced> {
    let sync = Sync {
        directory: StampedDir::open(stamped_dir)?,
        files,
        previous,
        directories: directories(files.keys()),
    };
    for path in files.keys().chain(previous) {
        names(path)?;
    }
    let mut done = Synced::default();
    let changed = if sync.directory.is_fresh() {
        sync.all()
    } else {
        sync.remove_leftovers()?;
        sync.refuse_conflicts()?;
        sync.changed(&mut done)?
    };
    if changed.is_empty() && previous.iter().all(|path| files.contains_key(path)) {
        return Ok(done);
    }
    sync.make_room(&mut done)?;
    let written = sync.write(&changed)?;
    fault::point("sync.written");
    sync.put_in_place(written, &mut done)?;
    sync.remove_previous(&mut done)?;
    Ok(done)
}

/// All directories that these files lie in, without the root; parents come first.
fn directories<'a>(files: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<&'a Path> {
    files
        .flat_map(|file| file.ancestors().skip(1))
        .filter(|directory| !directory.as_os_str().is_empty())
        .collect()
}

struct Sync<'a> {
    directory: StampedDir,
    files: &'a RenderedFiles,
    previous: &'a BTreeSet<PathBuf>,
    /// The directories that `files` need.
    directories: BTreeSet<&'a Path>,
}

type Changed<'a> = Vec<(&'a Path, &'a RenderedFile)>;

impl Sync<'_> {
    /// Removes what a killed run was writing.
    fn remove_leftovers(&self) -> Result<()> {
        let mut searched = directories(self.previous.iter());
        searched.extend(&self.directories);
        searched.insert(Path::new(""));
        for directory in searched {
            for name in self.directory.list(directory)? {
                let path = directory.join(&name);
                if is_temporary(&name) && !self.is_stamped(&path) {
                    self.directory.remove_file(&path)?;
                }
            }
        }
        Ok(())
    }

    fn is_stamped(&self, path: &Path) -> bool {
        self.files.contains_key(path) || self.previous.contains(path)
    }

    /// Refuses to replace what no stamp made, before anything changes.
    fn refuse_conflicts(&self) -> Result<()> {
        for directory in &self.directories {
            match self.directory.look(directory)? {
                Found::Nothing | Found::Directory => {}
                Found::Symlink => return Err(refused(&self.directory.full(directory))),
                Found::File if self.previous.contains(*directory) => {}
                Found::File => return Err(self.in_the_way(directory, "directory")),
            }
        }
        for file in self.files.keys() {
            if self.directory.look(file)? == Found::Directory && !self.only_stamped(file)? {
                return Err(self.in_the_way(file, "file"));
            }
        }
        Ok(())
    }

    /// Whether all that lies below a directory was made by a stamp.
    fn only_stamped(&self, directory: &Path) -> Result<bool> {
        for name in self.directory.list(directory)? {
            let path = directory.join(name);
            let stamped = match self.directory.look(&path)? {
                Found::Directory => self.only_stamped(&path)?,
                _ => self.previous.contains(&path),
            };
            if !stamped {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn in_the_way(&self, path: &Path, wanted: &str) -> Error {
        let path = self.directory.full(path);
        Error::failed(format!(
            "`{}` is in the way: it was not stamped, and a {wanted} of that name is to be stamped",
            path.display()
        ))
        .hint("move it away, or rename the template")
    }

    fn all(&self) -> Changed<'_> {
        let files = self.files.iter();
        files.map(|(path, file)| (path.as_path(), file)).collect()
    }

    fn changed(&self, done: &mut Synced) -> Result<Changed<'_>> {
        let mut changed = Vec::new();
        for (path, file) in self.files {
            if self.directory.has(path, file)? {
                done.unchanged += 1;
            } else {
                changed.push((path.as_path(), file));
            }
        }
        Ok(changed)
    }

    /// Makes the directories that are needed, and removes stamped files and directories whose names are needed otherwise.
    fn make_room(&self, done: &mut Synced) -> Result<()> {
        for directory in &self.directories {
            if self.previous.contains(*directory) && self.directory.remove_file(directory)? {
                done.removed.insert(directory.to_path_buf());
                fault::point("sync.removed");
            }
            self.directory.make(directory)?;
        }
        for file in self.files.keys().filter(|_| !self.directory.is_fresh()) {
            if self.directory.look(file)? == Found::Directory {
                self.clear(file, done)?;
            }
        }
        Ok(())
    }

    /// Removes a directory in which there are only stamped files.
    fn clear(&self, directory: &Path, done: &mut Synced) -> Result<()> {
        for name in self.directory.list(directory)? {
            let path = directory.join(name);
            if self.directory.look(&path)? == Found::Directory {
                self.clear(&path, done)?;
            } else if self.previous.contains(&path) && self.directory.remove_file(&path)? {
                done.removed.insert(path);
                fault::point("sync.removed");
            }
        }
        self.directory.remove_empty(directory)?;
        Ok(())
    }

    /// Writes all changed files under temporary names, or none.
    fn write<'c>(&self, changed: &Changed<'c>) -> Result<Vec<(PathBuf, &'c Path)>> {
        let mut written: Vec<(PathBuf, &Path)> = Vec::with_capacity(changed.len());
        for (number, (path, file)) in changed.iter().enumerate() {
            match self.directory.write_beside(path, number, file) {
                Ok(temporary) => written.push((temporary, path)),
                Err(error) => {
                    for (temporary, _) in &written {
                        // The error that is told is the first one.
                        let _ = self.directory.remove_file(temporary);
                    }
                    return Err(error);
                }
            }
            fault::point("sync.temporary");
        }
        Ok(written)
    }

    fn put_in_place(&self, written: Vec<(PathBuf, &Path)>, done: &mut Synced) -> Result<()> {
        for (temporary, path) in written {
            self.directory.rename(&temporary, path)?;
            done.written.insert(path.to_owned());
            fault::point("sync.replaced");
        }
        Ok(())
    }

    fn remove_previous(&self, done: &mut Synced) -> Result<()> {
        for path in self.previous {
            if self.files.contains_key(path) || self.directories.contains(path.as_path()) {
                continue;
            }
            if self.directory.remove_file(path)? {
                done.removed.insert(path.clone());
                fault::point("sync.removed");
            }
            // Also where a killed run had removed the file, but not yet the directory.
            let parents = path.ancestors().skip(1);
            for directory in parents.filter(|directory| !directory.as_os_str().is_empty()) {
                let needed = self.directories.contains(directory);
                if needed || !self.directory.remove_empty(directory)? {
                    break;
                }
            }
        }
        Ok(())
    }
}
