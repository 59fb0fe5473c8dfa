//! Where a state lies, and whether it is a copy of one that still lies elsewhere.
//! Knows nothing of stages.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};
use crate::state::failure::Step;
use crate::state::header::Header;

/// The name of a state for ever: a copy has the same until it is adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) [u8; 16]);

/// A state's own account of which it is and where it was written last.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: Id,
    pub(super) secret: [u8; 32],
    pub(super) place: PathBuf,
}

/// How the place where a state is opened compares with the place that it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is the same.
    AtHome,
    /// The old place holds it no more.
    Moved,
    /// The old place holds it too, or it cannot be known that it does not.
    Copied,
}

/// The path of the state's file with symbolic links resolved.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::failed(format!("`{}` is not the path of a file", path.display())))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The file itself may be a link, too.
    fs::canonicalize(path)
        .or_else(|_| fs::canonicalize(directory).map(|directory| directory.join(name)))
        .map_err(|error| Error::io("cannot find", directory, &error))
}

impl Identity {
    /// A new state's.
    pub(super) fn new(place: PathBuf) -> Result<Self> {
        Ok(Self {
            id: Id(random()?),
            secret: random()?,
            place,
        })
    }

    pub(super) fn load(connection: &Connection) -> Step<Self> {
        let sql = "SELECT id, secret, place FROM state";
        Ok(connection.query_row(sql, [], |row| {
            Ok(Self {
                id: Id(row.get(0)?),
                secret: row.get(1)?,
                place: PathBuf::from(std::ffi::OsString::from_vec(row.get(2)?)),
            })
        })?)
    }

    pub(super) fn insert(&self, connection: &Connection, now_ms: i64) -> rusqlite::Result<usize> {
        connection.execute(
            "INSERT INTO state (one, id, secret, place, created_ms) VALUES (1, ?, ?, ?, ?)",
            (
                self.id.0,
                self.secret,
                self.place.as_os_str().as_bytes(),
                now_ms,
            ),
        )
    }

    pub(super) fn update(&self, connection: &Connection) -> rusqlite::Result<usize> {
        connection.execute(
            "UPDATE state SET id = ?, place = ?",
            (self.id.0, self.place.as_os_str().as_bytes()),
        )
    }

    /// How `here` (resolved) compares with the place remembered.
    pub(super) fn compare(&self, here: &Path) -> Found {
        if self.place == here {
            return Found::AtHome;
        }
        let there = match fs::metadata(&self.place) {
            Ok(there) => there,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Found::Moved;
            }
            Err(_) => return Found::Copied,
        };
        let same = fs::metadata(here)
            .is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()));
        if same {
            return Found::AtHome;
        }
        match Header::read(&self.place) {
            Ok(Header::State(_)) => match other_id(&self.place) {
                Ok(id) if id != self.id => Found::Moved,
                _ => Found::Copied,
            },
            // What is damaged there may have been this state.
            Ok(Header::Garbage) if there.len() > 0 => Found::Copied,
            Ok(Header::Garbage | Header::Foreign | Header::Missing) => Found::Moved,
            Err(_) => Found::Copied,
        }
    }
}

/// The id of the state at another place. It never changes in a `-wal` file alone, so the file itself is enough.
fn other_id(place: &Path) -> rusqlite::Result<Id> {
    let mut uri = b"file:".to_vec();
    for byte in place.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(*byte),
            _ => uri.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    // Immutable: nothing is locked there, and no file made.
    uri.extend_from_slice(b"?immutable=1");
    let uri = String::from_utf8_lossy(&uri).into_owned();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.query_row("SELECT id FROM state", [], |row| row.get(0).map(Id))
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed(format!("the system has no random numbers: {error}")))?;
    Ok(bytes)
}
