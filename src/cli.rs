//! The command line, as clap understands it. Says what can be asked for; knows nothing of what it does. Nothing else
//! knows clap, and clap does not read the environment: settings alone resolve what comes from where.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

/// Runs a graph of infrastructure stages, and only those where something changed.
#[derive(Debug, Parser)]
#[command(
    name = "betterform",
    disable_version_flag = true,
    subcommand_required = false,
    arg_required_else_help = false,
    after_help = "A deployment needs `IMPL_DIR` (or `impl_dir` in betterform.toml) to find its library.\n\
                  Exit codes: 0 done or nothing to do, 1 failed, 2 changes (`plan --detailed-exitcode`), 64 wrong usage,\n\
                  75 locked by another run, 130/143 interrupted."
)]
pub struct Cli {
    /// What comes before or after the command.
    #[command(flatten)]
    pub global: Global,
    /// Print the version
    #[arg(long)]
    pub version: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Do everything as if called from this directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// The library: the DAG file and the stage template directories
    #[arg(long, value_name = "DIR", global = true)]
    pub impl_dir: Option<OsString>,
    /// Where stages are stamped [default: genfiles]
    #[arg(long, value_name = "DIR", global = true)]
    pub genfiles: Option<OsString>,
    /// Where stages write their outputs [default: output]
    #[arg(long, value_name = "DIR", global = true)]
    pub output_dir: Option<OsString>,
    /// The jsonnet file of the configuration [default: config.jsonnet]
    #[arg(long, value_name = "FILE", global = true)]
    pub config_jsonnet_file: Option<OsString>,
    /// The configuration [default: $GENFILES/config.json]
    #[arg(long, value_name = "FILE", global = true)]
    pub config_json_file: Option<OsString>,
    /// Hand the terminal to the stages, one at a time; `=false`: nobody can be asked
    #[arg(long, value_name = "BOOL", global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub interactive: Option<bool>,
    /// Where the state lies [default: .betterform/NAME/state.db beside $GENFILES]
    #[arg(long, value_name = "FILE", global = true)]
    pub state: Option<OsString>,
    /// What renders the stages
    #[arg(long, value_name = "STAMPER", global = true)]
    pub stamper: Option<StamperChoice>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true)]
    pub color: Option<ColorChoice>,
    /// Say more; twice: even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How the configuration is evaluated.
    #[command(flatten)]
    pub jsonnet: Jsonnet,
}

/// Options of jsonnet, as the jsonnet command has them.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Jsonnet options")]
pub struct Jsonnet {
    /// A directory to import from; the last one is searched first
    #[arg(short = 'J', long = "jpath", value_name = "DIR", global = true)]
    pub jpath: Vec<PathBuf>,
    /// An external variable as text; without a value, the environment's
    #[arg(
        short = 'V',
        long = "ext-str",
        value_name = "NAME[=TEXT]",
        global = true
    )]
    pub ext_str: Vec<String>,
    /// An external variable as jsonnet code
    #[arg(long = "ext-code", value_name = "NAME[=CODE]", global = true)]
    pub ext_code: Vec<String>,
    /// A top-level argument as text
    #[arg(
        short = 'A',
        long = "tla-str",
        value_name = "NAME[=TEXT]",
        global = true
    )]
    pub tla_str: Vec<String>,
    /// A top-level argument as jsonnet code
    #[arg(long = "tla-code", value_name = "NAME[=CODE]", global = true)]
    pub tla_code: Vec<String>,
}

/// What renders stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StamperChoice {
    /// Embedded where it can, else gomplate.
    Auto,
    /// In process.
    Embedded,
    /// The gomplate program.
    Gomplate,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what `apply` would do, and why
    Plan(Plan),
    /// Bring every stage up to date
    #[command(visible_alias = "up")]
    Apply(Apply),
    /// Tear stages down, in reverse order
    Down(Down),
    /// Show what is recorded of every stage
    Status(Status),
    /// Show what a stage depends on, and what changed since its last run
    Explain(Explain),
    /// Render stages without running anything
    Stamp(Stamp),
    /// Render one template to stdout, with a stage's context
    Render(Render),
    /// Run a command in a stage's stamped directory and environment
    Exec(Exec),
    /// Show the graph of stages
    Graph(Graph),
    /// Show what a stage printed
    Logs(Logs),
    /// Print the configuration
    Config(Document),
    /// Print the environment that a stage's `ctl` gets
    Env(Env),
    /// Record a stage as up or down without running anything
    Mark(Mark),
    /// Look at the state, or repair it
    State(State),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the version
    Version(Document),
}

/// Options of `plan`.
#[derive(Args, Debug, Default)]
pub struct Plan {
    /// Which stages to look at.
    #[command(flatten)]
    pub selection: Selection,
    /// Treat the stages named as changed; without names: all
    #[arg(long)]
    pub force: bool,
    /// Exit with 2 if there is something to do
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// How many stages to look at or run at once [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub jobs: Option<u32>,
}

/// Which stages.
#[derive(Args, Debug, Default)]
pub struct Selection {
    /// Stages, by name or glob; with what belongs to them
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Exactly the stages named
    #[arg(long, requires = "stages")]
    pub only: bool,
    /// Leave these out
    #[arg(long, value_name = "STAGE")]
    pub exclude: Vec<String>,
}

/// How stages run.
#[derive(Args, Debug, Default)]
pub struct Running {
    /// How many stages to run at once [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub jobs: Option<u32>,
    /// Start nothing new after a failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Wait this long for another run to end, as in `5m`
    #[arg(long, value_name = "DURATION")]
    pub lock_timeout: Option<String>,
    /// How to show what stages print
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputChoice>,
    /// Print one JSON event a line
    #[arg(long)]
    pub json: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// How to show what stages print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputChoice {
    /// A live view on a terminal.
    Live,
    /// Each line behind the name of its stage.
    Prefix,
    /// Each stage's output in one piece when it ends.
    Group,
    /// Failures alone.
    Quiet,
}

/// Options of `apply`.
#[derive(Args, Debug, Default)]
pub struct Apply {
    /// Which stages to bring up; with what they depend on.
    #[command(flatten)]
    pub selection: Selection,
    /// Run the stages named although nothing changed; without names: all
    #[arg(long)]
    pub force: bool,
    /// Afterwards, take down stages that are no longer in the DAG
    #[arg(long)]
    pub prune: bool,
    /// How they run.
    #[command(flatten)]
    pub running: Running,
}

/// Options of `down`.
#[derive(Args, Debug, Default)]
pub struct Down {
    /// Which stages to tear down; with what depends on them.
    #[command(flatten)]
    pub selection: Selection,
    /// Take down stages without a record too, and those whose own state is gone
    #[arg(long)]
    pub force: bool,
    /// Take a stage down although the environment that it was brought up with differs
    #[arg(long)]
    pub accept_changed_env: bool,
    /// How they run.
    #[command(flatten)]
    pub running: Running,
}

/// Options of `status`.
#[derive(Args, Debug, Default)]
pub struct Status {
    /// Stages, by name or glob
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The stage
    pub stage: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `stamp`.
#[derive(Args, Debug, Default)]
pub struct Stamp {
    /// Stages, by name or glob; without names: all
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Wait this long for another run to end, as in `5m`
    #[arg(long, value_name = "DURATION")]
    pub lock_timeout: Option<String>,
    /// Print one JSON event a line
    #[arg(long)]
    pub json: bool,
}

/// Options of `render`.
#[derive(Args, Debug)]
pub struct Render {
    /// The template; `-` for standard input
    pub file: PathBuf,
    /// The stage whose context it gets [default: the stage that the file belongs to]
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
}

/// Options of `exec`.
#[derive(Args, Debug)]
pub struct Exec {
    /// The stage
    pub stage: String,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Options of `graph`.
#[derive(Args, Debug, Default)]
pub struct Graph {
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: GraphFormat,
    /// The same as `--format json`
    #[arg(long)]
    pub json: bool,
}

/// Formats of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines of text.
    #[default]
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid, which many forges render.
    Mermaid,
    /// JSON.
    Json,
}

/// Options of `logs`.
#[derive(Args, Debug)]
pub struct Logs {
    /// The stage
    pub stage: String,
    /// Go on as the log grows
    #[arg(short, long)]
    pub follow: bool,
    /// The run [default: the stage's last]
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
}

/// Options of commands that print one document.
#[derive(Args, Debug, Default)]
pub struct Document {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `env`.
#[derive(Args, Debug)]
pub struct Env {
    /// The stage
    pub stage: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `mark`.
#[derive(Args, Debug)]
pub struct Mark {
    /// What to record
    pub what: MarkAs,
    /// Stages, by name or glob
    #[arg(required = true, value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Wait this long for another run to end, as in `5m`
    #[arg(long, value_name = "DURATION")]
    pub lock_timeout: Option<String>,
}

/// What to record of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MarkAs {
    /// It is up, from what is there now.
    Up,
    /// It is down.
    Down,
}

/// Options of `state`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = false)]
pub struct State {
    /// What to do with it.
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What to do with the state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the recorded stages
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show all that is recorded of a stage
    Show {
        /// The stage
        stage: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// A stage was renamed: move its record, directories and edges
    Mv {
        /// The name so far
        old: String,
        /// The new name
        new: String,
    },
    /// Forget a stage; what it brought up stays
    Rm {
        /// The stage
        stage: String,
        /// Forget it although it is up
        #[arg(long)]
        force: bool,
    },
    /// Say what became of a state that was found at another place
    Adopt(Adopt),
    /// Let a protected stage be taken down
    Unprotect {
        /// The stage
        stage: String,
    },
}

/// Options of `state adopt`: exactly one of them.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Adopt {
    /// This is a copy of a deployment: nothing is up here
    #[arg(long)]
    pub copy: bool,
    /// The deployment was moved here
    #[arg(long)]
    pub moved: bool,
}

/// Options of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// As many of the options of every command as can be understood in a command line that is wrong.
pub fn understood(arguments: &[OsString]) -> Global {
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(arguments).ok();
    let global = matches.and_then(|matches| Global::from_arg_matches(&matches).ok());
    global.unwrap_or_default()
}
