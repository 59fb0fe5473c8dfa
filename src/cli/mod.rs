//! The command line, as clap understands it. Says what can be asked for; knows nothing of what it does. Nothing else
//! knows clap, and clap does not read the environment: settings alone resolve what comes from where.

mod global;
mod look;
mod record;
mod run;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use global::{ColorChoice, Global, Jsonnet, StamperChoice};
pub use look::{
    Completions, Document, Env, Exec, Explain, Graph, GraphFormat, Logs, Render, Status,
};
pub use record::{Adopt, Mark, MarkAs, State, StateCommand};
pub use run::{Apply, Down, OutputChoice, Plan, Running, Selection, Stamp};

/// Runs a graph of infrastructure stages, and only those where something changed.
#[derive(Debug, Parser)]
#[command(
    name = "betterform",
    disable_version_flag = true,
    subcommand_required = false,
    arg_required_else_help = false,
    after_help = "A deployment finds its library by `IMPL_DIR`, or `impl_dir` in its betterform.toml.\n\n\
                  Exit codes: 0 done or nothing to do, 1 failed, 2 changes (`plan --detailed-exitcode`),\n\
                  64 wrong usage, 75 locked by another run, 130 and 143 interrupted."
)]
pub struct Cli {
    /// Print the version
    #[arg(long)]
    pub version: bool,
    /// What comes before or after the command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
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

/// As many of the options of every command as can be understood in a command line that is wrong.
pub fn understood(arguments: &[OsString]) -> Global {
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(arguments).ok();
    let global = matches.and_then(|matches| Global::from_arg_matches(&matches).ok());
    global.unwrap_or_default()
}
