//! Reading records. Knows nothing of what they lead to.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::core::fingerprint::Digest;
use crate::core::record::{Attempted, Edge, Recorded, RunId, StampedFile};
use crate::core::stage::{Action, StageName, Status};
use crate::error::Result;
use crate::state::failure::{Failure, Step};
use crate::state::{Records, Store, codec, contents};

/// What a stage was brought up with last, beyond its [`Recorded`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The stamped files as `ctl up` left them or, before it ended, as rendered; sorted by path.
    pub stamped: Vec<StampedFile>,
    /// The configuration's bytes; `None` if they were left out.
    pub config: Option<Vec<u8>>,
    /// The wave variables and the absolute paths that they stood for.
    pub locations: BTreeMap<String, String>,
}

const RECORDS: &str = "SELECT name, status, incarnation, fingerprint, detail, stamped, outputs, generated, config, run,
        started_ms, ended_ms, duration_ms, up_duration_ms, up_since_ms, outcome, protect
    FROM stage";

/// The records of all stages, in one reading.
pub(super) fn records(connection: &Connection) -> Step<Records> {
    let mut statement = connection.prepare(RECORDS)?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    let mut last_run = None;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().unwrap_or_default();
        let name = StageName::new(name).map_err(|_| {
            Failure::Damaged(format!("`{}` cannot be a stage", name.escape_debug()))
        })?;
        let mut recorded = recorded(row)?;
        // Most stages share few runs, and need not hold a copy of the name each.
        if recorded.run == last_run {
            recorded.run.clone_from(&last_run);
        } else {
            last_run.clone_from(&recorded.run);
        }
        records.push((name, recorded));
    }
    drop(rows);
    // The pages that were read are not needed again.
    connection.execute_batch("PRAGMA shrink_memory")?;
    Ok(records.into_iter().collect())
}

fn recorded(row: &Row<'_>) -> Step<Recorded> {
    let run: Option<String> = row.get(9)?;
    let outcome = row.get_ref(15)?.as_str_or_null().unwrap_or_default();
    let (status, fingerprint) = status_and_fingerprint(row)?;
    Ok(Recorded {
        status,
        incarnation: required(column(row, 2)?)?,
        fingerprint,
        detail: row.get(4)?,
        stamped: column(row, 5)?,
        outputs: column(row, 6)?,
        generated: column(row, 7)?,
        config: column(row, 8)?,
        run: run.as_deref().and_then(RunId::new),
        started_ms: row.get(10)?,
        ended_ms: row.get(11)?,
        duration_ms: duration(row, 12)?,
        up_duration_ms: duration(row, 13)?,
        up_since_ms: row.get(14)?,
        outcome: outcome.and_then(|json| serde_json::from_str(json).ok()),
        protect: row.get(16)?,
    })
}

type StatusAndFingerprint = (Status, Option<crate::core::fingerprint::Fingerprint>);

/// A status or a fingerprint that cannot be read makes the stage one of which nothing is known: interrupted.
fn status_and_fingerprint(row: &Row<'_>) -> Step<StatusAndFingerprint> {
    let status = row.get_ref(1)?.as_str().ok().and_then(Status::from_word);
    let bytes = row.get_ref(3)?.as_blob_or_null().unwrap_or_default();
    let fingerprint = bytes.and_then(codec::decode_fingerprint);
    let readable = bytes.is_some() == fingerprint.is_some();
    Ok(match status {
        Some(status) if readable => (status, fingerprint),
        _ => (Status::Running, None),
    })
}

fn column(row: &Row<'_>, at: usize) -> Step<Option<Digest>> {
    match row.get_ref(at)?.as_blob_or_null() {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => required(codec::digest(bytes)).map(Some),
        Err(_) => required(None).map(Some),
    }
}

fn required(digest: Option<Digest>) -> Step<Digest> {
    digest.ok_or_else(|| Failure::Damaged("a digest has the wrong size".to_owned()))
}

fn duration(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<u64>> {
    let duration: Option<i64> = row.get(at)?;
    Ok(duration.map(|millis| u64::try_from(millis).unwrap_or_default()))
}

impl Store {
    /// What is recorded of all stages, as of now.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn records(&self) -> Result<Records> {
        self.reading(|connection| crate::state::open::load(connection, self.lost))
    }

    /// What a stage was brought up with last; empty if it never was, and [`Snapshot::stamped`] without contents once they
    /// were collected after it was taken down.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn snapshot(&self, stage: &StageName) -> Result<Snapshot> {
        self.reading(|connection| snapshot(connection, stage))
    }

    /// All recorded dependencies, sorted.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn edges(&self) -> Result<Vec<Edge>> {
        self.reading(edges)
    }

    /// The attempts to bring a stage up or down, latest first.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn attempts(&self, stage: &StageName) -> Result<Vec<Attempted>> {
        self.reading(|connection| attempts(connection, stage))
    }

    /// The last run that attempted something with a stage.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn last_run_of(&self, stage: &StageName) -> Result<Option<RunId>> {
        let sql = "SELECT run FROM attempt WHERE stage = ? ORDER BY id DESC LIMIT 1";
        let found: Option<String> = self.reading(|connection| {
            let run = connection.query_row(sql, [stage.as_str()], |row| row.get(0));
            Ok(run.optional()?)
        })?;
        Ok(found.as_deref().and_then(RunId::new))
    }
}

fn snapshot(connection: &Connection, stage: &StageName) -> Step<Snapshot> {
    let sql = "SELECT id, config, locations FROM stage WHERE name = ?";
    let found = connection
        .prepare_cached(sql)?
        .query_row([stage.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((id, config, locations)) = found else {
        return Ok(Snapshot::default());
    };
    let content = |column: Option<Vec<u8>>| match column.as_deref().and_then(codec::digest) {
        Some(digest) => contents::load_content(connection, &digest),
        None => Ok(None),
    };
    let locations = content(locations)?.unwrap_or_default();
    Ok(Snapshot {
        stamped: stamped(connection, id)?,
        config: content(config)?,
        locations: serde_json::from_slice(&locations).unwrap_or_default(),
    })
}

fn stamped(connection: &Connection, stage: i64) -> Step<Vec<StampedFile>> {
    let sql = "SELECT path, executable, sensitive, digest, content FROM stamped_file WHERE stage = ? ORDER BY path";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([stage])?;
    let mut files = Vec::new();
    while let Some(row) = rows.next()? {
        files.push(StampedFile {
            path: row.get(0)?,
            executable: row.get(1)?,
            sensitive: row.get(2)?,
            digest: required(column(row, 3)?)?,
            content: column(row, 4)?,
        });
    }
    Ok(files)
}

fn edges(connection: &Connection) -> Step<Vec<Edge>> {
    let sql = "SELECT stage.name, dependency, last, since_down FROM edge JOIN stage ON stage.id = edge.stage
        ORDER BY stage.name, dependency";
    let mut names = BTreeMap::new();
    let mut name = |text: &str| -> Step<StageName> {
        if let Some(name) = names.get(text) {
            return Ok(StageName::clone(name));
        }
        let name = StageName::new(text).map_err(|_| {
            Failure::Damaged(format!("`{}` cannot be a stage", text.escape_debug()))
        })?;
        names.insert(text.to_owned(), name.clone());
        Ok(name)
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut edges = Vec::new();
    while let Some(row) = rows.next()? {
        edges.push(Edge {
            stage: name(row.get_ref(0)?.as_str().unwrap_or_default())?,
            dependency: name(row.get_ref(1)?.as_str().unwrap_or_default())?,
            last: row.get(2)?,
            since_down: row.get(3)?,
        });
    }
    Ok(edges)
}

fn attempts(connection: &Connection, stage: &StageName) -> Step<Vec<Attempted>> {
    let sql = "SELECT run, action, started_ms, ended_ms, duration_ms, outcome FROM attempt WHERE stage = ? ORDER BY id DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([stage.as_str()])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        let (run, action): (String, String) = (row.get(0)?, row.get(1)?);
        let outcome: Option<String> = row.get(5)?;
        let Some(run) = RunId::new(&run) else {
            continue;
        };
        attempts.push(Attempted {
            stage: stage.clone(),
            run,
            action: if action == "up" {
                Action::Up
            } else {
                Action::Down
            },
            started_ms: row.get(2)?,
            ended_ms: row.get(3)?,
            duration_ms: duration(row, 4)?,
            outcome: outcome.and_then(|json| serde_json::from_str(&json).ok()),
        });
    }
    Ok(attempts)
}
