//! A jsonnet command of the user's choice, instead of the embedded evaluator: `$JSONNET FILE -o OUT`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Output};

use crate::core::fingerprint::Digest;
use crate::error::{Error, Result};
use crate::source::config::job;
use crate::source::jsonnet::{Evaluated, Form, Job};
use crate::source::project::Project;
use crate::system::process;

/// The command that `JSONNET` names, if it does: a program and its first arguments, separated by white space.
pub(super) fn named(project: &Project) -> Option<Vec<OsString>> {
    use std::os::unix::ffi::OsStrExt as _;
    let value = project.environment.get("JSONNET")?.as_bytes();
    let words = value
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let words: Vec<OsString> = words
        .map(|word| OsStr::from_bytes(word).to_owned())
        .collect();
    (!words.is_empty()).then_some(words)
}

/// Has the command evaluate a file. What it imports is not known.
pub(super) fn run(
    project: &Project,
    words: &[OsString],
    job: &Job,
    file: &Path,
) -> Result<Evaluated> {
    let place = tempfile::tempdir()
        .map_err(|error| Error::failed(format!("cannot make a temporary directory: {error}")))?;
    let out = place.path().join("config.json");
    let mut words = words.to_vec();
    words.extend(arguments(project, job));
    words.push(job.file.clone().into());
    words.push("-o".into());
    words.push(out.clone().into());
    let line = words.join(OsStr::new(" "));
    let line = line.display();
    let done = start(project, &words, |error| {
        Error::failed(format!("cannot run `{line}`: {error}"))
            .hint("`JSONNET` names this command; without it jsonnet is evaluated in process")
    })?;
    let told = String::from_utf8_lossy(&done.stderr);
    let told = told.trim_end();
    if !done.status.success() {
        let message = format!("`{line}` failed ({})\n{told}", done.status);
        return Err(Error::failed(message.trim_end()));
    }
    let json = std::fs::read(&out)
        .map_err(|error| Error::failed(format!("`{line}` wrote no result: {error}")))?;
    let main = std::fs::read(file).map_err(|error| Error::io("cannot read", file, &error))?;
    Ok(Evaluated {
        json,
        files: vec![(file.to_owned(), Some(Digest::of(&main)))],
        traces: told.lines().map(str::to_owned).collect(),
    })
}

/// The library path and variables that flags and settings name, as flags of the jsonnet command.
fn arguments(project: &Project, job: &Job) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for path in &project.overrides.jpath {
        words.push("-J".into());
        words.push(path.into());
    }
    for (variables, text, code) in [
        (&job.ext, "--ext-str", "--ext-code"),
        (&job.tla, "--tla-str", "--tla-code"),
    ] {
        for variable in variables {
            let flag = if variable.form == Form::Text {
                text
            } else {
                code
            };
            words.push(flag.into());
            words.push(format!("{}={}", variable.name, variable.value).into());
        }
    }
    words
}

/// Starts a command in the deployment, with nothing to read, and waits for it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one process that belongs to the configuration"
)]
fn start(
    project: &Project,
    words: &[OsString],
    refused: impl FnOnce(&std::io::Error) -> Error,
) -> Result<Output> {
    let mut places = job::jpath_of_environment(project);
    places.extend(job::jpath_of_settings(project));
    let jsonnet_path = places
        .iter()
        .map(|path| path.as_os_str())
        .collect::<Vec<_>>();
    let mut command = Command::new(words.first().map_or(OsStr::new(""), OsString::as_os_str));
    command
        .args(words.iter().skip(1))
        .current_dir(&project.deployment)
        .env_clear()
        .envs(project.environment.iter())
        .env("JSONNET_PATH", jsonnet_path.join(OsStr::new(":")));
    process::output(&mut command, refused)
}
