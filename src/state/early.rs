//! Reading the records before the state is opened, beside other work that takes time: opening it then takes them, if nothing
//! was written meanwhile. Knows nothing of what the records mean.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::state::header::{self, Header};
use crate::state::open::{connect, load};
use crate::state::{Access, Records, files, migrate};

/// Records, and what the state's file was like when they were read.
#[derive(Debug)]
pub struct Early {
    header: header::State,
    file: File,
    records: Records,
}

/// Which file it is, and when it was written last.
#[derive(Debug, PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

impl File {
    fn at(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            modified: (found.mtime(), found.mtime_nsec()),
        })
    }
}

impl Early {
    /// Reads the records of a state that is complete in its file. `None` where anything is unusual, or if it was written
    /// meanwhile; whoever opens the state then looks into it.
    ///
    /// To be called before this process opens the state, since closing a file ends the locks that a process has on it.
    pub fn read(path: &Path) -> Option<Self> {
        let (header, file) = (at_rest(path)?, File::at(path)?);
        let connection = connect(path, Access::Read).ok()?;
        if migrate::version(&connection).ok()? != migrate::latest() {
            return None;
        }
        let records = load(&connection, false).ok()?;
        connection.close().ok()?;
        let same = at_rest(path)? == header && File::at(path)? == file;
        same.then_some(Self {
            header,
            file,
            records,
        })
    }

    /// The records, if this is still the file that it was, with the header that it had then: every change of a state at rest
    /// changes it.
    pub(super) fn records_of(self, path: &Path, header: header::State) -> Option<Records> {
        let same = self.header == header && File::at(path)? == self.file;
        same.then_some(self.records)
    }
}

/// The header of a state whose file is the whole of it.
fn at_rest(path: &Path) -> Option<header::State> {
    let path = std::fs::canonicalize(path).ok()?;
    let Ok(Header::State(state)) = Header::read(&path) else {
        return None;
    };
    let beside = |suffix| std::fs::symlink_metadata(files::beside(&path, suffix)).is_ok();
    (!state.at_work && !beside("-wal") && !beside("-journal")).then_some(state)
}
