//! The one way to change a state: enter the mode for writing, one durable transaction, leave the mode in the end.
//! Knows nothing of what is changed.

use std::time::Duration;

use rusqlite::{Connection, DropBehavior, Transaction, TransactionBehavior};

use crate::core::record::{Change, status_after};
use crate::core::stage::Status;
use crate::error::{Error, Result};
use crate::state::failure::Step;
use crate::state::journal::Journal;
use crate::state::{Access, Mode, Store, header, runs};
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
        self.catch_up()?;
        self.enter()?;
        let mut transaction = begin(&mut self.connection)?;
        if let Some(run) = &self.pending {
            runs::insert(&transaction, run)?;
        }
        let result = change(&transaction)?;
        fault::point(&format!("state.{what}.before-commit"));
        if fault::is_late(what) {
            transaction.set_drop_behavior(DropBehavior::Ignore);
            drop(transaction);
        } else {
            transaction.commit()?;
        }
        fault::point(&format!("state.{what}.after-commit"));
        self.pending = None;
        Ok(result)
    }

    /// Commits what a test wanted to be late.
    fn catch_up(&mut self) -> Step<()> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT")?;
        }
        Ok(())
    }

    /// Enters the mode for writing: from here on, changes go into the `-wal` file, and the header says so.
    fn enter(&mut self) -> Step<()> {
        if self.mode != Mode::AtRest {
            return self.mark_file();
        }
        if self.journal == Journal::Wal {
            // Where it does not work after all, the rollback journal does.
            let used = journal_mode(&self.connection, Journal::Wal);
            self.journal = used.unwrap_or(Journal::Rollback);
            fault::point("state.enter.switched");
        }
        self.record_entering()?;
        if self.mode == Mode::AtWork {
            fault::point("state.enter.marked");
            self.mark_file()?;
        }
        fault::point("state.enter.done");
        Ok(())
    }

    /// One transaction for all that must be recorded before anything else.
    fn record_entering(&mut self) -> Step<()> {
        let wal = self.journal == Journal::Wal;
        if !wal && !self.moved && !self.lost {
            return Ok(());
        }
        let transaction = begin(&mut self.connection)?;
        if self.moved {
            self.identity.update(&transaction)?;
        }
        if self.lost {
            lose(&transaction)?;
        }
        let mark = if wal {
            header::AT_WORK
        } else {
            header::AT_REST
        };
        transaction.pragma_update(None, "application_id", mark)?;
        transaction.commit()?;
        (self.moved, self.lost) = (false, false);
        if wal {
            self.mode = Mode::AtWork;
        }
        Ok(())
    }

    /// Gets the mark from the `-wal` file into the file itself. A reader may hold that up; then it is tried again with the
    /// next change. The `-wal` file keeps its length: an empty one is one that was lost.
    fn mark_file(&mut self) -> Step<()> {
        if self.mode == Mode::AtWork {
            let sql = "PRAGMA wal_checkpoint(PASSIVE)";
            let (busy, written, moved): (i64, i64, i64) =
                self.connection
                    .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            if busy == 0 && written == moved {
                self.mode = Mode::Marked;
            }
        }
        Ok(())
    }

    /// Leaves the mode for writing that a run which was killed could not leave: SQLite removes the `-wal` file when this process
    /// closes the state, and then the header must not speak of one.
    pub(super) fn tidy_up(&mut self) -> Step<()> {
        let mark: i32 = self
            .connection
            .pragma_query_value(None, "application_id", |row| row.get(0))?;
        if mark == header::AT_WORK {
            self.mode = Mode::Marked;
            self.leave()?;
        }
        Ok(())
    }

    /// Leaves the mode for writing: the file alone is the whole state again.
    fn leave(&mut self) -> Step<()> {
        if self.mode == Mode::AtRest {
            return Ok(());
        }
        self.catch_up()?;
        let transaction = begin(&mut self.connection)?;
        transaction.pragma_update(None, "application_id", header::AT_REST)?;
        transaction.commit()?;
        self.mode = Mode::AtRest;
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "real children")]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::core::fingerprint::Digest;
    use crate::core::record::RunId;
    use crate::core::stage::StageName;
    use crate::state::{Begin, Opened, Payload};
    use crate::system::inherit;

    fn child(name: &str, path: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let name = format!("state::write::tests::{name}");
        command
            .args([&name, "--exact", "--ignored"])
            .env("STATE_OF_CHILD", path);
        command
    }

    /// The state of the child, on what counts as a network file system.
    fn remote() -> Store {
        let path = PathBuf::from(std::env::var_os("STATE_OF_CHILD").unwrap());
        let Opened {
            mut store, notes, ..
        } = Store::open(&path, Access::Write).unwrap();
        assert_eq!(notes, []);
        store.journal = Journal::Rollback;
        store
    }

    fn begin_down(name: &str, payload: Payload) -> Vec<Begin> {
        let stage = StageName::new(name).unwrap();
        let run = RunId::new("run").unwrap();
        vec![Begin {
            stage,
            run,
            up: None,
            payload,
        }]
    }

    #[test]
    #[ignore = "run as a child"]
    fn writer() {
        for n in 0..40 {
            let mut store = remote();
            drop(
                store
                    .begin(begin_down(&format!("stage-{n}"), Payload::default()))
                    .unwrap(),
            );
            assert_eq!(store.mode, Mode::AtRest);
        }
    }

    #[test]
    fn with_a_rollback_journal_readers_see_every_moment_whole() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state.db");
        let mut writer = inherit::spawn(&mut child("writer", &path), &[]).unwrap();
        let mut most = 0;
        while most < 40 {
            let opened = Store::open(&path, Access::Read).unwrap();
            assert_eq!(opened.notes, []);
            assert!(opened.records.len() >= most);
            most = opened.records.len();
            thread::yield_now();
        }
        assert!(writer.wait().unwrap().success());
    }

    #[test]
    #[ignore = "run as a child"]
    fn victim() {
        let mut store = remote();
        drop(
            store
                .begin(begin_down("first", Payload::default()))
                .unwrap(),
        );
        // More than fits into the cache: a part gets into the file before the commit.
        let mut noise = Vec::new();
        for n in 0..400_000_u64 {
            noise.extend_from_slice(&Digest::of(&n.to_le_bytes()).as_bytes()[..20]);
        }
        let contents = vec![(Digest::of(&noise), Arc::from(noise))];
        let payload = Payload {
            contents,
            ..Payload::default()
        };
        drop(store.begin(begin_down("second", payload)).unwrap());
    }

    #[test]
    fn what_a_killed_writer_left_half_done_is_undone_by_readers_in_a_copy() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state.db");
        let mut child = child("victim", &path);
        let child = child.env("BETTERFORM_FAULT", "state.begin.before-commit:2");
        let status = inherit::spawn(child, &[]).unwrap().wait().unwrap();
        assert!(!status.success());
        let journal = scratch.path().join("state.db-journal");
        let (file, half) = (
            std::fs::read(&path).unwrap(),
            std::fs::read(&journal).unwrap(),
        );
        assert!(
            file.len() > 4_000_000,
            "nothing got into the file before the commit"
        );
        let names = |opened: &Opened| -> Vec<String> {
            assert_eq!(opened.notes, []);
            opened.records.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(&Store::open(&path, Access::Read).unwrap()), ["first"]);
        assert!(
            std::fs::read(&path).unwrap() == file,
            "reading changed the state"
        );
        assert!(
            std::fs::read(&journal).unwrap() == half,
            "reading changed the journal"
        );
        assert_eq!(
            names(&Store::open(&path, Access::Write).unwrap()),
            ["first"]
        );
        assert_eq!(names(&Store::open(&path, Access::Read).unwrap()), ["first"]);
    }
}
