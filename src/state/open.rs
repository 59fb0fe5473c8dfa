//! Opening a state: making a new one, and telling a damaged, foreign, newer or copied one. Knows nothing of what the records
//! mean.

mod to_read;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::core::record::{Change, status_after};
use crate::error::{Error, Result};
use crate::state::early::Early;
use crate::state::failure::{Failure, Step};
use crate::state::header::{self, Header};
use crate::state::journal::Journal;
use crate::state::open::to_read::open_to_read;
use crate::state::place::{Found, Identity, resolve};
use crate::state::{Access, Mode, Note, Opened, Records, Store, files, migrate, read};
use crate::system::{clock, fault, private};

/// How long to wait for another process that is just writing.
const PATIENCE: Duration = Duration::from_secs(30);

impl Store {
    /// Opens the state whose file is `path`. To write, a missing one is made; to read, it is an empty one, and nothing is
    /// made.
    ///
    /// # Errors
    /// If the system refuses; if the file is not a state, or of a newer version; if it is a copy of a state that still
    /// lies where it was.
    pub fn open(path: &Path, access: Access) -> Result<Opened> {
        Self::open_after(path, access, None)
    }

    /// The same, with records that were read earlier: they are read again only if the state changed since.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_after(path: &Path, access: Access, early: Option<Early>) -> Result<Opened> {
        let mut opened = Self::open_anywhere(path, access, early)?;
        match opened.store.found()? {
            Found::AtHome => {}
            Found::Moved => {
                let from = opened.store.identity.place.clone();
                opened.store.move_here()?;
                opened.notes.push(Note::Moved { from });
            }
            Found::Copied => return Err(refuse_copy(path, &opened.store.identity.place)),
        }
        Ok(opened)
    }

    /// Opens a state without asking whether it is a copy.
    pub(super) fn open_anywhere(
        path: &Path,
        access: Access,
        early: Option<Early>,
    ) -> Result<Opened> {
        match access {
            Access::Read => open_to_read(path, early),
            Access::Write => open_to_write(path, early),
        }
    }

    /// How the place compares with the one that the state remembers.
    pub(super) fn found(&self) -> Result<Found> {
        if self.path_is_missing() {
            return Ok(Found::AtHome);
        }
        Ok(self.identity.compare(&resolve(&self.path)?))
    }

    /// Has the next write record the place.
    pub(super) fn move_here(&mut self) -> Result<()> {
        self.identity.place = resolve(&self.path)?;
        self.moved = true;
        Ok(())
    }

    fn path_is_missing(&self) -> bool {
        self.access == Access::Read && fs::symlink_metadata(&self.path).is_err()
    }
}

fn refuse_copy(path: &Path, old: &Path) -> Error {
    let (path, old) = (path.display(), old.display());
    Error::failed(format!(
        "the state `{path}` is a copy of `{old}`, and one of them must not act on what the other brought up"
    ))
    .hint("`betterform state adopt --copy`: this is a deployment of its own, and nothing of it is up")
    .hint("`betterform state adopt --moved`: this is the deployment, and the old place is given up")
}

fn open_to_write(path: &Path, mut early: Option<Early>) -> Result<Opened> {
    let directory = path.parent();
    if let Some(directory) = directory.filter(|parent| !parent.as_os_str().is_empty()) {
        private::create_directory(directory)?;
    }
    // SQLite keeps its files beside the file itself, wherever a link to it lies.
    let path = &resolve(path)?;
    let mut notes = Vec::new();
    // A second time after a damaged file was set aside, and a third after what lay beside a missing one.
    for _ in 0..3 {
        let reason = match look(path)? {
            Looked::Missing if files_beside(path) => "its `-wal` file lies alone".to_owned(),
            Looked::Missing => {
                create(path)?;
                continue;
            }
            Looked::Garbage => "it is empty or not a database".to_owned(),
            Looked::State { lost, header } => {
                match open_state(path, lost, early_at(&mut early, path, header)) {
                    Ok((store, records)) => {
                        notes.extend(lost.then(|| changes_lost(path)));
                        return Ok(Opened {
                            store,
                            records,
                            notes,
                        });
                    }
                    Err(failure) if failure.is_damage() => reason_of(&failure),
                    Err(failure) => return Err(failure.into_error("open", path)),
                }
            }
        };
        if let Some(to) = files::set_aside(path, clock::now_ms())? {
            notes.push(Note::SetAside { to, reason });
        }
    }
    let message = format!(
        "cannot open the state `{}`: it is damaged again and again",
        path.display()
    );
    Err(Error::failed(message).hint("see whether the disk is healthy"))
}

fn files_beside(path: &Path) -> bool {
    ["-wal", "-journal"]
        .into_iter()
        .any(|suffix| fs::symlink_metadata(files::beside(path, suffix)).is_ok())
}

/// Makes a new state under another name and renames it: what has the name is whole.
fn create(path: &Path) -> Result<()> {
    let new = files::beside(path, ".new");
    files::remove(&new)?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .map_err(|error| Error::io("cannot write the state", &new, &error))?;
    write_new(&new, &resolve(path)?).map_err(|failure| failure.into_error("write", &new))?;
    fault::point("state.create.before-rename");
    files::rename(&new, path)?;
    files::sync_directory(path)?;
    fault::point("state.create.after-rename");
    Ok(())
}

fn write_new(new: &Path, place: &Path) -> Step<()> {
    let mut connection = connect(new, Access::Write)?;
    // Several records to a page: all of them are read at every start.
    connection.execute_batch("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL")?;
    initialise(&mut connection, &Identity::new(place.to_path_buf())?)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn initialise(connection: &mut Connection, identity: &Identity) -> Step<()> {
    connection.pragma_update(None, "application_id", header::AT_REST)?;
    migrate::migrate(connection, migrate::MIGRATIONS)?;
    identity.insert(connection, clock::now_ms())?;
    Ok(())
}

fn open_state(path: &Path, lost: bool, early: Option<Records>) -> Step<(Store, Records)> {
    let mut connection = connect(path, Access::Write)?;
    refuse_newer(path, migrate::version(&connection)?)?;
    migrate::migrate(&mut connection, migrate::MIGRATIONS)?;
    make_private(path)?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut store = Store::new(path, connection, Access::Write)?;
    store.journal = Journal::of(directory.unwrap_or(Path::new(".")));
    store.lost = lost;
    if !lost {
        store.tidy_up()?;
    }
    let records = match early {
        Some(records) => records,
        None => load(&store.connection, store.lost)?,
    };
    Ok((store, records))
}

fn make_private(path: &Path) -> Result<()> {
    let refused = |error| Error::io("cannot make private", path, &error);
    let mode = fs::metadata(path).map_err(refused)?.permissions().mode();
    // Nothing for group and others.
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(refused)
}

/// Records that were read earlier, if the state has not changed since.
fn early_at(early: &mut Option<Early>, path: &Path, header: header::State) -> Option<Records> {
    early
        .take()
        .and_then(|early| early.records_of(path, header))
}

/// What lies at the path.
enum Looked {
    Missing,
    Garbage,
    State { lost: bool, header: header::State },
}

/// Looks at the header and the `-wal` file, as of one moment, though a run may be writing.
fn look(path: &Path) -> Result<Looked> {
    let read =
        || Header::read(path).map_err(|error| Error::io("cannot read the state", path, &error));
    let mut header = read()?;
    for _ in 0..50 {
        let wal = files::has_wal(path);
        let again = read()?;
        if header == again {
            return looked(path, header, wal);
        }
        header = again;
        std::thread::sleep(Duration::from_millis(2));
    }
    looked(path, header, true)
}

fn looked(path: &Path, header: Header, wal: bool) -> Result<Looked> {
    match header {
        Header::Missing => Ok(Looked::Missing),
        Header::Garbage if header::is_somebody_elses(path) => Err(no_state(path, "a text")),
        Header::Garbage => Ok(Looked::Garbage),
        Header::Foreign => Err(no_state(path, "a database")),
        Header::State(state) => {
            refuse_newer(path, state.version.into())?;
            Ok(Looked::State {
                lost: state.at_work && !wal,
                header: state,
            })
        }
    }
}

fn no_state(path: &Path, what: &str) -> Error {
    let path = path.display();
    Error::failed(format!("`{path}` is {what}, but not a betterform state"))
        .hint("choose another file with `--state`")
}

fn refuse_newer(path: &Path, version: i64) -> Result<()> {
    let latest = migrate::latest();
    if version <= latest {
        return Ok(());
    }
    let path = path.display();
    Err(Error::failed(format!(
        "the state `{path}` was written by a newer betterform (its schema is version {version}, this program knows {latest})"
    ))
    .hint("use that betterform, or a newer one"))
}

fn changes_lost(path: &Path) -> Note {
    Note::ChangesLost {
        path: files::beside(path, "-wal"),
    }
}

fn reason_of(failure: &Failure) -> String {
    match failure {
        Failure::Sqlite(error) => error.to_string(),
        Failure::Damaged(reason) => reason.clone(),
        Failure::Refused(error) => error.to_string(),
    }
}

pub(super) fn connect(path: &Path, access: Access) -> Step<Connection> {
    let flags = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    if access == Access::Read {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    // EXTRA is FULL and, with a rollback journal, makes its removal durable, which is the commit.
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF",
    )?;
    Ok(connection)
}

pub(super) fn load(connection: &Connection, lost: bool) -> Step<Records> {
    let mut records = read::records(connection)?;
    if lost {
        for recorded in records.values_mut() {
            if let Some(status) = status_after(recorded.status, Change::Lost) {
                recorded.status = status;
            }
            recorded.outcome = None;
        }
    }
    Ok(records)
}

impl Store {
    fn new(path: &Path, connection: Connection, access: Access) -> Step<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            identity: Identity::load(&connection)?,
            connection,
            access,
            journal: Journal::Rollback,
            moved: false,
            lost: false,
            mode: Mode::AtRest,
            pending: None,
            copy: None,
        })
    }
}
