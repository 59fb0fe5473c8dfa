//! Options of the commands that plan, run or stamp stages. Knows nothing of the stages that there are.

use clap::{Args, ValueEnum};

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
    /// How many stages to look at at once [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub jobs: Option<u32>,
}

/// Which stages.
#[derive(Args, Debug, Default)]
pub struct Selection {
    /// Stages, by name or glob, and what they depend on; of `down`, what depends on them
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
