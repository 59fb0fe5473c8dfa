//! Recording, before it is true, that `ctl` runs. Knows nothing of how it ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction};

use crate::core::fingerprint::{Digest, Manifest};
use crate::core::record::{Attempt, Change, RunId, StampedFile, stamped_manifest, status_after};
use crate::core::stage::{Action, StageName, Status};
use crate::error::{Error, Result};
use crate::state::failure::{Failure, Step};
use crate::state::place::{Id, random};
use crate::state::{Store, codec, contents};
use crate::system::clock;

/// What records refer to by digest, and what is to be stored unless it is.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// Manifests, by [`Manifest::digest`].
    pub manifests: Vec<(Digest, Arc<Manifest>)>,
    /// Contents of files, by [`Digest::of`].
    pub contents: Vec<(Digest, Arc<[u8]>)>,
}

/// That the `ctl` of a stage is about to be started.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The stage.
    pub stage: StageName,
    /// The run that does it.
    pub run: RunId,
    /// What it is brought up with; `None` to take it down, which keeps what it was brought up with.
    pub up: Option<Attempt>,
    /// What the attempt refers to.
    pub payload: Payload,
}

impl Begin {
    /// What is about to be done.
    pub fn action(&self) -> Action {
        if self.up.is_some() {
            Action::Up
        } else {
            Action::Down
        }
    }
}

/// The right to record how one attempt ended, once. Only [`Store::begin`] gives it.
#[derive(Debug)]
#[must_use = "a stage whose token is dropped stays recorded as interrupted"]
pub struct RunToken {
    stage: StageName,
    run: RunId,
    action: Action,
    incarnation: Digest,
    pub(super) attempt: i64,
    pub(super) state: Id,
}

impl RunToken {
    /// The stage.
    pub fn stage(&self) -> &StageName {
        &self.stage
    }

    /// The run that does it.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// What is being done.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The stage's incarnation while it is done.
    pub fn incarnation(&self) -> Digest {
        self.incarnation
    }
}

impl Store {
    /// Records, durably and in one transaction, that each of these is about to start. When it returns, their `ctl`s may.
    ///
    /// A new attempt of a stage takes the token of an older one its force.
    ///
    /// # Errors
    /// If the system refuses; then nothing is recorded, and no `ctl` may start.
    pub fn begin(&mut self, begins: Vec<Begin>) -> Result<Vec<RunToken>> {
        let now = clock::now_ms();
        let state = self.identity.id;
        self.write("begin", |transaction| {
            begins
                .into_iter()
                .map(|begin| {
                    let (attempt, incarnation) = begin_one(transaction, &begin, now)?;
                    let action = begin.action();
                    let Begin { stage, run, .. } = begin;
                    Ok(RunToken {
                        stage,
                        run,
                        action,
                        incarnation,
                        attempt,
                        state,
                    })
                })
                .collect()
        })
    }
}

fn begin_one(transaction: &Transaction<'_>, begin: &Begin, now: i64) -> Step<(i64, Digest)> {
    contents::insert(transaction, &begin.payload)?;
    let stage = find_or_insert(transaction, &begin.stage)?;
    let action = begin.action();
    transaction
        .prepare_cached("INSERT INTO attempt (stage, run, action, started_ms) VALUES (?, ?, ?, ?)")?
        .execute((
            begin.stage.as_str(),
            begin.run.as_str(),
            action.as_str(),
            now,
        ))?;
    let attempt = transaction.last_insert_rowid();
    let status = checked(&begin.stage, stage.status, Change::Began(action))?;
    transaction
        .prepare_cached(
            "UPDATE stage SET status = ?2, attempt = ?3, run = ?4, started_ms = ?5,
                ended_ms = NULL, duration_ms = NULL, outcome = NULL WHERE id = ?1",
        )?
        .execute((stage.id, status.as_str(), attempt, begin.run.as_str(), now))?;
    match &begin.up {
        Some(up) => record_attempt(transaction, stage.id, up)?,
        // `ctl down` may take away a part and then fail: dependents must not take what comes up next for what was there.
        None => renew_incarnation(transaction, stage.id)?,
    }
    let incarnation = transaction
        .prepare_cached("SELECT incarnation FROM stage WHERE id = ?")?
        .query_row([stage.id], |row| row.get(0))?;
    Ok((attempt, Digest::from_bytes(incarnation)))
}

/// A row of the table `stage`.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) status: Status,
}

/// The row of a stage, if it has one.
pub(super) fn find(transaction: &Transaction<'_>, stage: &StageName) -> Step<Option<Row>> {
    let found: Option<(i64, String)> = transaction
        .prepare_cached("SELECT id, status FROM stage WHERE name = ?")?
        .query_row([stage.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(id, word)| {
        // What is not known counts as interrupted.
        let status = Status::from_word(&word).unwrap_or(Status::Running);
        Row { id, status }
    }))
}

/// The row of a stage; a new one is `down`.
pub(super) fn find_or_insert(transaction: &Transaction<'_>, stage: &StageName) -> Step<Row> {
    if let Some(row) = find(transaction, stage)? {
        return Ok(row);
    }
    transaction
        .prepare_cached(
            "INSERT INTO stage (name, status, attempt, incarnation, protect, detail)
                VALUES (?, 'down', 0, ?, 0, '')",
        )?
        .execute((stage.as_str(), random::<32>()?))?;
    Ok(Row {
        id: transaction.last_insert_rowid(),
        status: Status::Down,
    })
}

/// The status after a change, which must be possible.
pub(super) fn checked(stage: &StageName, status: Status, change: Change) -> Step<Status> {
    status_after(status, change).ok_or_else(|| {
        let message =
            format!("`{stage}` is recorded as {status}, to which `{change:?}` cannot happen");
        Failure::Refused(Error::failed(message))
    })
}

/// Gives a stage a new incarnation.
pub(super) fn renew_incarnation(transaction: &Transaction<'_>, stage: i64) -> Step<()> {
    transaction
        .prepare_cached("UPDATE stage SET incarnation = ?2 WHERE id = ?1")?
        .execute((stage, random::<32>()?))?;
    Ok(())
}

/// Records what a stage is brought up with.
pub(super) fn record_attempt(transaction: &Transaction<'_>, stage: i64, up: &Attempt) -> Step<()> {
    if let Some(config) = &up.config {
        require_content(transaction, config, "the configuration")?;
    }
    let locations = insert_locations(transaction, &up.locations)?;
    let stamped = record_stamped(transaction, stage, &up.stamped)?;
    transaction
        .prepare_cached(
            "UPDATE stage SET protect = ?2, fingerprint = ?3, detail = ?4, stamped = ?5, config = ?6, locations = ?7
                WHERE id = ?1",
        )?
        .execute((
            stage,
            up.protect,
            codec::encode_fingerprint(&up.fingerprint),
            &up.detail,
            stamped.as_bytes(),
            up.config.as_ref().map(Digest::as_bytes),
            locations.as_bytes(),
        ))?;
    record_edges(transaction, stage, &up.edges)
}

fn insert_locations(
    transaction: &Transaction<'_>,
    locations: &BTreeMap<String, String>,
) -> Step<Digest> {
    let json = serde_json::to_vec(locations).map_err(|error| Error::failed(error.to_string()))?;
    let digest = Digest::of(&json);
    contents::insert_content(transaction, &digest, &json)?;
    Ok(digest)
}

/// Records the stamped files, and gives the digest of their manifest, which is stored as well.
pub(super) fn record_stamped(
    transaction: &Transaction<'_>,
    stage: i64,
    files: &[StampedFile],
) -> Step<Digest> {
    transaction
        .prepare_cached("DELETE FROM stamped_file WHERE stage = ?")?
        .execute([stage])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO stamped_file (stage, path, executable, sensitive, digest, content) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for file in files {
        if let Some(content) = &file.content {
            require_content(transaction, content, &file.path)?;
        }
        let content = file.content.as_ref().map(Digest::as_bytes);
        let digest = file.digest.as_bytes();
        insert.execute((
            stage,
            &file.path,
            file.executable,
            file.sensitive,
            digest,
            content,
        ))?;
    }
    let manifest = stamped_manifest(files);
    let digest = manifest.digest();
    let manifests = vec![(digest, Arc::new(manifest))];
    contents::insert(
        transaction,
        &Payload {
            manifests,
            contents: Vec::new(),
        },
    )?;
    Ok(digest)
}

fn require_content(transaction: &Transaction<'_>, digest: &Digest, what: &str) -> Step<()> {
    if contents::has_content(transaction, digest)? {
        return Ok(());
    }
    let message = format!("the content of `{what}` was to be recorded, but not given");
    Err(Failure::Refused(Error::failed(message)))
}

fn record_edges(transaction: &Transaction<'_>, stage: i64, edges: &[StageName]) -> Step<()> {
    transaction
        .prepare_cached("UPDATE edge SET last = 0 WHERE stage = ? AND last = 1")?
        .execute([stage])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO edge (stage, dependency, last, since_down) VALUES (?, ?, 1, 1)
            ON CONFLICT DO UPDATE SET last = 1, since_down = 1",
    )?;
    for dependency in edges {
        insert.execute((stage, dependency.as_str()))?;
    }
    forget_edges(transaction, stage)
}

/// Removes edges that say nothing any more.
pub(super) fn forget_edges(transaction: &Transaction<'_>, stage: i64) -> Step<()> {
    transaction
        .prepare_cached("DELETE FROM edge WHERE stage = ? AND last = 0 AND since_down = 0")?
        .execute([stage])?;
    Ok(())
}
