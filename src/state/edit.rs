//! Changes to records that no `ctl` makes: new stamps, outputs taken again, and what people say.
//! Knows nothing of attempts.

use rusqlite::Transaction;

use crate::core::fingerprint::{Digest, Fingerprint};
use crate::core::record::{Attempt, Change, StampedFile};
use crate::core::stage::{StageName, Status};
use crate::error::{Error, Result};
use crate::state::begin::{
    Payload, Row, checked, find, find_or_insert, record_attempt, record_stamped, renew_incarnation,
};
use crate::state::commit::record_down;
use crate::state::failure::{Failure, Step};
use crate::state::{Store, codec, contents};

/// A stage that is up, was stamped anew, and need not run.
#[derive(Clone, Debug)]
pub struct Restamp {
    /// The stage.
    pub stage: StageName,
    /// Its fingerprint, with the new stamp key.
    pub fingerprint: Fingerprint,
    /// The detail that belongs to it.
    pub detail: String,
    /// The stamped files, for a stage of which none are recorded. Those that are stay: as its `ctl up` left them, with the place
    /// where that was.
    pub stamped: Vec<StampedFile>,
    /// What all this refers to.
    pub payload: Payload,
}

/// The outputs of a stage that is up, taken again.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// The stage.
    pub stage: StageName,
    /// The manifest of the outputs that it owns.
    pub outputs: Digest,
    /// What it refers to.
    pub payload: Payload,
}

/// What a person says about a stage.
#[derive(Clone, Debug)]
pub enum Mark {
    /// It is up.
    Up {
        /// What it would be brought up with now, so that it is up to date; `None` leaves what was recorded last.
        attempt: Option<Box<Attempt>>,
        /// The manifest of the outputs that it owns.
        outputs: Option<Digest>,
        /// The manifest of what it left below `$GENFILES`.
        generated: Option<Digest>,
        /// What all this refers to.
        payload: Payload,
    },
    /// It is down.
    Down,
}

impl Store {
    /// Records new stamps of stages that need not run.
    ///
    /// # Errors
    /// If the system refuses, or if one of them is not up; then nothing is recorded.
    pub fn record_restamp(&mut self, restamps: Vec<Restamp>) -> Result<()> {
        self.write("restamp", |transaction| {
            restamps
                .into_iter()
                .try_for_each(|restamp| restamp_one(transaction, &restamp))
        })
    }

    /// Records outputs that were taken again, because another stage changed them.
    ///
    /// # Errors
    /// If the system refuses, or if one of them is not up; then nothing is recorded.
    pub fn record_outputs(&mut self, outputs: Vec<Outputs>) -> Result<()> {
        self.write("outputs", |transaction| {
            for Outputs {
                stage,
                outputs,
                payload,
            } in outputs
            {
                contents::insert(transaction, &payload)?;
                let row = find_up(transaction, &stage)?;
                transaction.execute(
                    "UPDATE stage SET outputs = ?2 WHERE id = ?1",
                    (row.id, outputs.as_bytes()),
                )?;
            }
            Ok(())
        })
    }

    /// Records what a person says about a stage.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn mark(&mut self, stage: &StageName, mark: &Mark) -> Result<()> {
        let now = crate::system::clock::now_ms();
        self.write("mark", |transaction| {
            let row = find_or_insert(transaction, stage)?;
            match mark {
                Mark::Up { attempt, outputs, generated, payload } => {
                    contents::insert(transaction, payload)?;
                    set_status(transaction, stage, row, Change::MarkedUp)?;
                    if let Some(attempt) = attempt {
                        record_attempt(transaction, row.id, attempt)?;
                    }
                    let digests = [outputs, generated].map(|digest| digest.as_ref().map(Digest::as_bytes));
                    transaction.execute(
                        "UPDATE stage SET outputs = coalesce(?2, outputs), generated = coalesce(?3, generated),
                            up_since_ms = coalesce(up_since_ms, ?4) WHERE id = ?1",
                        (row.id, digests[0], digests[1], now),
                    )?;
                }
                Mark::Down => mark_down(transaction, stage, row)?,
            }
            Ok(())
        })
    }

    /// Gives a stage's record another name, in the edges of others, too.
    ///
    /// # Errors
    /// If the system refuses; if `old` has no record; if `new` has one and may be up.
    pub fn rename(&mut self, old: &StageName, new: &StageName) -> Result<()> {
        self.write("rename", |transaction| {
            require(transaction, old)?;
            match find(transaction, new)? {
                Some(row) if row.status.may_be_up() || old == new => {
                    let message = format!("there is a record of `{new}` already");
                    return Err(Failure::Refused(Error::failed(message)));
                }
                Some(row) => {
                    transaction.execute("DELETE FROM stage WHERE id = ?", [row.id])?;
                }
                None => {}
            }
            let names = (old.as_str(), new.as_str());
            transaction.execute("UPDATE stage SET name = ?2 WHERE name = ?1", names)?;
            transaction.execute("UPDATE attempt SET stage = ?2 WHERE stage = ?1", names)?;
            // A dependent may have depended on both.
            transaction.execute(
                "INSERT INTO edge (stage, dependency, last, since_down)
                    SELECT stage, ?2, last, since_down FROM edge WHERE dependency = ?1
                    ON CONFLICT DO UPDATE SET last = max(last, excluded.last),
                        since_down = max(since_down, excluded.since_down)",
                names,
            )?;
            transaction.execute("DELETE FROM edge WHERE dependency = ?", [old.as_str()])?;
            Ok(())
        })
    }

    /// Forgets a stage's record, whatever it says. Others' edges to it stay.
    ///
    /// # Errors
    /// If the system refuses, or if there is no record.
    pub fn remove(&mut self, stage: &StageName) -> Result<()> {
        self.write("remove", |transaction| {
            let row = require(transaction, stage)?;
            transaction.execute("DELETE FROM stage WHERE id = ?", [row.id])?;
            Ok(())
        })
    }

    /// Keeps stages that are up from being taken down.
    ///
    /// # Errors
    /// If the system refuses, or if one of them is not up; then nothing is recorded.
    pub fn protect(&mut self, stages: &[StageName]) -> Result<()> {
        self.write("protect", |transaction| {
            for stage in stages {
                let row = find_up(transaction, stage)?;
                transaction.execute("UPDATE stage SET protect = 1 WHERE id = ?", [row.id])?;
            }
            Ok(())
        })
    }

    /// Lets a stage be taken down.
    ///
    /// # Errors
    /// If the system refuses, or if there is no record.
    pub fn unprotect(&mut self, stage: &StageName) -> Result<()> {
        self.write("unprotect", |transaction| {
            let row = require(transaction, stage)?;
            transaction.execute("UPDATE stage SET protect = 0 WHERE id = ?", [row.id])?;
            Ok(())
        })
    }
}

fn restamp_one(transaction: &Transaction<'_>, restamp: &Restamp) -> Step<()> {
    contents::insert(transaction, &restamp.payload)?;
    let row = find_up(transaction, &restamp.stage)?;
    transaction
        .prepare_cached("UPDATE stage SET fingerprint = ?2, detail = ?3 WHERE id = ?1")?
        .execute((
            row.id,
            codec::encode_fingerprint(&restamp.fingerprint),
            &restamp.detail,
        ))?;
    let none: bool = transaction
        .prepare_cached("SELECT stamped IS NULL FROM stage WHERE id = ?")?
        .query_row([row.id], |row| row.get(0))?;
    if none {
        let stamped = record_stamped(transaction, row.id, &restamp.stamped)?;
        transaction
            .prepare_cached("UPDATE stage SET stamped = ?2 WHERE id = ?1")?
            .execute((row.id, stamped.as_bytes()))?;
    }
    Ok(())
}

/// Records that a stage is down because a person says so.
pub(super) fn mark_down(transaction: &Transaction<'_>, stage: &StageName, row: Row) -> Step<()> {
    set_status(transaction, stage, row, Change::MarkedDown)?;
    renew_incarnation(transaction, row.id)?;
    record_down(transaction, row.id)
}

/// Sets the status without an attempt; a token of one that runs loses its force.
fn set_status(
    transaction: &Transaction<'_>,
    stage: &StageName,
    row: Row,
    change: Change,
) -> Step<()> {
    let status = checked(stage, row.status, change)?;
    transaction
        .prepare_cached("UPDATE stage SET status = ?2, attempt = 0, outcome = NULL WHERE id = ?1")?
        .execute((row.id, status.as_str()))?;
    Ok(())
}

fn require(transaction: &Transaction<'_>, stage: &StageName) -> Step<Row> {
    find(transaction, stage)?
        .ok_or_else(|| Failure::Refused(Error::usage(format!("there is no record of `{stage}`"))))
}

fn find_up(transaction: &Transaction<'_>, stage: &StageName) -> Step<Row> {
    let row = require(transaction, stage)?;
    if row.status == Status::Up {
        return Ok(row);
    }
    let message = format!("`{stage}` is recorded as {}, not as up", row.status);
    Err(Failure::Refused(Error::failed(message)))
}
