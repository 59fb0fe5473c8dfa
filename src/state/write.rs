//! The one way to change a state: enter the mode for writing, one durable transaction, leave the mode in the end.
//! Knows nothing of what is changed.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::core::record::{Change, status_after};
use crate::core::stage::Status;
use crate::error::{Error, Result};
use crate::state::failure::Step;
use crate::state::journal::Journal;
use crate::state::{Access, Store, header, runs};
use crate::system::fault;

/// How long to wait at the end for a reader: leaving the mode for writing is not worth more.
const IMPATIENCE: Duration = Duration::from_millis(500);

impl Store {
    /// Makes one durable change. `what` names it in fault points: `state.WHAT.before-commit` and `state.WHAT.after-commit`.
    pub(super) fn write<T>(
        &mut self,
        what: &str,
        change: impl FnOnce(&Transaction<'_>) -> Step<T>,
    ) -> Result<T> {
        if self.access == Access::Read {
            return Err(Error::failed("the state was opened only to be read"));
        }
        self.try_write(what, change)
            .map_err(|failure| failure.into_error("write", &self.path))
    }

    fn try_write<T>(
        &mut self,
        what: &str,
        change: impl FnOnce(&Transaction<'_>) -> Step<T>,
    ) -> Step<T> {
        self.enter()?;
        let transaction = begin(&mut self.connection)?;
        if let Some(run) = &self.pending {
            runs::insert(&transaction, run)?;
        }
        let result = change(&transaction)?;
        fault::point(&format!("state.{what}.before-commit"));
        transaction.commit()?;
        fault::point(&format!("state.{what}.after-commit"));
        self.pending = None;
        Ok(result)
    }

    /// Enters the mode for writing: from here on, changes go into the `-wal` file, and the header says so.
    fn enter(&mut self) -> Step<()> {
        if self.at_work || (self.journal == Journal::Rollback && !self.moved && !self.lost) {
            return Ok(());
        }
        if self.journal == Journal::Wal {
            self.journal = journal_mode(&self.connection, Journal::Wal)?;
            fault::point("state.enter.switched");
        }
        let transaction = begin(&mut self.connection)?;
        if self.moved {
            self.identity.update(&transaction)?;
        }
        if self.lost {
            lose(&transaction)?;
        }
        if self.journal == Journal::Wal {
            transaction.pragma_update(None, "application_id", header::AT_WORK)?;
        }
        transaction.commit()?;
        fault::point("state.enter.marked");
        if self.journal == Journal::Wal {
            // Not TRUNCATE: an empty `-wal` file is one that was lost. A reader may hold this up; the mark then gets
            // into the file a little later.
            self.connection
                .query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
            self.at_work = true;
        }
        (self.moved, self.lost) = (false, false);
        fault::point("state.enter.done");
        Ok(())
    }

    /// Leaves the mode for writing that a run which was killed could not leave: SQLite removes the `-wal` file when this process
    /// closes the state, and then the header must not speak of one.
    pub(super) fn tidy_up(&mut self) -> Step<()> {
        let mark: i32 = self
            .connection
            .pragma_query_value(None, "application_id", |row| row.get(0))?;
        if mark == header::AT_WORK {
            self.at_work = true;
            self.leave()?;
        }
        Ok(())
    }

    /// Leaves the mode for writing: the file alone is the whole state again.
    fn leave(&mut self) -> Step<()> {
        if !self.at_work {
            return Ok(());
        }
        let transaction = begin(&mut self.connection)?;
        transaction.pragma_update(None, "application_id", header::AT_REST)?;
        transaction.commit()?;
        self.at_work = false;
        fault::point("state.leave.unmarked");
        self.connection.busy_timeout(IMPATIENCE)?;
        // A reader may prevent it. Then the `-wal` file stays, and the next writer tidies up.
        let _ = journal_mode(&self.connection, Journal::Rollback);
        fault::point("state.leave.done");
        Ok(())
    }

    /// Closes the state. Dropping it does the same, but cannot say what went wrong.
    ///
    /// # Errors
    /// If the system refuses; what was recorded before is durable all the same.
    pub fn close(mut self) -> Result<()> {
        self.leave()
            .map_err(|failure| failure.into_error("write", &self.path))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Whatever goes wrong, the next to open the state finds it as after a kill.
        let _ = self.leave();
    }
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Asks for a journal mode; SQLite answers with the one that it uses.
fn journal_mode(connection: &Connection, journal: Journal) -> rusqlite::Result<Journal> {
    let mode = match journal {
        Journal::Wal => "WAL",
        Journal::Rollback => "DELETE",
    };
    let used: String =
        connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))?;
    Ok(if used == "wal" {
        Journal::Wal
    } else {
        Journal::Rollback
    })
}

/// Records that no status is known.
fn lose(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    for status in Status::ALL {
        if let Some(after) = status_after(status, Change::Lost) {
            transaction.execute(
                "UPDATE stage SET status = ?2, ended_ms = NULL, outcome = NULL WHERE status = ?1",
                (status.as_str(), after.as_str()),
            )?;
        }
    }
    Ok(())
}
