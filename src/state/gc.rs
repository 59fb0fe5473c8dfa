//! Removing what no record refers to any more. Knows nothing of why it does not.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use crate::core::fingerprint::Digest;
use crate::error::Result;
use crate::state::failure::Step;
use crate::state::{Store, codec};

/// Runs that are remembered, with their attempts.
const RUNS: i64 = 200;

/// Fewer new manifests and contents than this are not worth the work.
const WORTH: i64 = 1000;

impl Store {
    /// Removes what no record refers to, contents of stages that are down, and runs that are long past.
    ///
    /// # Errors
    /// If the system refuses; then nothing is removed.
    pub fn gc(&mut self) -> Result<()> {
        self.write("gc", |transaction| {
            forget_contents_of_down(transaction)?;
            forget_runs(transaction)?;
            remove_manifests(transaction)?;
            remove_contents(transaction)?;
            let left = stored(transaction)?;
            transaction.execute("UPDATE state SET collected = ?", [left])?;
            Ok(())
        })?;
        // Gives the space back to the system; it is free for the state's own use in any case.
        let vacuum = self.connection.execute_batch("PRAGMA incremental_vacuum");
        vacuum.map_err(|error| self.unreadable(error.into()))
    }

    /// Does so if much was stored since the last time; whether it did.
    ///
    /// # Errors
    /// As [`Store::gc`].
    pub fn gc_if_worth_it(&mut self) -> Result<bool> {
        let sql = "SELECT collected FROM state";
        let counts = stored(&self.connection).and_then(|stored| {
            Ok((
                stored,
                self.connection
                    .query_row(sql, [], |row| row.get::<_, i64>(0))?,
            ))
        });
        let (stored, collected) = counts.map_err(|error| self.unreadable(error.into()))?;
        // As much again as there was: so the work stays proportional to what is stored.
        let worth = stored - collected > collected.max(WORTH);
        if worth {
            self.gc()?;
        }
        Ok(worth)
    }
}

fn stored(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT (SELECT count(*) FROM manifest) + (SELECT count(*) FROM content)";
    connection.query_row(sql, [], |row| row.get(0))
}

fn forget_contents_of_down(transaction: &Transaction<'_>) -> Step<()> {
    transaction.execute_batch(
        "UPDATE stamped_file SET content = NULL
            WHERE content IS NOT NULL AND stage IN (SELECT id FROM stage WHERE status = 'down');
         UPDATE stage SET config = NULL, locations = NULL WHERE status = 'down';",
    )?;
    Ok(())
}

fn forget_runs(transaction: &Transaction<'_>) -> Step<()> {
    transaction.execute(
        "DELETE FROM run WHERE seq <= (SELECT seq FROM run ORDER BY seq DESC LIMIT 1 OFFSET ?)",
        [RUNS],
    )?;
    // The last attempt of a stage stays as long as its record.
    transaction.execute_batch(
        "DELETE FROM attempt WHERE run NOT IN (SELECT id FROM run)
            AND id NOT IN (SELECT max(id) FROM attempt GROUP BY stage)",
    )?;
    Ok(())
}

fn remove_manifests(transaction: &Transaction<'_>) -> Step<()> {
    let mut live = BTreeSet::new();
    let mut next = roots(transaction)?;
    let mut links = transaction.prepare_cached("SELECT content FROM manifest WHERE digest = ?")?;
    while let Some(digest) = next.pop() {
        if live.insert(digest) {
            let mut rows = links.query([digest.as_bytes()])?;
            if let Some(row) = rows.next()? {
                next.extend(codec::links_of(
                    row.get_ref(0)?.as_blob().unwrap_or_default(),
                ));
            }
        }
    }
    remove_dead(transaction, "manifest", &live)
}

/// The manifests that records refer to themselves.
fn roots(transaction: &Transaction<'_>) -> Step<Vec<Digest>> {
    let mut statement =
        transaction.prepare_cached("SELECT stamped, outputs, generated, fingerprint FROM stage")?;
    let mut rows = statement.query([])?;
    let mut roots = Vec::new();
    while let Some(row) = rows.next()? {
        for column in 0..3 {
            let bytes = row.get_ref(column)?.as_blob_or_null().unwrap_or_default();
            roots.extend(bytes.and_then(codec::digest));
        }
        let bytes = row.get_ref(3)?.as_blob_or_null().unwrap_or_default();
        if let Some(fingerprint) = bytes.and_then(codec::decode_fingerprint) {
            roots.extend(fingerprint.stamp.values().chain(fingerprint.run.values()));
        }
    }
    Ok(roots)
}

fn remove_contents(transaction: &Transaction<'_>) -> Step<()> {
    let sql = "SELECT content FROM stamped_file WHERE content IS NOT NULL
        UNION SELECT config FROM stage WHERE config IS NOT NULL
        UNION SELECT locations FROM stage WHERE locations IS NOT NULL";
    let live = digests(transaction, sql)?.into_iter().collect();
    remove_dead(transaction, "content", &live)
}

fn remove_dead(transaction: &Transaction<'_>, table: &str, live: &BTreeSet<Digest>) -> Step<()> {
    let mut delete =
        transaction.prepare_cached(&format!("DELETE FROM {table} WHERE digest = ?"))?;
    for digest in digests(transaction, &format!("SELECT digest FROM {table}"))? {
        if !live.contains(&digest) {
            delete.execute([digest.as_bytes()])?;
        }
    }
    Ok(())
}

fn digests(transaction: &Transaction<'_>, sql: &str) -> Step<Vec<Digest>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut digests = Vec::new();
    while let Some(row) = rows.next()? {
        digests.extend(row.get_ref(0)?.as_blob().ok().and_then(codec::digest));
    }
    Ok(digests)
}
