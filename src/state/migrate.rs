//! The schema's versions: numbered files that are applied in order, each in a transaction of its own.
//! Knows nothing of what the tables are for.

use rusqlite::{Connection, TransactionBehavior};

use crate::state::failure::Step;
use crate::system::fault;

/// The files of `schema/state/`, by number, from 1.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("../../schema/state/0001_records.sql")];

/// The version of the schema that this program writes.
pub(super) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of a database's schema; 0 if it is empty.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Applies what is missing of `migrations`.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Step<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = version(&transaction)?;
        let next = usize::try_from(version)
            .ok()
            .and_then(|at| migrations.get(at));
        let Some(sql) = next else {
            return Ok(());
        };
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        fault::point("state.migrate.before-commit");
        transaction.commit()?;
        fault::point("state.migrate.after-commit");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(connection: &Connection) -> Vec<String> {
        connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn an_empty_database_gets_all_tables() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(version(&connection).unwrap(), 0);
        migrate(&mut connection, MIGRATIONS).unwrap();
        assert_eq!(version(&connection).unwrap(), latest());
        assert_eq!(
            tables(&connection),
            [
                "attempt",
                "content",
                "edge",
                "manifest",
                "run",
                "stage",
                "stamped_file",
                "state"
            ]
        );
        migrate(&mut connection, MIGRATIONS).unwrap();
        assert_eq!(version(&connection).unwrap(), latest());
    }

    #[test]
    fn every_older_version_becomes_the_latest() {
        let steps = [
            "CREATE TABLE a (x)",
            "ALTER TABLE a RENAME TO b",
            "CREATE TABLE c (x)",
        ];
        for from in 0..=steps.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, &steps[..from]).unwrap();
            migrate(&mut connection, &steps).unwrap();
            assert_eq!(tables(&connection), ["b", "c"], "from version {from}");
            assert_eq!(version(&connection).unwrap(), 3);
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x); CREATE TABLE a (x)",
        ];
        assert!(migrate(&mut connection, &steps).is_err());
        assert_eq!(version(&connection).unwrap(), 1);
        assert_eq!(tables(&connection), ["a"]);
    }
}
