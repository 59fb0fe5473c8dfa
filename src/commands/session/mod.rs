//! What commands have in common: the call, the project, the stages, the state. Loads each when a command asks for it.

mod overrides;
mod records;
mod run;
mod site;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::{Global, Running};
use crate::commands::secrets;
use crate::core::graph::StageGraph;
use crate::core::mask::Secrets;
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::config::{self, Config};
use crate::source::dag::{self, Dag};
use crate::source::project::{DAG_FILE, Project};
use crate::state::{Early, Records};
use crate::system::environment::Environment;
use crate::system::fault;
use crate::system::signal::Stop;
use crate::ui::color::Colors;
use crate::ui::diagnostic;
use crate::ui::sink::{complain, conceal};

pub(super) use crate::source::project::Library;

/// How betterform was called.
pub struct Call {
    /// Where.
    pub cwd: PathBuf,
    /// With which environment.
    pub environment: Environment,
    /// With which arguments.
    pub arguments: Vec<OsString>,
    /// The wish to stop.
    pub stop: Stop,
}

/// Conceals what is known to be secret in a call that was not understood.
pub(super) fn conceal_misunderstood(call: &Call, global: &Global) {
    let overrides = overrides::overrides(global, None);
    secrets::conceal_early(call, global.directory.as_deref(), overrides);
}

/// What a command works on.
pub(super) struct Session {
    pub(super) project: Project,
    pub(super) graph: StageGraph,
    dag_files: Vec<PathBuf>,
    pub(super) colors: Colors,
    pub(super) secrets: Secrets,
    pub(super) stop: Stop,
    command_line: Vec<String>,
    /// The records as they were when the session began, until the state is opened.
    early: RefCell<Option<Early>>,
}

impl Session {
    /// Finds the project and its stages. `library` says whether errors of the library count.
    pub(super) fn load(
        call: &Call,
        global: &Global,
        running: Option<&Running>,
        library: Library,
    ) -> Result<Self> {
        let directory = global.directory.as_deref();
        let overrides = overrides::overrides(global, running);
        let given = overrides.clone();
        let environment = call.environment.clone();
        let project = Project::load(&call.cwd, directory, overrides, environment, library)
            .inspect_err(|_| secrets::conceal_early(call, directory, given))?;
        let has_terminal = project.wave.interactive == Some(true);
        if has_terminal && running.is_some_and(|running| running.json) {
            return Err(Error::usage(
                "with `--json` stages cannot have the terminal, which `--interactive` or `INTERACTIVE=true` gives them",
            ));
        }
        let mut session = Self::of_project(call, project);
        for warning in &session.project.warnings {
            let help = warning.hints().first().map(String::as_str);
            session.warn(warning.message(), help);
        }
        // Reading many records takes as long as reading a large DAG.
        let (dag, early) = std::thread::scope(|scope| {
            let path = session.project.state_path();
            let early = running.map(|_| scope.spawn(|| Early::read(path)));
            let dag = session.load_dag();
            (dag, early.and_then(|early| early.join().ok().flatten()))
        });
        session.early = RefCell::new(early);
        match dag {
            Ok(dag) => {
                session.graph = dag.graph;
                session.dag_files = dag.files;
            }
            Err(error) if library == Library::Needed || error.is_interruption() => {
                return Err(error);
            }
            Err(error) => session.warn(
                &format!("the library cannot be used: {}", error.message()),
                None,
            ),
        }
        Ok(session)
    }

    /// Without stages yet. From here on, no secret of the project is printed.
    fn of_project(call: &Call, project: Project) -> Self {
        let color = project.overrides.color.or(project.settings.file.color);
        let colors = Colors::resolve(color.unwrap_or_default(), &project.environment);
        let secrets = secrets::of(&project, colors);
        conceal(&secrets);
        let recorded = |argument: &OsString| {
            let text = argument.to_string_lossy().into_owned();
            secrets.mask_text(&secrets::without_value(text, &project.overrides))
        };
        Self {
            graph: StageGraph::default(),
            dag_files: Vec::new(),
            colors,
            stop: call.stop.clone(),
            command_line: call.arguments.iter().map(recorded).collect(),
            secrets,
            project,
            early: RefCell::default(),
        }
    }

    fn load_dag(&self) -> Result<Dag> {
        let project = &self.project;
        let dag = dag::load(
            &project.wave.impl_dir,
            &project.deployment,
            &project.environment,
        )?;
        if !dag.notes.is_empty() {
            let notes = dag.notes.join("\n  ");
            let message = format!("GNU make printed while it evaluated `{DAG_FILE}`:\n  {notes}");
            self.warn(&message, None);
        }
        let graph = &dag.graph;
        if graph.is_empty() {
            let help = "a stage is defined by a line `$(call define_stage, NAME, DEPENDENCIES)`";
            self.warn(&format!("`{DAG_FILE}` defines no stages"), Some(help));
        }
        let names = graph.order().iter().map(|ix| graph.name(*ix));
        project.check_stages(names.clone())?;
        for unknown in project.settings.unknown_stages(names) {
            let message = format!("{}:{}: {}", unknown.path, unknown.line, unknown.message);
            self.warn(&message, unknown.help.as_deref());
        }
        Ok(dag)
    }

    /// Says something on stderr.
    pub(super) fn warn(&self, message: &str, help: Option<&str>) {
        complain(&diagnostic::warning(message, help, self.colors.stderr));
    }

    /// The stages of the DAG, by name.
    pub(super) fn stages(&self) -> BTreeSet<StageName> {
        self.graph
            .order()
            .iter()
            .map(|ix| self.graph.name(*ix).clone())
            .collect()
    }

    /// The stages of the DAG and those that are recorded, by name.
    pub(super) fn all_stages(&self, records: &Records) -> BTreeSet<StageName> {
        let mut stages = self.stages();
        stages.extend(records.keys().cloned());
        stages
    }

    /// Evaluates the configuration; with `write`, which needs the lock, `CONFIG_JSON_FILE` is brought up to date.
    pub(super) fn config(&self, write: bool) -> Result<Config> {
        let known = config::remembered(&self.project);
        let config = config::evaluate(&self.project, known.as_ref())?;
        for trace in &config.traces {
            let trace = self.secrets.mask_text(trace);
            complain(&format!("{}\n", diagnostic::printable(&trace)));
        }
        if write {
            config::write(&config, &self.project)?;
            fault::point("config.written");
        }
        Ok(config)
    }

    /// How many stages run at once.
    pub(super) fn jobs(&self) -> usize {
        if self.project.wave.interactive == Some(true) {
            return 1;
        }
        let asked = self.project.settings.jobs().map(|jobs| jobs as usize);
        asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Makes `GENFILES` and `OUTPUT_DIR`, so that every `ctl` finds them.
    pub(super) fn make_directories(&self) -> Result<()> {
        let wave = &self.project.wave;
        for directory in [&wave.genfiles, &wave.output_dir] {
            std::fs::create_dir_all(directory)
                .map_err(|error| Error::io("cannot make the directory", directory, &error))?;
        }
        Ok(())
    }

    /// Fails if the user asked to stop.
    pub(super) fn interrupted(&self) -> Result<()> {
        self.stop.interrupted().map_or(Ok(()), Err)
    }

    /// Whether nobody is to be asked: `--yes`, or `INTERACTIVE=false`.
    pub(super) fn is_settled(&self, yes: bool) -> bool {
        yes || self.project.wave.interactive == Some(false)
    }
}
