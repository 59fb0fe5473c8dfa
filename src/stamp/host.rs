//! What templates of a stage may ask of the world, and what they asked. Knows nothing of the language.

mod texts;
mod zones;

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::source::lexical;
use crate::stamp::Request;
use crate::stamp::datasources::{Datasources, Place};
use crate::stamp::reads::{ConfigReads, Reads};
use crate::template::gomplate::HANDOVER;
use crate::template::{
    DirectoryEntry, FileDetails, FileKind, FileStatus, Host, LocalZone, Moment, SourceText, Text,
};

/// The world of one stage.
pub(super) struct StageHost<'a> {
    request: &'a Request<'a>,
    datasources: Datasources,
    /// What templates start with is a datasource, so what they take of it was read with that.
    pub(super) root_is_data: bool,
    /// gomplate's configuration enables its experimental functions.
    pub(super) is_experimental: bool,
    reads: Reads,
}

impl<'a> StageHost<'a> {
    pub(super) fn new(request: &'a Request<'a>, datasources: Datasources) -> Self {
        Self {
            request,
            datasources,
            root_is_data: false,
            is_experimental: false,
            reads: Reads::default(),
        }
    }

    /// What was read.
    pub(super) fn into_reads(self) -> Reads {
        self.reads
    }

    /// All variables, without noting that they are read: templates get them whole, and what they take of them is noted.
    pub(super) fn variables(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let variables = self.request.environment.iter();
        let bytes = |text: &OsStr| text.as_bytes().to_vec();
        variables
            .map(|(name, value)| (bytes(name), bytes(value)))
            .collect()
    }

    /// Notes that a path is read by a system call, relative ones from the deployment. As in gomplate, a `..` takes away the component before it,
    /// even a symlink; and none is no path.
    fn path(&mut self, action: &str, path: &[u8]) -> Result<PathBuf, String> {
        if path.is_empty() {
            return Err(format!("{action} : invalid argument"));
        }
        if path.contains(&b'\\') {
            return Err(format!("{HANDOVER}a path with a backslash"));
        }
        let path = lexical::absolute(self.request.deployment, Path::new(OsStr::from_bytes(path)));
        self.reads.files.insert(path.clone());
        Ok(path)
    }

    /// What is in a directory, sorted by name.
    pub(super) fn entries(&mut self, path: &[u8]) -> Result<Vec<DirectoryEntry>, String> {
        let path = self.path("open", path)?;
        let refused = |error: std::io::Error| format!("open {}: {}", path.display(), words(&error));
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            entries.push(DirectoryEntry {
                name: entry.file_name().as_bytes().to_vec(),
                is_directory: entry.file_type().map_err(refused)?.is_dir(),
            });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn note_variable(&mut self, name: &[u8]) {
        match std::str::from_utf8(name) {
            Ok(name) => drop(self.reads.env.insert(name.to_owned())),
            Err(_) => self.reads.all_env = true,
        }
    }
}

impl Host for StageHost<'_> {
    fn env(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        self.note_variable(name);
        let name = std::str::from_utf8(name).ok()?;
        self.request
            .environment
            .get(name)
            .map(|value| value.as_bytes().to_vec())
    }

    fn all_env(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.reads.all_env = true;
        self.variables()
    }

    fn read_file(&mut self, path: &[u8]) -> Result<Vec<u8>, String> {
        let path = self.path("open", path)?;
        std::fs::read(&path).map_err(|error| format!("open {}: {}", path.display(), words(&error)))
    }

    fn status(&mut self, path: &[u8]) -> Result<Option<FileStatus>, String> {
        if path.is_empty() {
            return Ok(None);
        }
        let path = self.path("stat", path)?;
        let Ok(metadata) = path.metadata() else {
            return Ok(None);
        };
        Ok(Some(FileStatus {
            kind: kind(&metadata),
            size: metadata.len(),
            mode: metadata.permissions().mode() & 0o7777,
        }))
    }

    fn details(&mut self, path: &[u8]) -> Result<FileDetails, String> {
        // No digest tells of times, sizes of directories, and all bits of modes.
        self.reads.incomplete = true;
        let path = self.path("stat", path)?;
        let metadata = path.metadata();
        let metadata =
            metadata.map_err(|error| format!("stat {}: {}", path.display(), words(&error)))?;
        Ok(FileDetails {
            name: path
                .file_name()
                .unwrap_or(OsStr::new("/"))
                .as_bytes()
                .to_vec(),
            kind: kind(&metadata),
            size: metadata.len(),
            mode: metadata.mode(),
            modified: Moment {
                seconds: metadata.mtime(),
                nanoseconds: u32::try_from(metadata.mtime_nsec()).unwrap_or_default(),
            },
        })
    }

    fn read_dir(&mut self, path: &[u8]) -> Result<Vec<DirectoryEntry>, String> {
        // A digest of the directory does not tell of a new one in it that is empty.
        self.reads.incomplete = true;
        self.entries(path)
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| format!("no random numbers: {error}"))
    }

    fn hardware_address(&mut self) -> Result<Option<[u8; 6]>, String> {
        crate::system::hardware::address()
            .map_err(|_| format!("{HANDOVER}the hardware address of this machine"))
    }

    fn now(&mut self) -> Moment {
        let now = crate::system::clock::now_ns();
        Moment {
            seconds: now.div_euclid(1_000_000_000),
            nanoseconds: u32::try_from(now.rem_euclid(1_000_000_000)).unwrap_or_default(),
        }
    }

    fn local_zone(&mut self) -> Result<LocalZone, String> {
        Ok(self.machine_zone())
    }

    fn zone(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.zone_data(name).ok_or_else(|| {
            format!("{HANDOVER}the time zone `{name}`, which this machine does not know")
        })
    }

    fn is_experimental(&mut self) -> bool {
        self.is_experimental
    }

    fn datasource(&mut self, alias: &[u8], arguments: &[Text]) -> Result<Vec<SourceText>, String> {
        let key = [alias, &arguments.concat()].concat();
        let place = self.datasources.find(alias)?;
        if let Some(texts) = self.datasources.recall(&key) {
            return Ok(texts.clone());
        }
        let first = arguments.first().map_or(&b""[..], |first| first);
        let texts = match (place, std::str::from_utf8(first)) {
            (Place::Config, Ok("")) => vec![self.config_text()],
            (Place::Url(url), Ok(relative)) => self.source_texts(&url, relative)?,
            _ => return Err(format!("{HANDOVER}an unusual part of a datasource")),
        };
        self.datasources.keep(key, texts.clone());
        Ok(texts)
    }

    fn has_datasource(&mut self, alias: &[u8]) -> bool {
        self.datasources.get(alias).is_some()
    }

    fn datasources(&mut self) -> Vec<Vec<u8>> {
        self.datasources.aliases()
    }

    fn define_datasource(&mut self, alias: &[u8], url: &[u8]) -> Result<(), String> {
        self.datasources.define(alias, url)
    }

    fn note_unrepeatable(&mut self, function: &str) {
        self.reads.unrepeatable.insert(function.to_owned());
    }

    fn read_root(&mut self, path: &[Text]) {
        match path {
            _ if self.root_is_data => {}
            // The other contexts are files and the like, which were read as a whole.
            [first, ..] if **first != *b"Env" && self.is_other_context(first) => {}
            [first] if **first == *b"Env" => self.reads.all_env = true,
            [first, name, ..] if **first == *b"Env" => self.note_variable(name),
            [first, rest @ ..] if **first == *b"cfg" => self.note_config(rest),
            _ => self.read_everything(),
        }
    }

    fn read_everything(&mut self) {
        if self.root_is_data {
            return;
        }
        self.reads.all_env = true;
        self.reads.config = ConfigReads::All;
    }
}

impl StageHost<'_> {
    /// Notes a path into the configuration; from a key that cannot be part of a path's text on, all that lies there.
    fn note_config(&mut self, keys: &[Text]) {
        let mut path = String::new();
        for key in keys {
            match std::str::from_utf8(key) {
                Ok(key) if !key.is_empty() && !key.contains(['.', '[', '"']) => {
                    path.push('.');
                    path.push_str(key);
                }
                _ => break,
            }
        }
        match &mut self.reads.config {
            ConfigReads::All => {}
            config if path.is_empty() => *config = ConfigReads::All,
            ConfigReads::Paths(paths) => drop(paths.insert(path)),
        }
    }
}

fn kind(metadata: &Metadata) -> FileKind {
    match metadata.file_type() {
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_dir() => FileKind::Directory,
        _ => FileKind::Other,
    }
}

/// The system's words for an error, without its number, as Go has them.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}
