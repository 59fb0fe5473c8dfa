//! Where the work is done: everything that workers share and nobody changes. Knows nothing of schedules.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::core::graph::StageGraph;
use crate::core::mask::{Masker, Secrets};
use crate::core::record::RunId;
use crate::core::stage::{Action, StageName};
use crate::error::Result;
use crate::observe::examine::{Examined, Inherited, Known};
use crate::observe::observer::Observer;
use crate::source::config::Config;
use crate::source::project::Project;
use crate::source::settings::StageSettings;
use crate::stamp::sync::sync;
use crate::stamp::{Rendered, Request, StampSettings, Stamper};
use crate::system::log::Log;
use crate::system::signal::Stop;

/// See the module.
pub struct Site<'a> {
    /// The call.
    pub project: &'a Project,
    /// The stages.
    pub graph: &'a StageGraph,
    /// The configuration.
    pub config: &'a Config,
    /// Looks at stages.
    pub observer: &'a Observer<'a>,
    /// Renders stages.
    pub stamper: &'a dyn Stamper,
    /// The wish to stop.
    pub stop: Stop,
    /// What must not be printed.
    pub secrets: &'a Secrets,
    /// What is recorded, by index.
    pub known: Vec<Option<Known>>,
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
        let last = self.known(stage).and_then(|known| known.recorded.up_duration_ms);
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

    /// The log of a stage in a run.
    pub fn log(&self, run: &RunId, stage: &StageName, action: Action) -> Result<Log> {
        Log::create(&self.project.beside_state("logs"), run, stage, action)
    }

    /// Takes secrets out of what a process prints.
    pub fn masker(&self) -> Masker<'_> {
        self.secrets.masker()
    }

    /// Renders a stage and finds out what it depends on.
    pub(super) fn examine(&self, stage: usize, inherited: &Inherited) -> Result<(Examined, Rendered)> {
        let rendered = self.observer.render(stage)?;
        let examined = self.observer.examine(stage, self.known(stage), &rendered, inherited)?;
        Ok((examined, rendered))
    }
}
