//! Opening a state to read it, also where nothing may be written. Knows nothing of what the records mean.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::Result;
use crate::state::early::Early;
use crate::state::failure::{Failure, Step};
use crate::state::open::{
    Looked, changes_lost, connect, early_at, initialise, load, look, reason_of, refuse_newer,
};
use crate::state::place::Identity;
use crate::state::reading::patiently;
use crate::state::{Access, Note, Opened, Records, Store, files, migrate};

pub(super) fn open_to_read(path: &Path, mut early: Option<Early>) -> Result<Opened> {
    let resolved = fs::canonicalize(path);
    let path = resolved.as_deref().unwrap_or(path);
    let (lost, header) = match look(path)? {
        Looked::Missing => return nothing(path, None),
        Looked::Garbage => return nothing(path, Some("it is empty or not a database".to_owned())),
        Looked::State { lost, header } => (lost, header),
    };
    let mut early = early_at(&mut early, path, header);
    match patiently(|| read_state(path, lost, &mut early)) {
        Ok((store, records)) => {
            let notes = lost.then(|| changes_lost(path)).into_iter().collect();
            Ok(Opened {
                store,
                records,
                notes,
            })
        }
        Err(failure) if failure.is_damage() => nothing(path, Some(reason_of(&failure))),
        Err(failure) => Err(failure.into_error("read", path)),
    }
}

fn read_state(path: &Path, lost: bool, early: &mut Option<Records>) -> Step<(Store, Records)> {
    // Opening a database whose `-wal` file is lost would make a new one, and hide the loss from the next writer.
    if lost {
        return read_copy(path, lost);
    }
    let direct = connect(path, Access::Read).and_then(|connection| {
        let version = migrate::version(&connection)?;
        refuse_newer(path, version)?;
        if version < migrate::latest() {
            return Ok(None);
        }
        let store = Store::new(path, connection, Access::Read)?;
        let records = match early.take() {
            Some(records) => records,
            None => load(&store.connection, store.lost)?,
        };
        Ok(Some((store, records)))
    });
    match direct {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => read_copy(path, lost),
        Err(failure) if failure.wants_a_copy() => read_copy(path, lost),
        Err(failure) => Err(failure),
    }
}

/// Reads a private copy: where the directory is read-only, where a killed run's changes have to be undone first, and
/// where the schema is older.
fn read_copy(path: &Path, lost: bool) -> Step<(Store, Records)> {
    let (directory, copy) = files::copy(path)?;
    let mut connection = connect(&copy, Access::Write)?;
    refuse_newer(path, migrate::version(&connection)?)?;
    migrate::migrate(&mut connection, migrate::MIGRATIONS)?;
    let mut store = Store::new(path, connection, Access::Read)?;
    store.lost = lost;
    store.copy = Some(directory);
    let records = load(&store.connection, store.lost)?;
    Ok((store, records))
}

/// An empty state, in memory.
fn nothing(path: &Path, reason: Option<String>) -> Result<Opened> {
    let open = || {
        let mut connection = Connection::open_in_memory()?;
        let identity = Identity::new(PathBuf::from(path))?;
        initialise(&mut connection, &identity)?;
        Store::new(path, connection, Access::Read)
    };
    let store = open().map_err(|failure: Failure| failure.into_error("read", path))?;
    let damaged = |reason| Note::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    Ok(Opened {
        store,
        records: Records::new(),
        notes: reason.map(damaged).into_iter().collect(),
    })
}
