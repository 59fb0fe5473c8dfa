//! What the call, the environment and the settings say about evaluating jsonnet.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::config::program_path;
use crate::source::jsonnet::{Form, Job, Variable};
use crate::source::project::Project;
use crate::source::settings::JsonnetText;
use crate::system::environment::Environment;

/// All that evaluating a file depends on, but for files.
pub(super) fn of(project: &Project, file: &Path) -> Result<Job> {
    let flags = &project.overrides;
    let table = &project.settings.file.jsonnet;
    let environment = &project.environment;
    Ok(Job {
        directory: project.deployment.clone(),
        file: program_path(project, file),
        library_path: library_path(project),
        ext: variables(
            environment,
            [(&table.ext_str, Form::Text), (&table.ext_code, Form::Code)],
            [
                ("-V", &flags.ext_str, Form::Text),
                ("--ext-code", &flags.ext_code, Form::Code),
            ],
        )?,
        tla: variables(
            environment,
            [(&table.tla_str, Form::Text), (&table.tla_code, Form::Code)],
            [
                ("-A", &flags.tla_str, Form::Text),
                ("--tla-code", &flags.tla_code, Form::Code),
            ],
        )?,
    })
}

/// Where imports are looked up: the last `-J` first, then `JSONNET_PATH` from the left, then the settings' last `jpath`.
fn library_path(project: &Project) -> Vec<PathBuf> {
    let flags = project.overrides.jpath.iter().rev();
    let settings = jpath_of_settings(project);
    let places = flags
        .cloned()
        .chain(jpath_of_environment(project))
        .chain(settings);
    places.map(|path| program_path(project, &path)).collect()
}

/// The directories of `JSONNET_PATH`.
pub(super) fn jpath_of_environment(project: &Project) -> Vec<PathBuf> {
    let value = project.environment.get("JSONNET_PATH").unwrap_or_default();
    let parts = value.as_bytes().split(|byte| *byte == b':');
    let named = parts.filter(|part| !part.is_empty());
    named
        .map(|part| PathBuf::from(std::ffi::OsStr::from_bytes(part)))
        .collect()
}

/// The settings' `jpath`, the weightiest first.
pub(super) fn jpath_of_settings(project: &Project) -> Vec<PathBuf> {
    let jpath = project.settings.file.jsonnet.jpath.iter().flatten().rev();
    jpath.map(|location| location.0.clone()).collect()
}

/// Variables by name: flags go before settings, and of two flags the later one, code after texts.
fn variables(
    environment: &Environment,
    tables: [(&BTreeMap<String, JsonnetText>, Form); 2],
    flags: [(&str, &Vec<String>, Form); 2],
) -> Result<Vec<Variable>> {
    let mut found = BTreeMap::new();
    for (table, form) in tables {
        for (name, text) in table {
            let value = match text {
                JsonnetText::Text(text) => text.clone(),
                JsonnetText::Variable { env } => {
                    from_environment(environment, env).map_err(|why| {
                        Error::failed(why).context(format!("the jsonnet variable `{name}`"))
                    })?
                }
            };
            found.insert(name.clone(), (form, value));
        }
    }
    for (flag, given, form) in flags {
        for given in given {
            let (name, value) = if let Some((name, value)) = given.split_once('=') {
                (name, value.to_owned())
            } else {
                let wrong = |why| Error::usage(format!("`{flag} {given}`: {why}"));
                let value = from_environment(environment, given).map_err(wrong)?;
                (given.as_str(), value)
            };
            found.insert(name.to_owned(), (form, value));
        }
    }
    let found = found.into_iter();
    Ok(found
        .map(|(name, (form, value))| Variable { name, form, value })
        .collect())
}

fn from_environment(environment: &Environment, name: &str) -> Result<String, String> {
    let value = environment.get(name);
    let value = value.ok_or_else(|| format!("the environment variable `{name}` is not set"))?;
    let text = value.to_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("the value of `{name}` is not UTF-8"))
}
