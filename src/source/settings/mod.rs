//! What `betterform.toml` says, of a library and its deployment together.
//! Does not know flags, the environment or the graph of stages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::core::stage::StageName;
use crate::core::suggest::suggest;
use crate::error::{Diagnostic, Error, Result};

mod choices;
mod file;
mod merge;
mod numbers;
pub(crate) mod parse;
mod patterns;

pub use choices::{Color, ConfigInputs, CtlCwd, OutputStyle, Snapshots, Stamper};
pub use file::{File, JsonnetTable, JsonnetText, StageTable, StampTable};
pub use numbers::{Jobs, Retries, Size, Timespan, Whole};
pub use parse::{Mention, Parsed, parse};
pub use patterns::{Below, Delimiter, Glob, Location, NamePattern, PathPattern};

/// The name of the settings file, in a library or a deployment.
pub const FILE_NAME: &str = "betterform.toml";

/// How long an interrupted `ctl` has to end by itself, unless settings say otherwise.
pub const GRACE: Duration = Duration::from_secs(300);

/// How long to wait before the first retry, unless settings say otherwise.
pub const RETRY_DELAY: Duration = Duration::from_secs(5);

/// The largest file whose contents are kept, in bytes, unless settings say otherwise.
pub const SNAPSHOT_LIMIT: u64 = 16 << 20;

/// What the library's and the deployment's settings say together.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Both files as one; paths in it are absolute.
    pub file: File,
    /// The stamper that the call asks for, whatever the files say.
    pub stamper: Option<Stamper>,
    stages: Vec<Mention>,
}

/// What holds for one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageSettings {
    /// Globs of files that are inputs.
    pub inputs: Vec<PathPattern>,
    /// Globs of files below `$OUTPUT_DIR` that it owns besides its own directory there.
    pub outputs: Vec<String>,
    /// Environment variables that are inputs: those of every stage, then its own; a later `!` wins.
    pub env: Vec<String>,
    /// What of the configuration is an input of running it; `None`: all of it, if its text mentions the file.
    pub config: Option<ConfigInputs>,
    /// Globs below the library that replace the rule for shared files.
    pub shared: Option<Vec<String>>,
    /// How long `ctl` may run; `None` for ever.
    pub timeout: Option<Duration>,
    /// How often a failed `ctl up` is tried again.
    pub retries: u32,
    /// How long to wait before the first of these tries.
    pub retry_delay: Duration,
    /// How long an interrupted `ctl` has to end by itself.
    pub grace: Duration,
    /// Whether it must never be taken down.
    pub protect: bool,
    /// The pool that it belongs to.
    pub pool: Option<String>,
    /// Whether it runs every time.
    pub always: bool,
    /// Globs of files in the stamped directory in which `ctl` keeps its own state.
    pub keep: Vec<String>,
    /// Where `ctl` is started.
    pub ctl_cwd: CtlCwd,
    /// How it is stamped.
    pub stamp: StampSettings,
}

/// How one stage is stamped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StampSettings {
    /// Which stamper renders, if settings say so.
    pub stamper: Option<Stamper>,
    /// The left delimiter, if settings say so.
    pub left_delim: Option<String>,
    /// The right delimiter, if settings say so.
    pub right_delim: Option<String>,
    /// Patterns in the syntax of `.gitignore` for files that are copied byte for byte.
    pub verbatim: Vec<String>,
    /// Patterns in the syntax of `.gitignore` for files that are for their owner only.
    pub sensitive: Vec<String>,
}

impl Settings {
    /// The settings of a deployment, which lies in one directory, over those of its library, which lies in another.
    ///
    /// # Errors
    /// The library's file must not set `impl_dir`, and a stage's pool must be one that has a limit.
    pub fn merge(library: (Parsed, &Path), deployment: (Parsed, &Path)) -> Result<Self> {
        let ((library, library_dir), (deployment, deployment_dir)) = (library, deployment);
        if let Some(place) = library.impl_dir {
            return Err(Error::at(vec![place]));
        }
        let lower = library.file.anchored(library_dir);
        let file = deployment.file.anchored(deployment_dir).over(lower);
        let stages = [library.stages, deployment.stages].concat();
        Self {
            file,
            stages,
            stamper: None,
        }
        .checked()
    }

    /// The settings of a deployment that is its own library, or whose library is not known.
    ///
    /// # Errors
    /// The same as those of [`Settings::merge`].
    pub fn single(deployment: Parsed, directory: &Path) -> Result<Self> {
        let file = deployment.file.anchored(directory);
        let stages = deployment.stages;
        Self {
            file,
            stages,
            stamper: None,
        }
        .checked()
    }

    /// Refuses a stage in a pool that has no limit: that is a name misspelled.
    fn checked(self) -> Result<Self> {
        let pools: Vec<&str> = self.file.pools.keys().map(String::as_str).collect();
        let mut found = Vec::new();
        for mention in &self.stages {
            let stage = self.stage(&mention.stage);
            if let Some(pool) = stage.pool.filter(|pool| !pools.contains(&pool.as_str())) {
                let message = format!("stage `{}` is in the unknown pool `{pool}`", mention.stage);
                let help = suggest(&pool, pools.iter().copied()).map_or_else(
                    || format!("give it a limit: `pools = {{ {pool} = 1 }}`"),
                    |similar| format!("did you mean `{similar}`?"),
                );
                found.push(Diagnostic {
                    help: Some(help),
                    ..mention.place(&message)
                });
            }
        }
        if found.is_empty() {
            Ok(self)
        } else {
            Err(Error::at(found))
        }
    }

    /// What holds for a stage: what is said of it, else what is said of all stages, else the default.
    pub fn stage(&self, name: &StageName) -> StageSettings {
        let all = &self.file;
        let one = all.stage.get(name).cloned().unwrap_or_default();
        let span = |one: Option<Timespan>, all: Option<Timespan>| one.or(all).map(|span| span.0);
        StageSettings {
            inputs: one.inputs.unwrap_or_default(),
            outputs: texts(one.outputs.unwrap_or_default()),
            env: all
                .env
                .iter()
                .chain(&one.env)
                .map(|name| name.0.clone())
                .collect(),
            config: one.config.or_else(|| all.config.clone()),
            shared: one.shared.or_else(|| all.shared.clone()).map(texts),
            timeout: span(one.timeout, all.timeout).filter(|timeout| !timeout.is_zero()),
            retries: one.retries.or(all.retries).map_or(0, |retries| retries.0),
            retry_delay: span(one.retry_delay, all.retry_delay).unwrap_or(RETRY_DELAY),
            grace: span(one.grace, all.grace).unwrap_or(GRACE),
            protect: one.protect.or(all.protect).unwrap_or(false),
            pool: one.pool.filter(|pool| !pool.is_empty()),
            always: one.always.unwrap_or(false),
            keep: texts(one.keep.or_else(|| all.keep.clone()).unwrap_or_default()),
            ctl_cwd: one.ctl_cwd.or(all.ctl_cwd).unwrap_or_default(),
            stamp: self.stamp(one.stamp),
        }
    }

    fn stamp(&self, mut one: StampTable) -> StampSettings {
        one.fill(self.file.stamp.clone());
        let globs =
            |globs: Option<Vec<Glob>>| globs.into_iter().flatten().map(|Glob(text)| text).collect();
        StampSettings {
            stamper: self.stamper.or(one.stamper),
            left_delim: one.left_delim.map(|Delimiter(text)| text),
            right_delim: one.right_delim.map(|Delimiter(text)| text),
            verbatim: globs(one.verbatim),
            sensitive: globs(one.sensitive),
        }
    }

    /// The patterns of the names of variables whose values are masked.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.file.secrets.iter().map(|name| name.0.as_str())
    }

    /// How many stages of each pool may run at a time.
    pub fn pools(&self) -> BTreeMap<&str, u32> {
        let pools = self.file.pools.iter();
        pools
            .map(|(name, limit)| (name.as_str(), limit.0))
            .collect()
    }

    /// How many stages may run at a time, if that is limited.
    pub fn jobs(&self) -> Option<u32> {
        self.file.jobs.map(|jobs| jobs.0)
    }

    /// The largest file whose contents are kept, in bytes.
    pub fn snapshot_limit(&self) -> u64 {
        self.file
            .snapshot_limit
            .map_or(SNAPSHOT_LIMIT, |size| size.0)
    }

    /// Warnings about `[stage.X]` where there is no stage X, in the order of the files.
    pub fn unknown_stages<'a>(
        &self,
        stages: impl IntoIterator<Item = &'a StageName>,
    ) -> Vec<Diagnostic> {
        let known: BTreeSet<&str> = stages.into_iter().map(StageName::as_str).collect();
        let unknown = self
            .stages
            .iter()
            .filter(|mention| !known.contains(mention.stage.as_str()));
        unknown
            .map(|mention| {
                let name = mention.stage.as_str();
                Diagnostic {
                    help: suggest(name, known.iter().copied())
                        .map(|similar| format!("did you mean `{similar}`?")),
                    ..mention.place(&format!("there is no stage `{name}` in the DAG"))
                }
            })
            .collect()
    }
}

fn texts(list: Vec<Below>) -> Vec<String> {
    list.into_iter().map(|Below(text)| text).collect()
}

#[cfg(test)]
mod tests;
