//! The wave interface: which library and deployment the call is about, and where everything lies.
//!
//! Does not know the graph of stages, nor what the configuration says.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::settings::{self, Color, Location, Parsed, Settings, Stamper, Whole};
use crate::source::{disk, lexical};
use crate::system::environment::Environment;

mod checks;

mod nesting;
mod overrides;
mod wave;

pub use nesting::Parent;
pub use overrides::Overrides;
pub use wave::{DAG_FILE, Wave};

use wave::{Call, Origin};

/// What one call of betterform is about.
#[derive(Debug)]
pub struct Project {
    /// The directory from which betterform is called, or that of `-C DIR`: absolute, symlinks not resolved.
    pub deployment: PathBuf,
    /// The wave variables.
    pub wave: Wave,
    /// The settings of both files, flags and environment included.
    pub settings: Settings,
    /// The environment of the call; with `-C DIR`, its `PWD` is that directory.
    pub environment: Environment,
    /// The betterform that this one was started by a `ctl` of.
    pub parent: Option<Parent>,
    /// The flags of the call.
    pub overrides: Overrides,
    /// What was tolerated, with [`Project::load_lenient`].
    pub warnings: Vec<Error>,
    state: PathBuf,
}

/// Whether a missing or broken library is an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// It is.
    Needed,
    /// It is a warning: the command needs only what is recorded. If nothing says which the library is, `IMPL_DIR` is the
    /// deployment.
    Optional,
}

impl Project {
    /// Finds out what a call is about. `directory` is that of `-C`.
    ///
    /// # Errors
    /// There is no library or its settings are wrong, and it is needed; the deployment's settings or a variable are wrong,
    /// which say where the records lie; or places are the same that must not be.
    pub fn load(
        cwd: &Path,
        directory: Option<&Path>,
        overrides: Overrides,
        mut environment: Environment,
        needed: Library,
    ) -> Result<Self> {
        let deployment = deployment(cwd, directory, &environment)?;
        if directory.is_some() {
            environment.set("PWD", &deployment);
        }
        let parent = Parent::of(&environment);
        let call = Call {
            deployment: &deployment,
            overrides: &overrides,
            environment: &environment,
        };
        let (impl_dir, mut settings, warnings) = library(&call, needed)?;
        override_settings(&mut settings, &overrides, &environment)?;
        let wave = call.wave(impl_dir, &settings.file, parent.as_ref())?;
        let state = state_file(&call, &settings, &wave);
        let project = Self {
            deployment,
            wave,
            settings,
            environment,
            parent,
            overrides,
            warnings,
            state,
        };
        project.check_places()?;
        Ok(project)
    }

    /// The file of the state.
    pub fn state_path(&self) -> &Path {
        &self.state
    }

    /// A file of ours beside the state. Its name says whose it is, where several states lie in one directory.
    pub fn beside_state(&self, name: &str) -> PathBuf {
        match self.state.file_name() {
            Some(file) if file != "state.db" => {
                let mut prefixed = file.to_owned();
                prefixed.push(".");
                prefixed.push(name);
                self.state.with_file_name(prefixed)
            }
            _ => self.state.with_file_name(name),
        }
    }

    /// How users should see a path: relative to the deployment, if it lies there.
    pub fn shown(&self, path: &Path) -> String {
        lexical::shown(path, &self.deployment)
    }
}

/// The library, the settings of both it and the deployment, and what was tolerated.
fn library(call: &Call<'_>, needed: Library) -> Result<(PathBuf, Settings, Vec<Error>)> {
    let mut warnings = Vec::new();
    let mut tolerate = |error: Error| match needed {
        Library::Needed => Err(error),
        Library::Optional => {
            warnings.push(error);
            Ok(())
        }
    };
    let own = read_settings(call.deployment, call.deployment)?;
    let anchored = own.file.clone().anchored(call.deployment);
    let found = call.library(&anchored);
    let directory = match &found {
        Some((path, _)) => path.clone(),
        None => call.deployment.to_owned(),
    };
    if let Err(error) = check_library(call.deployment, found.as_ref()) {
        tolerate(error)?;
    }
    let settings = match settings_of(&directory, call.deployment, &own) {
        Ok(settings) => settings,
        Err(error) => {
            tolerate(error)?;
            Settings::single(own, call.deployment)?
        }
    };
    Ok((directory, settings, warnings))
}

/// The directory that the call is made from. `PWD` shows it as the user came there, if it is true.
fn deployment(cwd: &Path, directory: Option<&Path>, environment: &Environment) -> Result<PathBuf> {
    let pwd = environment.get("PWD").map(Path::new);
    let start = pwd
        .filter(|pwd| pwd.is_absolute() && is_directory(pwd, cwd))
        .unwrap_or(cwd);
    let Some(directory) = directory else {
        return Ok(lexical::absolute(start, Path::new("")));
    };
    let deployment = lexical::absolute(start, directory);
    match std::fs::metadata(&deployment) {
        Ok(found) if found.is_dir() => Ok(deployment),
        Ok(_) => Err(Error::usage(format!(
            "`-C {}`: this is not a directory",
            directory.display()
        ))),
        Err(error) => Err(Error::usage(format!(
            "`-C {}`: {error}",
            directory.display()
        ))),
    }
}

fn is_directory(pwd: &Path, cwd: &Path) -> bool {
    let identity = |path| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((identity(pwd), identity(cwd)), (Ok(one), Ok(other)) if one == other)
}

/// The library must be there.
fn check_library(deployment: &Path, found: Option<&(PathBuf, Origin)>) -> Result<()> {
    let Some((path, origin)) = found else {
        let deployment = deployment.display();
        let message = format!(
            "there is no library: `IMPL_DIR` is not set, and `{deployment}` holds no `{DAG_FILE}`"
        );
        return Err(Error::failed(message).hint(
            "set `IMPL_DIR`, give `--impl-dir DIR`, or put `impl_dir = \"DIR\"` into `betterform.toml`",
        ));
    };
    if path.is_dir() {
        return Ok(());
    }
    let named = match origin {
        Origin::Flag => "`--impl-dir`",
        Origin::Environment => "`IMPL_DIR`",
        Origin::Settings => "`impl_dir` in `betterform.toml`",
        Origin::Default => "the deployment",
    };
    let reason = if path.exists() {
        "is not a directory"
    } else {
        "does not exist"
    };
    let message = format!("the library `{}` {reason}", path.display());
    Err(Error::failed(message).hint(format!("{named} says that the library is there")))
}

/// What the settings file in a directory says; nothing, if there is none.
fn read_settings(directory: &Path, deployment: &Path) -> Result<Parsed> {
    let path = directory.join(settings::FILE_NAME);
    let bytes =
        disk::read_if_exists(&path).map_err(|error| Error::io("cannot read", &path, &error))?;
    match bytes {
        Some(bytes) => settings::parse(&bytes, &lexical::shown(&path, deployment)),
        None => Ok(Parsed::default()),
    }
}

/// The deployment's settings with those of its library, if that is another directory.
fn settings_of(library: &Path, deployment: &Path, own: &Parsed) -> Result<Settings> {
    if disk::same(library, deployment) {
        return Settings::single(own.clone(), deployment);
    }
    let lower = read_settings(library, deployment)?;
    Settings::merge((lower, library), (own.clone(), deployment))
}

/// Flags and variables go before settings files.
fn override_settings(
    settings: &mut Settings,
    flags: &Overrides,
    environment: &Environment,
) -> Result<()> {
    let jobs = match (flags.jobs, environment.text("BETTERFORM_JOBS")) {
        (Some(jobs), _) => Some(("-j", jobs.to_string())),
        (None, Some(jobs)) => Some(("BETTERFORM_JOBS", jobs.to_owned())),
        (None, None) => None,
    };
    if let Some((name, text)) = jobs {
        let jobs =
            Whole::parse(&text).map_err(|wrong| Error::usage(format!("`{name}`: {wrong}")))?;
        settings.file.jobs = Some(jobs);
    }
    settings.stamper = match (flags.stamper, environment.text("BETTERFORM_STAMPER")) {
        (Some(stamper), _) => Some(stamper),
        (None, Some(word)) => Some(stamper(word)?),
        (None, None) => None,
    };
    settings.file.output = flags.output.or(settings.file.output);
    settings.file.fail_fast = flags.fail_fast.or(settings.file.fail_fast);
    let usual = if environment.text("NO_COLOR").is_some() {
        Some(Color::Never)
    } else {
        let forced = environment
            .text("CLICOLOR_FORCE")
            .filter(|value| *value != "0");
        forced.map(|_| Color::Always)
    };
    settings.file.color = flags.color.or(usual).or(settings.file.color);
    Ok(())
}

fn stamper(word: &str) -> Result<Stamper> {
    match word {
        "auto" => Ok(Stamper::Auto),
        "embedded" => Ok(Stamper::Embedded),
        "gomplate" => Ok(Stamper::Gomplate),
        _ => Err(Error::usage(format!(
            "`BETTERFORM_STAMPER`: `{word}` is not one of `auto`, `embedded`, `gomplate`"
        ))),
    }
}

/// Where the state lies: where something says, else beside `GENFILES`.
fn state_file(call: &Call<'_>, settings: &Settings, wave: &Wave) -> PathBuf {
    let setting: Option<&Location> = settings.file.state.as_ref();
    let flag = call.overrides.state.as_deref();
    if let Some((path, _)) = call.pick(flag, "BETTERFORM_STATE", setting) {
        return path;
    }
    let parent = wave.genfiles.parent().unwrap_or(&wave.genfiles);
    let name = wave.genfiles.file_name().unwrap_or_default();
    parent.join(".betterform").join(name).join("state.db")
}

#[cfg(test)]
mod tests;
