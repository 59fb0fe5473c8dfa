//! What templates may ask of the world. It knows no world: `stamp` provides one, tests another.

use crate::template::value::{Text, Value};

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
}

/// The time zone of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalZone {
    /// UTC, or none is known.
    Utc,
    /// One of the database.
    Data {
        /// As Go names it: `Local`, or what `TZ` says.
        name: String,
        /// In the format `TZif`.
        data: Vec<u8>,
    },
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
}

/// All that is known of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDetails {
    /// The last part of its absolute path.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
    /// Bytes; of what is no regular file, what the system says.
    pub size: u64,
    /// The system's bits for type and permissions (`st_mode`).
    pub mode: u32,
    /// When its content was last written.
    pub modified: Moment,
}

/// What lies in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name in the directory.
    pub name: Vec<u8>,
    /// Whether it is a directory; a link to one is none.
    pub is_directory: bool,
}

/// The text of a datasource and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The bytes as read.
    pub text: Vec<u8>,
    /// The media type, `application/json`; `None` where only the machine that it lies on knows.
    pub media_type: Option<String>,
}

/// What a running template may ask of the outside, and tells it. Paths and names are bytes: they
/// need not be UTF-8. Errors are the text that the function fails with.
pub trait Host {
    /// An environment variable.
    fn env(&mut self, name: &[u8]) -> Option<Vec<u8>>;
    /// All environment variables, name and value.
    fn all_env(&mut self) -> Vec<(Vec<u8>, Vec<u8>)>;
    /// The bytes of a file.
    fn read_file(&mut self, path: &[u8]) -> Result<Vec<u8>, String>;
    /// What a path names, symbolic links followed; `None` where nothing is.
    fn status(&mut self, path: &[u8]) -> Result<Option<FileStatus>, String>;
    /// All that is known of what a path names, symbolic links followed.
    fn details(&mut self, path: &[u8]) -> Result<FileDetails, String>;
    /// What is in a directory, sorted by name.
    fn read_dir(&mut self, path: &[u8]) -> Result<Vec<DirectoryEntry>, String>;
    /// Fills a slice by chance, so that nobody can foresee it. The function notes itself that its output is unrepeatable.
    fn random(&mut self, bytes: &mut [u8]) -> Result<(), String>;
    /// The first hardware address of the machine's network interfaces, if one has any.
    fn hardware_address(&mut self) -> Result<Option<[u8; 6]>, String>;
    /// The time now. Asking makes the output unrepeatable; the function notes that itself.
    fn now(&mut self) -> Moment;
    /// The time zone of the machine.
    fn local_zone(&mut self) -> Result<LocalZone, String>;
    /// The data of a zone of the database, in the format `TZif`; `name` is relative and has no `..`.
    fn zone(&mut self, name: &str) -> Result<Vec<u8>, String>;
    /// Whether gomplate's configuration enables its experimental functions.
    fn is_experimental(&mut self) -> bool;
    /// The text of a datasource, or several that are to be merged, the first before the others; `arguments` are those after
    /// the alias. An alias that is a URL need not be defined.
    fn datasource(&mut self, alias: &[u8], arguments: &[Text]) -> Result<Vec<SourceText>, String>;
    /// Whether the alias is defined.
    fn has_datasource(&mut self, alias: &[u8]) -> bool;
    /// The aliases that are defined, sorted.
    fn datasources(&mut self) -> Vec<Vec<u8>>;
    /// Defines an alias while the template runs.
    fn define_datasource(&mut self, alias: &[u8], url: &[u8]) -> Result<(), String>;
    /// Called by a function whose result may differ from run to run: random, time, network.
    fn note_unrepeatable(&mut self, function: &str);
    /// Called for each chain of names that starts at the root data, with the names as written: the
    /// value there, and all that it contains, was read, or was found to be absent. A method of the
    /// root is a name like any other (`Env`, `X`); other methods, and what is not a map, end the
    /// path. May be coarser than the truth, never finer: `with .cfg` reports all of `cfg`.
    fn read_root(&mut self, path: &[Text]);
    /// Called when the root itself is passed around: anything in it may have been read.
    fn read_everything(&mut self);
}

/// The running engine, as functions that render templates see it (`tpl`, `tmpl.Exec`).
pub trait Reentry {
    /// The world.
    fn host(&mut self) -> &mut dyn Host;
    /// The name of the outermost template.
    fn name(&self) -> &str;
    /// The data that the outermost template was started with.
    fn root(&mut self) -> Value;
    /// Whether the running set has a template of that name.
    fn defines(&self, name: &str) -> bool;
    /// Executes a template of the running set. The error is the full Go text.
    fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, String>;
    /// Parses `text` as a new template `name` in the running set and executes it.
    fn execute_text(&mut self, name: &str, text: &[u8], data: Value) -> Result<Vec<u8>, String>;
}
