//! Options of the commands that look at records, or change them without running anything. Knows nothing of what is recorded.

use clap::{Args, Subcommand, ValueEnum};

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
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Forget a stage; what it brought up stays
    Rm {
        /// The stage
        stage: String,
        /// Forget it although it is up
        #[arg(long)]
        force: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Say what became of a state that was found at another place
    Adopt(Adopt),
    /// Let a protected stage be taken down
    Unprotect {
        /// The stage
        stage: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Options of `state adopt`.
#[derive(Args, Debug)]
pub struct Adopt {
    /// What became of it.
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What became of a state that was found at another place: exactly one of these.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// This is a copy of a deployment: nothing is up here
    #[arg(long)]
    pub copy: bool,
    /// The deployment was moved here
    #[arg(long)]
    pub moved: bool,
}
