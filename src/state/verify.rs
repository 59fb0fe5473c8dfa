//! Looking for damage that opening a state does not come across, and moving a damaged state away.
//! Knows nothing of what is recorded.

use std::path::{Path, PathBuf};

use crate::core::fingerprint::Digest;
use crate::error::Result;
use crate::state::failure::{Failure, Step};
use crate::state::{Store, codec, contents, files};
use crate::system::clock;

impl Store {
    /// What is wrong with the state: one sentence each, none if it is whole. Reads all of it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn verify(&self) -> Result<Vec<String>> {
        self.find_damage()
            .map_err(|failure| self.unreadable(failure))
    }

    /// Moves the state at `path` and all that lies beside it away, and says where it is then; `None` if there is none. For
    /// a state that is damaged where opening it does not notice. The caller holds the run's lock, and has no state open.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn set_aside(path: &Path) -> Result<Option<PathBuf>> {
        // What lies beside it lies beside the file itself, not beside a link to it.
        let resolved = std::fs::canonicalize(path);
        files::set_aside(resolved.as_deref().unwrap_or(path), clock::now_ms())
    }

    fn find_damage(&self) -> Step<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut damage: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
        damage.retain(|line| line != "ok");
        for digest in self.digests("SELECT digest FROM manifest")? {
            damage.extend(told(contents::load_manifest(&self.connection, &digest))?);
        }
        for digest in self.digests("SELECT digest FROM content")? {
            damage.extend(told(contents::load_content(&self.connection, &digest))?);
        }
        Ok(damage)
    }

    fn digests(&self, sql: &str) -> Step<Vec<Digest>> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut digests = Vec::new();
        while let Some(row) = rows.next()? {
            digests.extend(row.get_ref(0)?.as_blob().ok().and_then(codec::digest));
        }
        Ok(digests)
    }
}

/// Damage as a sentence; any other failure stays one.
fn told<T>(loaded: Step<T>) -> Step<Option<String>> {
    match loaded {
        Ok(_) => Ok(None),
        Err(Failure::Damaged(message)) => Ok(Some(message)),
        Err(failure) => Err(failure),
    }
}
