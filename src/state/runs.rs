//! Which runs there were. Knows nothing of what they did to which stage.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::core::record::{Run, RunId, RunResult};
use crate::error::Result;
use crate::state::Store;
use crate::state::failure::Step;
use crate::state::place::random;
use crate::system::clock;

/// A run that starts.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The command, such as `apply`.
    pub command: String,
    /// The whole command line, without secrets.
    pub arguments: Vec<String>,
    /// Who starts it.
    pub user: String,
    /// Where.
    pub host: String,
}

impl Store {
    /// Names a run. It is recorded with its first change: one that changes nothing leaves no trace.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn start_run(&mut self, new: NewRun) -> Result<RunId> {
        let started_ms = clock::now_ms();
        let id = loop {
            let id = name(started_ms, random()?);
            let known = "SELECT 1 FROM run WHERE id = ?";
            let taken: Option<i64> = self
                .connection
                .query_row(known, [id.as_str()], |row| row.get(0))
                .optional()
                .map_err(|error| self.unreadable(error.into()))?;
            if taken.is_none() {
                break id;
            }
        };
        let NewRun {
            command,
            arguments,
            user,
            host,
        } = new;
        self.pending = Some(Run {
            id: id.clone(),
            command,
            arguments,
            user,
            host,
            started_ms,
            ended_ms: None,
            result: None,
        });
        Ok(id)
    }

    /// Records how a run ended.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish_run(&mut self, run: &RunId, result: RunResult) -> Result<()> {
        if self.pending.take_if(|pending| pending.id == *run).is_some() {
            return Ok(());
        }
        self.write("run", |transaction| {
            transaction.execute(
                "UPDATE run SET ended_ms = ?2, result = ?3 WHERE id = ?1",
                (run.as_str(), clock::now_ms(), result.as_str()),
            )?;
            Ok(())
        })
    }

    /// All runs that are remembered, latest first.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn runs(&self) -> Result<Vec<Run>> {
        self.reading(load_runs)
    }
}

fn load_runs(connection: &Connection) -> Step<Vec<Run>> {
    let sql = "SELECT id, command, arguments, user, host, started_ms, ended_ms, result FROM run ORDER BY seq DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, arguments): (String, String) = (row.get(0)?, row.get(2)?);
        let result: Option<String> = row.get(7)?;
        let Some(id) = RunId::new(&id) else {
            continue;
        };
        runs.push(Run {
            id,
            command: row.get(1)?,
            arguments: serde_json::from_str(&arguments).unwrap_or_default(),
            user: row.get(3)?,
            host: row.get(4)?,
            started_ms: row.get(5)?,
            ended_ms: row.get(6)?,
            result: result.as_deref().and_then(RunResult::from_word),
        });
    }
    Ok(runs)
}

/// Records a run that has its first change.
pub(super) fn insert(transaction: &Transaction<'_>, run: &Run) -> Step<()> {
    let arguments = serde_json::Value::from(run.arguments.clone()).to_string();
    transaction.execute(
        "INSERT INTO run (id, command, arguments, user, host, started_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (run.id.as_str(), &run.command, arguments, &run.user, &run.host, run.started_ms),
    )?;
    Ok(())
}

/// Such as `20260102-030405-7kq2`: the time (UTC), and four letters or digits that cannot be mistaken for others.
fn name(now_ms: i64, random: [u8; 4]) -> RunId {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let mut text = time.strftime("%Y%m%d-%H%M%S-").to_string();
    for byte in random {
        text.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    // It consists of digits, letters and `-`, and is not empty.
    RunId::new(&text).unwrap_or_else(|| unreachable!())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time() {
        let names = [
            (0, 9),
            (999, 9),
            (1_767_323_045_000, 0),
            (1_767_323_046_000, 0),
        ];
        let names = names.map(|(time, byte)| name(time, [byte; 4]).as_str().to_owned());
        let expected = [
            "19700101-000000-jjjj",
            "19700101-000000-jjjj",
            "20260102-030405-aaaa",
            "20260102-030406-aaaa",
        ];
        assert_eq!(names, expected);
    }
}
