//! Reading while another process may write. Knows nothing of what is read.
//!
//! For a moment, while a writer enters or leaves its mode for writing, SQLite may take the file for something that it is not
//! ("file is not a database", "disk I/O error"), or find a file beside it gone. A reader that sees this looks once more, and
//! calls it damage only if it stays.

use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Result;
use crate::state::failure::Step;
use crate::state::open::connect;
use crate::state::{Access, Store};

/// How often it is looked again, in all for about a second.
const TRIES: u32 = 10;

/// What `read` gives; again, a little later each time, while it fails in a way that may pass.
pub(super) fn patiently<T>(mut read: impl FnMut() -> Step<T>) -> Step<T> {
    for attempt in 1..=TRIES {
        match read() {
            Err(failure) if failure.may_pass() => sleep(Duration::from_millis(20) * attempt),
            read => return read,
        }
    }
    read()
}

impl Store {
    /// What `read` finds in the state.
    pub(super) fn reading<T>(&self, read: impl Fn(&Connection) -> Step<T>) -> Result<T> {
        let found = match read(&self.connection) {
            Err(failure) if failure.may_pass() && self.is_shared() => {
                patiently(|| read(&connect(&self.path, Access::Read)?))
            }
            found => found,
        };
        found.map_err(|failure| failure.into_error("read", &self.path))
    }

    /// Whether another process may be writing what is read here.
    fn is_shared(&self) -> bool {
        self.access == Access::Read && self.copy.is_none()
    }
}
