//! Recording how a `ctl` ended. Knows nothing of why.

use std::time::Duration;

use rusqlite::Transaction;

use crate::core::fingerprint::{Digest, Fingerprint};
use crate::core::record::{Change, StampedFile, status_after};
use crate::core::stage::{Action, Outcome, StageName, Status};
use crate::error::{Error, Result};
use crate::state::begin::{Payload, RunToken, find, forget_edges, record_stamped};
use crate::state::failure::{Failure, Step};
use crate::state::place::Id;
use crate::state::{Store, codec, contents};
use crate::system::{clock, fault};

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// `ctl up` succeeded, and what it left is hashed.
    Up(Box<Left>),
    /// `ctl up` did not succeed, or what it left could not be hashed.
    Failed {
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        duration: Duration,
    },
    /// `ctl down` succeeded.
    Down {
        /// How long it took.
        duration: Duration,
    },
    /// `ctl down` did not succeed.
    StopFailed {
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        duration: Duration,
    },
}

/// What a `ctl up` that succeeded left.
#[derive(Clone, Debug)]
pub struct Left {
    /// How long it took.
    pub duration: Duration,
    /// The manifest of the outputs that the stage owns.
    pub outputs: Digest,
    /// The manifest of what it left below `$GENFILES`.
    pub generated: Digest,
    /// All stamped files as it left them; `None` if it changed none.
    pub stamped: Option<Vec<StampedFile>>,
    /// The fingerprint with the inputs that `ctl` reported; `None` if it reported none.
    pub fingerprint: Option<Fingerprint>,
    /// The detail that belongs to it; `None` if it is unchanged.
    pub detail: Option<String>,
    /// What all this refers to.
    pub payload: Payload,
}

impl Ended {
    fn action(&self) -> Action {
        match self {
            Self::Up(_) | Self::Failed { .. } => Action::Up,
            Self::Down { .. } | Self::StopFailed { .. } => Action::Down,
        }
    }

    fn change(&self) -> Change {
        match self {
            Self::Up(_) => Change::Succeeded(Action::Up),
            Self::Down { .. } => Change::Succeeded(Action::Down),
            Self::Failed { .. } => Change::Failed(Action::Up),
            Self::StopFailed { .. } => Change::Failed(Action::Down),
        }
    }

    fn duration(&self) -> Duration {
        match self {
            Self::Up(left) => left.duration,
            Self::Failed { duration, .. }
            | Self::Down { duration }
            | Self::StopFailed { duration, .. } => *duration,
        }
    }

    fn outcome(&self) -> &Outcome {
        match self {
            Self::Up(_) | Self::Down { .. } => &Outcome::Succeeded,
            Self::Failed { outcome, .. } | Self::StopFailed { outcome, .. } => outcome,
        }
    }
}

impl Store {
    /// Records, durably and in one transaction, how these attempts ended.
    ///
    /// # Errors
    /// If the system refuses; then nothing is recorded, and the stages count as interrupted. If a token has lost its force
    /// (the stage was begun again, marked or removed meanwhile); then the others are recorded all the same.
    pub fn commit(&mut self, ends: Vec<(RunToken, Ended)>) -> Result<()> {
        let now = clock::now_ms();
        let state = self.identity.id;
        let stale = self.write("commit", |transaction| {
            let mut stale = Vec::new();
            for (token, ended) in &ends {
                if !commit_one(transaction, token, ended, state, now)? {
                    stale.push(format!("`{}`", token.stage()));
                }
            }
            Ok(stale)
        })?;
        drop(ends);
        if stale.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the record of {} was changed while its `ctl` ran",
            stale.join(", ")
        );
        Err(Error::failed(message)
            .hint("run `betterform status` and, if need be, `betterform mark`"))
    }
}

/// Records one end; whether the token had the force to.
fn commit_one(
    transaction: &Transaction<'_>,
    token: &RunToken,
    ended: &Ended,
    state: Id,
    now: i64,
) -> Step<bool> {
    if token.action() != ended.action() || token.state != state {
        let message = format!("`{}` cannot end as what it did not begin as", token.stage());
        return Err(Failure::Refused(Error::failed(message)));
    }
    let row = find(transaction, token.stage())?;
    let after =
        row.and_then(|row| status_after(row.status, ended.change()).map(|after| (row.id, after)));
    let Some((id, after)) = after else {
        return Ok(false);
    };
    if !record_end(transaction, id, token, ended, after, now)? {
        return Ok(false);
    }
    match ended {
        Ended::Up(left) => record_left(transaction, id, left, now)?,
        Ended::Down { .. } => record_down(transaction, id)?,
        Ended::Failed { .. } | Ended::StopFailed { .. } => {}
    }
    fault::point("state.commit.between");
    Ok(true)
}

fn record_end(
    transaction: &Transaction<'_>,
    id: i64,
    token: &RunToken,
    ended: &Ended,
    after: Status,
    now: i64,
) -> Step<bool> {
    let outcome = outcome_json(ended.outcome(), token.stage())?;
    let duration = i64::try_from(clock::millis(ended.duration())).unwrap_or(i64::MAX);
    let changed = transaction
        .prepare_cached(
            "UPDATE stage SET status = ?3, ended_ms = ?4, duration_ms = ?5, outcome = ?6 WHERE id = ?1 AND attempt = ?2",
        )?
        .execute((id, token.attempt, after.as_str(), now, duration, &outcome))?;
    transaction
        .prepare_cached(
            "UPDATE attempt SET ended_ms = ?2, duration_ms = ?3, outcome = ?4 WHERE id = ?1",
        )?
        .execute((token.attempt, now, duration, &outcome))?;
    Ok(changed == 1)
}

fn outcome_json(outcome: &Outcome, stage: &StageName) -> Step<String> {
    serde_json::to_string(outcome).map_err(|error| {
        Failure::Refused(Error::failed(format!(
            "cannot record how `{stage}` ended: {error}"
        )))
    })
}

fn record_left(transaction: &Transaction<'_>, id: i64, left: &Left, now: i64) -> Step<()> {
    contents::insert(transaction, &left.payload)?;
    transaction
        .prepare_cached(
            "UPDATE stage SET outputs = ?2, generated = ?3, up_since_ms = coalesce(up_since_ms, ?4),
                up_duration_ms = duration_ms WHERE id = ?1",
        )?
        .execute((id, left.outputs.as_bytes(), left.generated.as_bytes(), now))?;
    if let Some(files) = &left.stamped {
        let stamped = record_stamped(transaction, id, files)?;
        transaction
            .prepare_cached("UPDATE stage SET stamped = ?2 WHERE id = ?1")?
            .execute((id, stamped.as_bytes()))?;
    }
    if let Some(fingerprint) = &left.fingerprint {
        transaction
            .prepare_cached("UPDATE stage SET fingerprint = ?2 WHERE id = ?1")?
            .execute((id, codec::encode_fingerprint(fingerprint)))?;
    }
    if let Some(detail) = &left.detail {
        transaction
            .prepare_cached("UPDATE stage SET detail = ?2 WHERE id = ?1")?
            .execute((id, detail))?;
    }
    Ok(())
}

/// Forgets what holds only for a stage that may be up.
pub(super) fn record_down(transaction: &Transaction<'_>, id: i64) -> Step<()> {
    transaction
        .prepare_cached(
            "UPDATE stage SET fingerprint = NULL, outputs = NULL, generated = NULL, up_since_ms = NULL, protect = 0
                WHERE id = ?",
        )?
        .execute([id])?;
    transaction
        .prepare_cached("UPDATE edge SET since_down = 0 WHERE stage = ?")?
        .execute([id])?;
    forget_edges(transaction, id)
}
