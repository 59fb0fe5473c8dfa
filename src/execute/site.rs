//! Where the work is done: everything that workers share and nobody changes. Knows nothing of schedules.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::core::fingerprint::{Digest, Kind};
use crate::core::graph::{Ix, StageGraph};
use crate::core::mask::{Masker, Secrets};
use crate::core::name::unescape;
use crate::core::record::{Recorded, RunId};
use crate::core::stage::{Action, StageName};
use crate::error::{Error, Result};
use crate::execute::restore::Restored;
use crate::execute::unrecorded;
use crate::observe::detail::Detail;
use crate::observe::examine::{Examined, Inherited, Known};
use crate::observe::look::Look;
use crate::observe::observer::Observer;
use crate::source::project::Project;
use crate::source::settings::StageSettings;
use crate::stamp::Rendered;
use crate::stamp::sync::{Synced, sync};
use crate::state::Store;
use crate::system::log::Log;
use crate::system::signal::Stop;

/// See the module.
pub struct Site<'a> {
    /// The call.
    pub project: &'a Project,
    /// The stages.
    pub graph: &'a StageGraph,
    /// Looks at stages.
    pub observer: &'a Observer<'a>,
    /// The wish to stop.
    pub stop: Stop,
    /// What must not be printed.
    pub secrets: &'a Secrets,
    /// What is recorded, by index.
    pub known: Vec<Option<Known>>,
    /// Where `ctl`s report their inputs; made for the first of them.
    pub reports: OnceLock<Result<TempDir, String>>,
    /// Whether stages that are examined are searched for what may change without making them stale.
    pub advises: bool,
}

impl Site<'_> {
    /// The name of a stage.
    pub fn name(&self, stage: usize) -> &StageName {
        self.observer.name(stage)
    }

    /// The settings of a stage.
    pub fn settings(&self, stage: usize) -> &StageSettings {
        self.observer.settings(stage)
    }

    /// What is recorded of a stage.
    pub fn known(&self, stage: usize) -> Option<&Known> {
        self.known[stage].as_ref()
    }

    /// How long `ctl up` is expected to take, in milliseconds: as long as last time.
    pub fn expected_duration(&self, stage: usize) -> u64 {
        let last = self
            .known(stage)
            .and_then(|known| known.recorded.up_duration_ms);
        last.unwrap_or(1)
    }

    /// The pool of a stage, and how many may run at once in it.
    pub fn pool(&self, stage: usize) -> Option<(&str, usize)> {
        let pool = self.settings(stage).pool.as_deref()?;
        let size = self.project.settings.pools().get(pool).copied()?;
        Some((pool, size as usize))
    }

    /// Whether stages get the terminal, one at a time.
    pub fn is_interactive(&self) -> bool {
        self.project.wave.interactive == Some(true)
    }

    /// The directory of the signs that processes of stages live.
    pub fn liveness_dir(&self) -> PathBuf {
        self.project.beside_state("running")
    }

    /// A directory of this run's own, where `ctl`s may report their inputs.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn reports_dir(&self) -> Result<&Path> {
        let make = || tempfile::Builder::new().prefix("betterform-").tempdir();
        let made = self
            .reports
            .get_or_init(|| make().map_err(|error| error.to_string()));
        match made {
            Ok(directory) => Ok(directory.path()),
            Err(why) => Err(
                Error::failed(format!("cannot make a temporary directory: {why}"))
                    .hint("`TMPDIR` says where"),
            ),
        }
    }

    /// The log of a stage in a run.
    pub fn log(&self, run: &RunId, stage: &StageName, action: Action) -> Log {
        Log::new(&self.project.beside_state("logs"), run, stage, action)
    }

    /// Takes secrets out of what a process prints.
    pub fn masker(&self) -> Masker<'_> {
        self.secrets.masker()
    }

    /// Looks at a stage without rendering it. Whatever goes wrong is said when it is examined.
    pub(super) fn look(&self, stage: usize) -> Look {
        let look = self
            .known(stage)
            .map(|known| self.observer.look(stage, known));
        look.and_then(Result::ok).unwrap_or(Look::Changed)
    }

    /// Renders a stage and finds out what it depends on.
    pub(super) fn examine(
        &self,
        stage: usize,
        inherited: &Inherited,
    ) -> Result<(Examined, Rendered)> {
        let known = self.known(stage);
        let (mut examined, rendered) = self.observer.examine(stage, known, inherited)?;
        self.refuse_without_ctl(stage, &rendered)?;
        if self.advises {
            let told = self.observer.blind_spots(stage, &rendered, &examined)?;
            examined.warnings.extend(told);
        }
        Ok((examined, rendered))
    }

    /// Refuses a stage of which the `ctl` would not be stamped.
    fn refuse_without_ctl(&self, stage: usize, rendered: &Rendered) -> Result<()> {
        if rendered.files.contains_key(Path::new("ctl")) {
            return Ok(());
        }
        let name = self.name(stage);
        let message =
            format!("`{name}/ctl` is not stamped: it is left out, or nothing but white space");
        Err(Error::failed(message).hint(format!(
            "write `{name}/ctl`, an executable that takes `up` and `down`"
        )))
    }

    /// Brings a stage's stamped directory to what was rendered.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn sync(&self, stage: usize, rendered: &Rendered) -> Result<Synced> {
        let synced = self.bring(stage, rendered)?;
        unrecorded::forget(self.project, self.name(stage));
        Ok(synced)
    }

    /// Brings a stage's stamped directory to what was rendered although no attempt at running it follows.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn sync_alone(&self, stage: usize, rendered: &Rendered) -> Result<Synced> {
        unrecorded::note(self.project, self.name(stage), rendered.files.keys())?;
        self.bring(stage, rendered)
    }

    fn bring(&self, stage: usize, rendered: &Rendered) -> Result<Synced> {
        let recorded = self.known(stage).map(|known| known.detail().made);
        let names = recorded
            .into_iter()
            .flatten()
            .filter_map(|name| unescape(&name));
        let mut previous = unrecorded::noted(self.project, self.name(stage));
        previous.extend(names.map(|name| PathBuf::from(OsString::from_vec(name))));
        let directory = self.observer.stamped_dir(stage);
        sync(&directory, &rendered.files, &previous)
    }

    /// The direct dependencies of every stage, by index.
    pub fn dependencies(&self) -> Vec<Vec<u32>> {
        let stages = (0..self.graph.len()).map(|stage| self.graph.ix(stage));
        let direct = |ix| self.graph.dependencies(ix).iter();
        let index = |ix: &Ix| u32::try_from(ix.index()).unwrap_or(u32::MAX);
        stages.map(|ix| direct(ix).map(index).collect()).collect()
    }

    /// Refuses a stage whose `ctl` has lost its own state.
    ///
    /// # Errors
    /// Names what is gone.
    pub fn refuse_without_state(&self, stage: &StageName, detail: &Detail) -> Result<()> {
        let gone = self.observer.gone(stage.as_str(), detail);
        match gone.first() {
            None => Ok(()),
            Some(gone) => Err(lost_state(stage, gone, "down")),
        }
    }

    /// Refuses a stage of which variables that say what `ctl` acts on are not as they were.
    ///
    /// # Errors
    /// Names the variables.
    pub fn refuse_other_environment(
        &self,
        store: &Store,
        stage: &StageName,
        recorded: &Recorded,
        detail: &Detail,
    ) -> Result<()> {
        let env = recorded
            .fingerprint
            .as_ref()
            .and_then(|f| f.run.get(&Kind::Env));
        let then = match env {
            Some(digest) => store.manifest(digest)?.unwrap_or_default().entries,
            None => BTreeMap::new(),
        };
        let now = |name: &String| self.observer.variable(name);
        let known = |name: &String| then.get(name).copied().unwrap_or(Digest::ABSENT);
        let differing: Vec<String> = (detail
            .binding
            .iter()
            .filter(|name| now(name) != known(name)))
        .map(|name| format!("`{name}`"))
        .collect();
        if differing.is_empty() {
            return Ok(());
        }
        Err(Error::failed(format!(
            "{} {} not as when `{stage}` was brought up",
            differing.join(", "),
            if differing.len() == 1 { "is" } else { "are" }
        ))
        .hint("set them as they were, or run `betterform down --accept-changed-env`"))
    }

    /// Stamps a stage that has no record from the library, to be taken down.
    ///
    /// # Errors
    /// It cannot be rendered or written.
    pub fn stamp_from_library(&self, stage: usize) -> Result<Restored> {
        let rendered = self.observer.render(stage)?;
        self.sync(stage, &rendered)?;
        Ok(Restored::default())
    }
}

/// The error for a stage whose `ctl` has lost its own state.
pub(super) fn lost_state(stage: &StageName, gone: &str, command: &str) -> Error {
    Error::failed(format!(
        "`{gone}` in the stamped directory of `{stage}` is gone, in which its `ctl` keeps what it brought up"
    ))
    .hint(format!("put it back, or go on without it: `betterform {command} {stage} --force`"))
}
