//! The first hundred bytes of a database, read before SQLite touches it, because SQLite would make files beside it.
//! Knows the file format (<https://www.sqlite.org/fileformat2.html>) and the marks that betterform leaves there.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// `application_id` of a state that is complete in its file: `btfm`.
pub(super) const AT_REST: i32 = 0x6274_666d;
/// `application_id` of a state whose last changes may be in its `-wal` file only: `btfw`.
pub(super) const AT_WORK: i32 = 0x6274_6677;

/// The name of a state that nobody named otherwise.
const NAME: &str = "state.db";

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// There is no file.
    Missing,
    /// It has no bytes at all, or is no database.
    Garbage,
    /// It is some other program's database.
    Foreign,
    /// It is a state.
    State(State),
}

/// What the header of a state tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The version of its schema.
    pub(super) version: u32,
    /// Whether its last changes may be in its `-wal` file only.
    pub(super) at_work: bool,
    /// Changes with every change of the file outside WAL mode.
    counter: u32,
}

impl Header {
    /// Reads the header of the file at `path`.
    ///
    /// Closing the file ends the POSIX locks that this process has on it: a process opens a state only once.
    pub(super) fn read(path: &Path) -> std::io::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::with_capacity(100);
        file.take(100).read_to_end(&mut bytes)?;
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8]) -> Self {
        if bytes.len() < 100 || !bytes.starts_with(MAGIC) {
            return Self::Garbage;
        }
        let number = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
            bytes.map_or(0, u32::from_be_bytes)
        };
        let application = number(68).cast_signed();
        if application != AT_REST && application != AT_WORK {
            return Self::Foreign;
        }
        Self::State(State {
            version: number(60),
            at_work: application == AT_WORK,
            counter: number(24),
        })
    }
}

/// Whether a file that is no database was never a state: `--state` may name any file, and a text must not be set aside as a
/// damaged state. What has the name that nobody gave it is ours, whatever is in it.
pub(super) fn is_somebody_elses(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut bytes));
    let is_text = read.is_ok_and(|count| count > 0) && !bytes.contains(&0);
    is_text && path.file_name().is_none_or(|name| name != NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_file_is() {
        let database = |application: i32, version: u32| {
            let mut bytes = vec![0; 100];
            bytes[..16].copy_from_slice(MAGIC);
            bytes[60..64].copy_from_slice(&version.to_be_bytes());
            bytes[68..72].copy_from_slice(&application.to_be_bytes());
            bytes
        };
        let state = |version, at_work| {
            Header::State(State {
                version,
                at_work,
                counter: 0,
            })
        };
        let cases = [
            (Vec::new(), Header::Garbage),
            (b"not a database".to_vec(), Header::Garbage),
            (vec![0; 4096], Header::Garbage),
            (database(AT_REST, 1)[..99].to_vec(), Header::Garbage),
            (database(0, 1), Header::Foreign),
            (database(AT_REST, 1), state(1, false)),
            (database(AT_WORK, 7), state(7, true)),
        ];
        for (bytes, header) in cases {
            assert_eq!(Header::of(&bytes), header);
        }
    }
}
