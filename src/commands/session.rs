//! What commands have in common: the call, the project, the stages, the state. Loads each when a command asks for it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{ColorChoice, Global, OutputChoice, Running, StamperChoice};
use crate::commands::secrets;
use crate::core::event::Sink;
use crate::core::graph::StageGraph;
use crate::core::mask::Secrets;
use crate::core::record::RunId;
use crate::core::stage::{StageName, Status};
use crate::error::{Error, Result};
use crate::execute::site::Site;
use crate::observe::cache::DigestCache;
use crate::observe::examine::Known;
use crate::observe::observer::{Observer, Sources};
use crate::source::config::{self, Config};
use crate::source::dag;
use crate::source::project::{Overrides, Project};
use crate::source::settings::{Color, OutputStyle, Stamper as StamperSetting};
use crate::stamp::choose::{Choice, Chosen};
use crate::stamp::embedded::InProcess;
use crate::state::{Access, NewRun, Opened, Records, Store};
use crate::system::clock;
use crate::system::environment::Environment;
use crate::system::fault;
use crate::system::liveness;
use crate::system::lock::{Holder, Lock};
use crate::system::signal::Stop;
use crate::ui::color::Colors;
use crate::ui::diagnostic;
use crate::ui::sink::{Json, Style, Text, complain, conceal};

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

/// Whether a command can do without a library.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// It cannot.
    Needed,
    /// What is wrong with the library is a warning.
    Optional,
}

/// What a command works on.
pub(super) struct Session {
    pub(super) project: Project,
    pub(super) graph: StageGraph,
    pub(super) colors: Colors,
    pub(super) secrets: Secrets,
    pub(super) stop: Stop,
    command_line: Vec<String>,
}

impl Session {
    /// Finds the project and its stages. `library` says whether errors of the library count.
    pub(super) fn load(
        call: &Call,
        global: &Global,
        running: Option<&Running>,
        library: Library,
    ) -> Result<Self> {
        let overrides = overrides(global, running);
        let color = overrides.color;
        let environment = call.environment.clone();
        let directory = global.directory.as_deref();
        let given = overrides.clone();
        let project = match library {
            Library::Needed => Project::load(&call.cwd, directory, overrides, environment),
            Library::Optional => {
                Project::load_lenient(&call.cwd, directory, overrides, environment)
            }
        };
        let project = project.inspect_err(|_| secrets::conceal_early(call, directory, given))?;
        let color = color.or(project.settings.file.color).unwrap_or_default();
        let colors = Colors::resolve(color, &project.environment);
        let secrets = secrets::of(&project, colors);
        conceal(&secrets);
        let recorded = |argument: &OsString| {
            let text =
                secrets::without_value(argument.to_string_lossy().into_owned(), &project.overrides);
            secrets.mask_text(&text)
        };
        let mut session = Self {
            graph: StageGraph::default(),
            colors,
            stop: call.stop.clone(),
            command_line: call.arguments.iter().map(recorded).collect(),
            secrets,
            project,
        };
        for warning in &session.project.warnings {
            session.warn(
                warning.message(),
                warning.hints().first().map(String::as_str),
            );
        }
        match session.load_graph() {
            Ok(graph) => session.graph = graph,
            Err(error) if library == Library::Needed => return Err(error),
            Err(error) => session.warn(
                &format!("the library cannot be used: {}", error.message()),
                None,
            ),
        }
        Ok(session)
    }

    fn load_graph(&self) -> Result<StageGraph> {
        let project = &self.project;
        let graph = dag::load(
            &project.wave.impl_dir,
            &project.deployment,
            &project.environment,
        )?;
        let names = graph.order().iter().map(|ix| graph.name(*ix));
        project.check_stages(names.clone())?;
        for unknown in project.settings.unknown_stages(names) {
            let message = format!("{}:{}: {}", unknown.path, unknown.line, unknown.message);
            self.warn(&message, unknown.help.as_deref());
        }
        Ok(graph)
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

    /// Opens the state to read it: needs no lock, and never waits.
    pub(super) fn read(&self) -> Result<Opened> {
        Ok(self.noted(Store::open(self.project.state_path(), Access::Read)?))
    }

    /// Takes the lock, and opens the state to write it.
    pub(super) fn write(
        &self,
        command: &str,
        lock_timeout: Option<&str>,
    ) -> Result<(Lock, Opened)> {
        let lock = self.lock(command, lock_timeout)?;
        let opened = self.noted(Store::open(self.project.state_path(), Access::Write)?);
        self.refuse_survivors(&opened.records)?;
        Ok((lock, opened))
    }

    /// Takes the lock of the state.
    pub(super) fn lock(&self, command: &str, timeout: Option<&str>) -> Result<Lock> {
        self.project.refuse_rerun()?;
        let timeout = match timeout.or(self.project.environment.text("BETTERFORM_LOCK_TIMEOUT")) {
            Some(text) => Some(duration(text)?),
            None => None,
        };
        let holder = Holder {
            pid: std::process::id(),
            host: host(),
            command: command.to_owned(),
            started_ms: clock::now_ms(),
        };
        Lock::acquire(
            &self.project.beside_state("lock"),
            &holder,
            timeout,
            &mut |who| {
                self.warn(&format!("waiting: {who}"), None);
            },
        )
    }

    fn noted(&self, opened: Opened) -> Opened {
        for note in &opened.notes {
            self.warn(&note.to_string(), None);
        }
        opened
    }

    /// Refuses to go on while processes of a stage still live whose attempt was interrupted.
    fn refuse_survivors(&self, records: &Records) -> Result<()> {
        let interrupted = |stage: &StageName| {
            let status = records.get(stage).map(|recorded| recorded.status);
            matches!(status, Some(Status::Running | Status::Stopping))
        };
        let survivors = liveness::survivors(&self.project.beside_state("running"))?;
        let living: Vec<_> = survivors
            .into_iter()
            .filter(|s| interrupted(&s.stage))
            .collect();
        if living.is_empty() {
            return Ok(());
        }
        let named = living.iter().map(|survivor| {
            let pids: Vec<_> = survivor.pids.iter().map(ToString::to_string).collect();
            format!(
                "`{}` (run {}, pid {})",
                survivor.stage,
                survivor.run,
                pids.join(" ")
            )
        });
        let named: Vec<_> = named.collect();
        Err(Error::locked(format!(
            "processes of an interrupted run still live: {}",
            named.join(", ")
        ))
        .hint("wait until they have ended, or end them"))
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

    /// Digests of files from earlier calls.
    pub(super) fn cache(&self) -> DigestCache {
        DigestCache::load(&self.project.beside_state("digests"))
    }

    /// What renders.
    pub(super) fn stamper(&self) -> Chosen {
        let settings = &self.project.settings;
        let choice = settings
            .stamper
            .or(settings.file.stamp.stamper)
            .unwrap_or_default();
        let choice = match choice {
            StamperSetting::Auto => Choice::Auto,
            StamperSetting::Embedded => Choice::Embedded,
            StamperSetting::Gomplate => Choice::Gomplate,
        };
        Chosen::new(choice, Some(Box::<InProcess>::default()))
    }

    /// What looks at stages.
    pub(super) fn observer<'a>(
        &'a self,
        config: &'a Config,
        cache: &'a DigestCache,
        stamper: &'a Chosen,
        store: &Store,
    ) -> Observer<'a> {
        Observer::new(&Sources {
            project: &self.project,
            graph: &self.graph,
            config,
            cache,
            key: *store.secret(),
            secrets: &self.secrets,
            stamper,
        })
    }

    /// Where stages are worked on; takes the records of the stages in the DAG out of `records`.
    pub(super) fn site<'a>(
        &'a self,
        observer: &'a Observer<'a>,
        records: &mut Records,
    ) -> Site<'a> {
        let stages = (0..self.graph.len()).map(|index| self.graph.name(self.graph.ix(index)));
        Site {
            project: &self.project,
            graph: &self.graph,
            observer,
            stop: self.stop.clone(),
            secrets: &self.secrets,
            known: stages
                .map(|stage| records.remove(stage).map(Known::new))
                .collect(),
        }
    }

    /// How many stages run at once.
    pub(super) fn jobs(&self) -> usize {
        if self.project.wave.interactive == Some(true) {
            return 1;
        }
        let asked = self.project.settings.jobs().map(|jobs| jobs as usize);
        asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Begins a run.
    pub(super) fn start_run(&self, store: &mut Store, command: &str) -> Result<RunId> {
        store.start_run(NewRun {
            command: command.to_owned(),
            arguments: self.command_line.clone(),
            user: self
                .project
                .environment
                .text("USER")
                .unwrap_or("")
                .to_owned(),
            host: host(),
        })
    }

    /// Who is told what happens.
    pub(super) fn sink(&self, json: bool) -> Box<dyn Sink> {
        if json {
            return Box::new(Json::new(Box::new(std::io::stdout())));
        }
        let style = match self
            .project
            .settings
            .file
            .output
            .unwrap_or(OutputStyle::Prefix)
        {
            OutputStyle::Live | OutputStyle::Prefix => Style::Prefix,
            OutputStyle::Group => Style::Group,
            OutputStyle::Quiet => Style::Quiet,
        };
        let out = Box::new(std::io::stdout());
        let err = Box::new(std::io::stderr());
        Box::new(Text::new(style, self.colors, out, err))
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

    /// Says that nothing is recorded although files of stages lie there; whether that is so.
    pub(super) fn warn_without_record(&self, records: &Records) -> bool {
        let wave = &self.project.wave;
        let lies_there = |stage: &StageName| {
            [&wave.genfiles, &wave.output_dir]
                .iter()
                .any(|d| d.join(stage.as_str()).is_dir())
        };
        let unrecorded = records.is_empty() && self.stages().iter().any(lies_there);
        if unrecorded {
            self.warn(
                &format!(
                    "no record was found at `{}`, but files of stages lie here: what is up is not known",
                    self.project.state_path().display()
                ),
                Some("if stages are up, say so with `betterform mark up STAGE…`; `apply` runs them all again"),
            );
        }
        unrecorded
    }
}

/// A duration such as `5m`, as the settings have them.
pub(super) fn duration(text: &str) -> Result<Duration> {
    crate::source::settings::Timespan::parse(text)
        .map(|span| span.0)
        .map_err(|message| Error::usage(format!("`{text}` is not a duration: {message}")))
}

fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// Conceals what is known to be secret in a call that was not understood.
pub(super) fn conceal_misunderstood(call: &Call, global: &Global) {
    secrets::conceal_early(call, global.directory.as_deref(), overrides(global, None));
}

fn overrides(global: &Global, running: Option<&Running>) -> Overrides {
    let path = |flag: &Option<OsString>| flag.as_ref().map(PathBuf::from);
    Overrides {
        impl_dir: path(&global.impl_dir),
        genfiles: path(&global.genfiles),
        output_dir: path(&global.output_dir),
        config_jsonnet_file: path(&global.config_jsonnet_file),
        config_json_file: path(&global.config_json_file),
        interactive: global.interactive,
        state: path(&global.state),
        jobs: running.and_then(|running| running.jobs),
        stamper: global.stamper.map(|choice| match choice {
            StamperChoice::Auto => StamperSetting::Auto,
            StamperChoice::Embedded => StamperSetting::Embedded,
            StamperChoice::Gomplate => StamperSetting::Gomplate,
        }),
        output: running
            .and_then(|running| running.output)
            .map(|output| match output {
                OutputChoice::Live => OutputStyle::Live,
                OutputChoice::Prefix => OutputStyle::Prefix,
                OutputChoice::Group => OutputStyle::Group,
                OutputChoice::Quiet => OutputStyle::Quiet,
            }),
        color: global.color.map(|color| match color {
            ColorChoice::Auto => Color::Auto,
            ColorChoice::Always => Color::Always,
            ColorChoice::Never => Color::Never,
        }),
        fail_fast: running.filter(|running| running.fail_fast).map(|_| true),
        jpath: global.jsonnet.jpath.clone(),
        ext_str: global.jsonnet.ext_str.clone(),
        ext_code: global.jsonnet.ext_code.clone(),
        tla_str: global.jsonnet.tla_str.clone(),
        tla_code: global.jsonnet.tla_code.clone(),
    }
}
