//! What can go wrong below the store's surface, and how users are told.
//! Knows nothing of what was being stored.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::Error;

/// The result of a step inside a transaction.
pub(super) type Step<T> = std::result::Result<T, Failure>;

/// Why such a step failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database says no.
    Sqlite(rusqlite::Error),
    /// A row is not as this program writes it.
    Damaged(String),
    /// The request itself makes no sense.
    Refused(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Failure {
    /// Whether the file is not, or no longer, a state.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            Self::Damaged(_) => true,
            Self::Refused(_) => false,
        }
    }

    /// Whether it may be the trace of another process that begins or ends to write.
    pub(super) fn may_pass(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
            )
        )
    }

    /// Whether the file may be readable where its directory is writable and nobody else writes: SQLite calls it an I/O error, too, if
    /// a writer takes the `-wal` file away at the wrong moment.
    pub(super) fn wants_a_copy(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
        )
    }

    /// The error for the user, who wanted to `verb` (as in `read`) the state at `path`.
    pub(super) fn into_error(self, verb: &str, path: &Path) -> Error {
        let damaged = self.is_damage();
        let (code, message) = match self {
            Self::Refused(error) => return error,
            Self::Damaged(message) => (None, message),
            Self::Sqlite(error) => (error.sqlite_error_code(), error.to_string()),
        };
        let error = Error::failed(format!(
            "cannot {verb} the state `{}`: {message}",
            path.display()
        ));
        match code {
            Some(ErrorCode::DiskFull) => {
                error.hint("free some space and run again; nothing that was recorded is lost")
            }
            Some(ErrorCode::SystemIoFailure) => error.hint(
                "see whether the disk is full or damaged, or a limit is reached (`df`, `quota`, `ulimit -f`); nothing that was recorded is lost",
            ),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                error.hint("make it and its directory writable, with all that lies in it")
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                error.hint("another program holds the file open; end it and run again")
            }
            _ if damaged => error.hint("the next `betterform apply` moves it aside, and starts with nothing recorded"),
            _ => error,
        }
    }
}
