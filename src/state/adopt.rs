//! What becomes of a copy of a state. Knows nothing of why there is one.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::state::begin::find;
use crate::state::edit::mark_down;
use crate::state::failure::Failure;
use crate::state::place::{Found, Id, random, resolve};
use crate::state::{Access, Note, Opened, Store};
use crate::system::fault;

/// What a person says about a state that is found elsewhere than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It belongs to a deployment of its own: nothing of it is up.
    Copy,
    /// It is the same deployment, and the old place is given up.
    Moved,
}

impl Store {
    /// Opens, to write, a state that [`Store::open`] refuses or would take for moved, and settles what it is.
    ///
    /// # Errors
    /// As [`Store::open`]; or if there is no state; or if it is where it always was.
    pub fn adopt(path: &Path, adoption: Adoption) -> Result<Opened> {
        if !path.exists() {
            return Err(Error::failed(format!(
                "there is no state at `{}`",
                path.display()
            )));
        }
        let mut opened = Self::open_anywhere(path, Access::Write, None)?;
        if opened.store.found()? == Found::AtHome {
            let message = format!("the state `{}` is where it always was", path.display());
            return Err(Error::usage(message)
                .hint("`betterform mark down STAGE` says that a stage is not up"));
        }
        let old = opened.store.identity.place.clone();
        opened.store.move_here()?;
        match adoption {
            Adoption::Copy => opened.store.take_for_new()?,
            Adoption::Moved => {
                // The old place first: as long as both claim to be at home, both would act.
                if let Err(reason) = tell(&old, &opened.store)? {
                    opened.notes.push(Note::NotTold { place: old, reason });
                }
                fault::point("state.adopt.told");
                opened.store.write("adopt", |_| Ok(()))?;
            }
        }
        opened.records = opened.store.records()?;
        Ok(opened)
    }

    /// Gives the state a new name, and records that nothing is up.
    fn take_for_new(&mut self) -> Result<()> {
        let stages: Vec<StageName> = self.records()?.into_keys().collect();
        let id = Id(random()?);
        let place = self.identity.place.clone();
        // Name, place and statuses in one transaction: under the new name, nothing may be taken for up.
        (self.moved, self.lost) = (false, false);
        self.write("adopt", |transaction| {
            for stage in &stages {
                if let Some(row) = find(transaction, stage)? {
                    mark_down(transaction, stage, row)?;
                }
            }
            transaction.execute(
                "UPDATE state SET id = ?, place = ?",
                (id.0, place.as_os_str().as_bytes()),
            )?;
            Ok(())
        })?;
        self.identity.id = id;
        // A place elsewhere must see the new name in the file itself.
        self.connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(|error| Failure::from(error).into_error("write", &self.path))
    }
}

/// Tells the state at the old place that it moved, so that it is refused there; or why it could not be told.
fn tell(old: &Path, store: &Store) -> Result<std::result::Result<(), String>> {
    if !old.exists() {
        return Ok(Ok(()));
    }
    let place = resolve(&store.path)?;
    let told = Connection::open_with_flags(old, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(
        |connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.execute(
                "UPDATE state SET place = ?2 WHERE id = ?1",
                (store.identity.id.0, place.as_os_str().as_bytes()),
            )
        },
    );
    Ok(told.map(drop).map_err(|error| error.to_string()))
}
