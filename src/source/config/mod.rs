//! The configuration: where it comes from, its value, and its file.
//!
//! Does not know who reads it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::core::fingerprint::Digest;
use crate::error::{Error, Result};
use crate::source::jsonnet::{self, Evaluated};
use crate::source::project::Project;
use crate::source::{disk, lexical};
use crate::system::files;

mod command;
mod job;
mod json;
mod known;

pub use known::{Known, remembered};

/// The configuration of a deployment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its value.
    pub value: Value,
    /// Its JSON, byte for byte what is, or is to be, in `CONFIG_JSON_FILE`.
    pub bytes: Vec<u8>,
    /// The digest of these bytes.
    pub digest: Digest,
    /// Where it comes from.
    pub from: Origin,
    /// Every file that evaluating it read, as an absolute path. Of a `$JSONNET` command only the file that it was given.
    pub jsonnet_files: Vec<PathBuf>,
    /// What evaluating it had to say, one line each: the messages of `std.trace`.
    pub traces: Vec<String>,
    /// Whether it was evaluated just now, and not known from before.
    pub evaluated: bool,
    known: Option<Known>,
}

impl Config {
    /// No configuration, for commands that can do without.
    pub fn nothing() -> Self {
        Self {
            value: Value::Object(serde_json::Map::new()),
            bytes: EMPTY.to_vec(),
            digest: Digest::of(EMPTY),
            from: Origin::Nothing,
            jsonnet_files: Vec::new(),
            traces: Vec::new(),
            evaluated: false,
            known: None,
        }
    }
}

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was evaluated from this jsonnet file.
    Jsonnet(PathBuf),
    /// It is that of the betterform whose `ctl` started this one.
    Inherited,
    /// It is a file that somebody else made.
    File,
    /// There is none: it is `{}`.
    Nothing,
}

const EMPTY: &[u8] = b"{}\n";

/// Finds out the configuration, in memory. `known` is what is [`remembered`] of the last time.
///
/// # Errors
/// A file that is named is missing or is not JSON, evaluation fails (with jsonnet's trace), the jsonnet file from which
/// the configuration was made is gone, or the configuration would have to be written below `OUTPUT_DIR`.
pub fn evaluate(project: &Project, known: Option<&Known>) -> Result<Config> {
    if inherited(project) {
        return taken(project, Origin::Inherited);
    }
    let config = match &project.wave.config_jsonnet_file {
        Some(file) => from_jsonnet(project, file, known)?,
        None => without_jsonnet(project, known)?,
    };
    if matches!(config.from, Origin::Jsonnet(_) | Origin::Nothing) {
        check_destination(project, &config)?;
    }
    Ok(config)
}

/// Writes the configuration to `CONFIG_JSON_FILE` and remembers how it came about. Says whether bytes had to change.
///
/// A file that somebody else made is left alone.
///
/// # Errors
/// A file cannot be written; the old one is then as it was.
pub fn write(config: &Config, project: &Project) -> Result<bool> {
    let Some(known) = &config.known else {
        return Ok(false);
    };
    check_destination(project, config)?;
    let path = &project.wave.config_json_file;
    let before =
        disk::read_if_exists(path).map_err(|error| Error::io("cannot read", path, &error))?;
    let changed = before.as_ref() != Some(&config.bytes);
    if changed {
        let directory = path.parent().unwrap_or(path);
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::io("cannot make the directory", directory, &error))?;
        files::write_atomically(path, &config.bytes, None)?;
    }
    known::remember(project, known)?;
    Ok(changed)
}

/// Whether the configuration is that of the parent: nobody named a jsonnet file of our own.
fn inherited(project: &Project) -> bool {
    let named = project.overrides.config_json_file.is_some()
        || project.environment.text("CONFIG_JSON_FILE").is_some();
    named
        && project
            .parent
            .as_ref()
            .is_some_and(|parent| parent.config_jsonnet_file == project.wave.config_jsonnet_file)
}

/// A configuration that is taken as it is.
fn taken(project: &Project, from: Origin) -> Result<Config> {
    let path = &project.wave.config_json_file;
    let bytes = std::fs::read(path)
        .map_err(|error| Error::io("cannot read the configuration", path, &error))?;
    config(project, bytes, from)
}

fn config(project: &Project, bytes: Vec<u8>, from: Origin) -> Result<Config> {
    config_named(&project.shown(&project.wave.config_json_file), bytes, from)
}

/// A configuration whose bytes users know by a name.
fn config_named(name: &str, bytes: Vec<u8>, from: Origin) -> Result<Config> {
    Ok(Config {
        value: json::parse(&bytes, name)?,
        digest: Digest::of(&bytes),
        bytes,
        from,
        jsonnet_files: Vec::new(),
        traces: Vec::new(),
        evaluated: false,
        known: None,
    })
}

fn from_jsonnet(project: &Project, file: &Path, known: Option<&Known>) -> Result<Config> {
    check_jsonnet_file(project, file)?;
    let job = job::of(project, file)?;
    let wrapped = command::named(project);
    if let (Some(known), None) = (known, &wrapped)
        && let Some(bytes) = known.result(project, &job)
    {
        return Ok(Config {
            jsonnet_files: known.files_read(),
            known: Some(known.clone()),
            ..config(project, bytes, Origin::Jsonnet(file.to_owned()))?
        });
    }
    let name = format!("the JSON of {}", project.shown(file));
    let done = match &wrapped {
        Some(command) => command::run(project, command, &job, file)?,
        None => jsonnet::evaluate(&job)?,
    };
    let Evaluated {
        json,
        files,
        traces,
    } = done;
    let known = Known::of_jsonnet(project, &job, &files, &json);
    let read = files.into_iter().filter(|(_, digest)| digest.is_some());
    Ok(Config {
        jsonnet_files: read.map(|(path, _)| path).collect(),
        traces,
        evaluated: true,
        known: Some(known),
        ..config_named(&name, json, Origin::Jsonnet(file.to_owned()))?
    })
}

/// What can be told of a jsonnet file without evaluating it.
fn check_jsonnet_file(project: &Project, file: &Path) -> Result<()> {
    let shown = project.shown(file);
    let hint =
        "set `CONFIG_JSONNET_FILE` to the file that is meant, or to nothing if there is to be none";
    let wrong = |what: String| Err(Error::failed(what).hint(hint));
    // A pipe is read once, by whoever evaluates it.
    let open = |found: std::fs::Metadata| std::fs::File::open(file).map(|_| found);
    let found = std::fs::metadata(file);
    let found = found.and_then(|found| {
        if found.is_file() {
            open(found)
        } else {
            Ok(found)
        }
    });
    match found {
        Ok(found) if found.is_dir() => wrong(format!("the jsonnet file `{shown}` is a directory")),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match file.read_link() {
            Ok(target) => wrong(format!(
                "the jsonnet file `{shown}` is a symlink to `{}`, which does not exist",
                target.display()
            )),
            Err(_) => wrong(format!("the jsonnet file `{shown}` does not exist")),
        },
        Err(error) => wrong(format!("cannot read the jsonnet file `{shown}`: {error}")),
    }
}

fn without_jsonnet(project: &Project, known: Option<&Known>) -> Result<Config> {
    let path = &project.wave.config_json_file;
    let found = disk::read_if_exists(path)
        .map_err(|error| Error::io("cannot read the configuration", path, &error))?;
    let made = match (&found, known) {
        (Some(bytes), Some(known)) => known.made(project, bytes),
        _ => None,
    };
    match (found, made) {
        (Some(_), Some(known::Made::FromJsonnet(file))) => {
            let path = project.shown(path);
            let message = format!("`{path}` was made from `{file}`, but its jsonnet file is gone");
            Err(Error::failed(message).hint(format!(
                "bring `{file}` back, set `CONFIG_JSONNET_FILE` to where it is now, or delete `{path}` to go on without"
            )))
        }
        (Some(_), None) => taken(project, Origin::File),
        (None, _) | (Some(_), Some(known::Made::FromNothing)) => Ok(Config {
            known: Some(Known::of_nothing(project, EMPTY)),
            ..config(project, EMPTY.to_vec(), Origin::Nothing)?
        }),
    }
}

/// What is generated must not overwrite what somebody made.
fn check_destination(project: &Project, config: &Config) -> Result<()> {
    let wave = &project.wave;
    let path = &wave.config_json_file;
    let shown = project.shown(path);
    let below = |path: &Path, directory: &Path| path.starts_with(directory);
    let (real, output) = (disk::real(path), disk::real(&wave.output_dir));
    if below(path, &wave.output_dir) || below(&real, &output) {
        let message =
            format!("the configuration would be written below `OUTPUT_DIR`, to `{shown}`");
        return Err(Error::failed(message).hint(
            "set `CONFIG_JSON_FILE` to a place elsewhere, or `CONFIG_JSONNET_FILE=` if that file is to be taken as it is",
        ));
    }
    let parents = project
        .parent
        .as_ref()
        .map(|parent| &parent.config_json_file);
    if parents.is_some_and(|parents| disk::same(parents, path)) {
        let message = format!(
            "the configuration would be written over that of the betterform that runs this stage, `{shown}`"
        );
        return Err(Error::failed(message)
            .hint("in the stage's `ctl`, set `GENFILES=$GENFILES/$STAGE_NAME`"));
    }
    if config
        .jsonnet_files
        .iter()
        .any(|file| disk::same(file, path))
    {
        let message =
            format!("the configuration would be written over `{shown}`, from which it is made");
        return Err(Error::failed(message).hint("set `CONFIG_JSON_FILE` to a place elsewhere"));
    }
    Ok(())
}

/// How a path is compared between calls: relative to the deployment, so that a deployment may move.
fn relative(project: &Project, path: &Path) -> Digest {
    let path = path.strip_prefix(&project.deployment).unwrap_or(path);
    Digest::of(path.as_os_str().as_encoded_bytes())
}

/// A path of a jsonnet program: relative to the deployment where it lies in it, as `std.thisFile` tells it.
fn program_path(project: &Project, path: &Path) -> PathBuf {
    let absolute = lexical::absolute(&project.deployment, path);
    match absolute.strip_prefix(&project.deployment) {
        Ok(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
        Ok(rest) => rest.to_owned(),
        Err(_) => absolute,
    }
}

#[cfg(test)]
mod tests;
