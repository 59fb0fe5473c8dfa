//! What is remembered of the last evaluation, beside the state, so that it need not be done again.
//!
//! It also tells a configuration that betterform made from one that somebody else did. A record that cannot be read is
//! none.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::source::config::relative;
use crate::source::jsonnet::{Form, Job};
use crate::source::project::Project;
use crate::system::files;

const FILE_NAME: &str = "config-cache.json";

/// The version of the record, and of the evaluator: another one evaluates again.
const VERSION: &str = concat!("1 ", env!("CARGO_PKG_VERSION"), " rsjsonnet 0.5.1");

/// How a configuration came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    version: String,
    /// The jsonnet file, as users know it; nothing if the configuration is `{}` for want of one.
    jsonnet: Option<String>,
    /// The library path and all variables.
    job: Digest,
    /// Every file that was read, and every place where one was looked for in vain.
    files: Vec<Seen>,
    /// The path of `CONFIG_JSON_FILE`, relative to the deployment.
    destination: Digest,
    /// The bytes that it holds.
    result: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    path: Name,
    digest: Option<Digest>,
}

/// A path, which need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Bytes(Vec<u8>),
}

impl Name {
    fn of(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_owned()),
        }
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Text(text) => PathBuf::from(text),
            Self::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes.clone())),
        }
    }
}

/// From what betterform made a configuration.
pub(super) enum Made {
    /// From this jsonnet file.
    FromJsonnet(String),
    /// From nothing: it is `{}`.
    FromNothing,
}

impl Known {
    pub(super) fn of_jsonnet(
        project: &Project,
        job: &Job,
        files: &[(PathBuf, Option<Digest>)],
        result: &[u8],
    ) -> Self {
        let seen = |(path, digest): &(PathBuf, Option<Digest>)| Seen {
            path: Name::of(path),
            digest: *digest,
        };
        Self {
            jsonnet: Some(job.file.display().to_string()),
            job: digest(job),
            files: files.iter().map(seen).collect(),
            ..Self::of_nothing(project, result)
        }
    }

    pub(super) fn of_nothing(project: &Project, result: &[u8]) -> Self {
        Self {
            version: VERSION.to_owned(),
            jsonnet: None,
            job: Digest::ABSENT,
            files: Vec::new(),
            destination: relative(project, &project.wave.config_json_file),
            result: Digest::of(result),
        }
    }

    /// The result, if evaluating again would give it again: nothing changed, and it is still there.
    pub(super) fn result(&self, project: &Project, job: &Job) -> Option<Vec<u8>> {
        let same = self.version == VERSION && self.jsonnet.is_some() && self.job == digest(job);
        if !same || !self.files.iter().all(Seen::is_unchanged) {
            return None;
        }
        let bytes = std::fs::read(&project.wave.config_json_file).ok()?;
        self.is_of(project, &bytes).then_some(bytes)
    }

    /// From what betterform made these bytes of `CONFIG_JSON_FILE`, if it did.
    pub(super) fn made(&self, project: &Project, bytes: &[u8]) -> Option<Made> {
        self.is_of(project, bytes).then(|| match &self.jsonnet {
            Some(file) => Made::FromJsonnet(file.clone()),
            None => Made::FromNothing,
        })
    }

    fn is_of(&self, project: &Project, bytes: &[u8]) -> bool {
        self.destination == relative(project, &project.wave.config_json_file)
            && self.result == Digest::of(bytes)
    }

    pub(super) fn files_read(&self) -> Vec<PathBuf> {
        let read = self.files.iter().filter(|seen| seen.digest.is_some());
        read.map(|seen| seen.path.path()).collect()
    }
}

impl Seen {
    fn is_unchanged(&self) -> bool {
        match (std::fs::read(self.path.path()), self.digest) {
            (Ok(bytes), Some(digest)) => Digest::of(&bytes) == digest,
            (Err(error), None) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// The digest of all that evaluating depends on besides files.
fn digest(job: &Job) -> Digest {
    let mut hasher = Hasher::new("jsonnet");
    hasher.field(job.directory.as_os_str().as_bytes());
    hasher.field(job.file.as_os_str().as_bytes());
    hasher.number(job.library_path.len() as u64);
    for path in &job.library_path {
        hasher.field(path.as_os_str().as_bytes());
    }
    for variables in [&job.ext, &job.tla] {
        hasher.number(variables.len() as u64);
        for variable in variables {
            hasher.field(variable.name.as_bytes());
            hasher.number(u64::from(variable.form == Form::Code));
            hasher.field(variable.value.as_bytes());
        }
    }
    hasher.finish()
}

/// What is remembered of the last evaluation; nothing if that cannot be read.
pub fn remembered(project: &Project) -> Option<Known> {
    let bytes = std::fs::read(project.beside_state(FILE_NAME)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Remembers an evaluation for the next call.
pub(super) fn remember(project: &Project, known: &Known) -> Result<()> {
    if remembered(project).as_ref() == Some(known) {
        return Ok(());
    }
    let path = project.beside_state(FILE_NAME);
    let directory = path.parent().unwrap_or(&path);
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(directory);
    made.map_err(|error| Error::io("cannot make the directory", directory, &error))?;
    let text = serde_json::to_vec_pretty(known)
        .map_err(|error| Error::failed(format!("cannot remember the configuration: {error}")))?;
    files::write_atomically(&path, &text, Some(0o600))
}
